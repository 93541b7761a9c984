/* unwind_walk.h - the state of one walk, for the files that take its steps.  All of it async-signal-safe. */
#ifndef SONDE_SAMPLER_UNWIND_WALK_H
#define SONDE_SAMPLER_UNWIND_WALK_H

#include "sampler/unwind.h"
#include "sampler/unwind_memory.h"

enum { MAX_FRAME_BYTES = 64 << 20 };

struct walk {
	const struct module_list *list;
	struct unwind_cache *cache; /* NULL = none */
	uintptr_t own_context;	    /* of the handler's argument */
	struct unwind_result *out;
	struct unwind_memory memory;
	uintptr_t after_call; /* a return address that has been looked at */
	struct unwind_regs regs;
	uintptr_t
		linked; /* the frame pointers up to here lead to a return address that a call made */
	uintptr_t
		left_at; /* where on the thread's own stack it was left for another; 0 = nowhere */
	uintptr_t bx_at; /* where the frame's bx is; 0 = nowhere */
	uintptr_t
		old_context; /* of the interrupted frame that the walk came from: its registers may still be the same */
	struct rule rule; /* room for one that is in no table */
};

static inline bool walk_read(struct walk *w, uintptr_t at, uintptr_t *value)
{
	return unwind_memory_word(&w->memory, at, value);
}

static inline void walk_put(struct walk *w, uint64_t *pcs, uintptr_t pc)
{
	if (pc < w->list->skip_low || pc >= w->list->skip_high)
		pcs[w->out->n++] = pc;
}

static inline bool walk_ends(struct walk *w, enum stack_end end)
{
	w->out->end = end;
	return true;
}

/* The rule of an address in a module, by its table or without one; NULL = none. */
const struct rule *walk_rule(struct walk *w, const struct module *m, uintptr_t pc);

/* A register that was saved at an address: in the handler's own argument, or on the stack. */
bool walk_read_saved(struct walk *w, uintptr_t at, uintptr_t *value);

/* A step by any rule; false when it leads nowhere. */
bool walk_by_rule(struct walk *w, const struct rule *rule);

/* The value of a register of the frame: those that are followed, or any of an interrupted frame. */
bool walk_register(struct walk *w, uint64_t reg, uintptr_t *value);

/* Registers at the time of the signal, from the frame that the kernel pushed. */
bool walk_signal(struct walk *w);

/* unwind_guess.c: a step from an address that has no rule; true when the walk has ended. */
bool walk_without_rule(struct walk *w, const struct module *m, bool *is_return, uint64_t *pcs);

/* unwind_code.c: a step to where code that has no rule returns to, by what its instructions do to the stack. */
bool walk_by_code(struct walk *w);

/* Does a call end here?  (A library may have been closed since the list was made, and code be made by the program.) */
bool walk_is_return_address(struct walk *w, uintptr_t pc);

#endif
