/* unwind.c - walk the frames of one interrupted thread by compiled unwind tables.
 *
 * Runs inside the handler: no call but to its own files.
 *
 * Each step finds the rule for an address and applies it.  Rules come, in this order, from the thread's cache, from the
 * table of the address's module (a page index, then a binary search), or, as long as there is no table, from the
 * frame information itself (cfi_entry.c), which takes some ten times as long.  Frame 0 is looked up by its own address,
 * callers by return address - 1 so that a call at the very end of a function stays in it; a frame interrupted by a
 * signal is again looked up by its own address.
 *
 * What it may read, and how: unwind_memory.h.
 */
#include "sampler/arch.h"
#include "sampler/cfi_program.h"
#include "sampler/unwind_walk.h"

/* ---- reading ---- */

bool walk_read_saved(struct walk *w, uintptr_t at, uintptr_t *value)
{
	if (!w->own_context || at - w->own_context >= ARCH_CONTEXT_BYTES)
		return walk_read(w, at, value);
	*value = *(const uintptr_t *)at;
	return true;
}

/* ---- finding rules ---- */

const struct module *module_find(const struct module_list *list, uintptr_t pc)
{
	uint32_t low = 0, high = list->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (pc < list->modules[mid].start)
			high = mid;
		else if (pc >= list->modules[mid].end)
			low = mid + 1;
		else
			return &list->modules[mid];
	}
	return NULL;
}

const struct rule *cfi_find(const struct cfi_table *t, uintptr_t relative)
{
	uint64_t at = relative - t->text_at;
	const uint16_t *row;
	uint32_t first, n;

	if (at >= t->text_bytes)
		return NULL;
	first = t->page[at / CFI_PAGE];
	n = t->page[at / CFI_PAGE + 1] - first;
	row = t->at + first;
	while (n > 0) { /* written so that it compiles to conditional moves */
		uint32_t half = n / 2;
		bool right = row[half] <= (uint16_t)at;

		row += right ? half + 1 : 0;
		n = right ? n - half - 1 : half;
	}
	/* The last row that begins at or before; the one before the page's first may reach into it. */
	return row > t->at ? &t->rules[t->rule[row - 1 - t->at]] : NULL;
}

/* The rule of an address in a module, by its table or without one; NULL = none. */
const struct rule *walk_rule(struct walk *w, const struct module *m, uintptr_t pc)
{
	const struct cfi_table *table;
	const struct cfi_source *source;
	const struct rule *rule = NULL;

	if (!m || !m->rules)
		return NULL;
	table = atomic_load_explicit(&m->rules->table, memory_order_acquire);
	if (table) {
		rule = cfi_find(table, pc - m->base);
	} else {
		source = atomic_load_explicit(&m->rules->source, memory_order_acquire);
		if (!atomic_exchange_explicit(&m->rules->wanted, true, memory_order_relaxed))
			w->out->wants_table = true;
		if (source && cfi_interpret(source, pc - m->base, &w->rule))
			rule = &w->rule;
	}
	return rule && rule->kind != RULE_NONE ? rule : NULL;
}

static struct unwind_cached *cache_entry(struct unwind_cache *cache, uintptr_t pc)
{
	_Static_assert(UNWIND_CACHE == 256, "8 bits of hash");
	return &cache->entries[(uint64_t)pc * 0x9e3779b97f4a7c15ULL >> 56];
}

static void start_cache(struct walk *w)
{
	struct unwind_cache *cache = w->cache;

	if (!cache || cache->generation == w->list->generation)
		return;
	for (unsigned i = 0; i < UNWIND_CACHE; i++)
		cache->entries[i].pc = 0;
	cache->generation = w->list->generation;
}

/* (The address of a leaf hardly comes back: it is not kept.) */
static void keep_in_cache(struct walk *w, uintptr_t pc, const struct rule *rule)
{
	struct unwind_cached *entry;

	if (!w->cache || !rule->is_plain)
		return;
	entry = cache_entry(w->cache, pc);
	entry->pc = pc;
	entry->rule = *rule;
}

/* ---- one step ---- */

/* The value of a register of the frame: those that are followed, or any of an interrupted frame. */
bool walk_register(struct walk *w, uint64_t reg, uintptr_t *value)
{
	uintptr_t at =
		reg == ARCH_REG_BX && w->bx_at ? w->bx_at : arch_register_at(w->regs.context, reg);

	return at && walk_read_saved(w, at, value);
}

static bool read_place(struct walk *w, enum place place, int offset, uintptr_t cfa,
		       uintptr_t *value)
{
	switch (place) {
	case PLACE_SAME:
		return true;
	case PLACE_CFA:
		return walk_read(w, cfa + (uintptr_t)(intptr_t)offset, value);
	case PLACE_BP:
		return walk_read(w, w->regs.bp + (uintptr_t)(intptr_t)offset, value);
	case PLACE_SP:
		return walk_read(w, w->regs.sp + (uintptr_t)(intptr_t)offset, value);
	case PLACE_POINTER:
		return walk_read(w, cfa + (uintptr_t)(intptr_t)offset, &cfa) &&
		       walk_read(w, cfa, value);
	case PLACE_REG:
		return walk_register(w, (uint64_t)offset, value);
	case PLACE_LOST:
		*value = 0;
		return true;
	}
	return false;
}

/* A bp that was saved at an address from bp itself lies in the frame, unless bp is the caller's again already: so are
 * the last instructions of a function that realigned its stack. */
static bool read_bp(struct walk *w, const struct rule *rule, uintptr_t cfa, uintptr_t *bp)
{
	uintptr_t at = w->regs.bp + (uintptr_t)(intptr_t)rule->bp_offset;

	if (rule->bp == PLACE_BP && rule->sp == PLACE_SAME && (at < w->regs.sp || at >= cfa))
		return true;
	return read_place(w, rule->bp, rule->bp_offset, cfa, bp);
}

static void follow_bx(struct walk *w, const struct rule *rule, uintptr_t cfa)
{
	if (rule->bx == PLACE_CFA)
		w->bx_at = cfa + (uintptr_t)(intptr_t)rule->bx_offset;
	else if (rule->bx == PLACE_BP)
		w->bx_at = w->regs.bp + (uintptr_t)(intptr_t)rule->bx_offset;
	else if (rule->bx == PLACE_SP)
		w->bx_at = w->regs.sp + (uintptr_t)(intptr_t)rule->bx_offset;
	else if (rule->bx != PLACE_POINTER ||
		 !walk_read(w, cfa + (uintptr_t)(intptr_t)rule->bx_offset, &w->bx_at))
		w->bx_at = rule->bx == PLACE_SAME ? w->bx_at : 0;
}

static bool is_frame(const struct walk *w, uintptr_t cfa)
{
	return cfa > w->regs.sp && cfa - w->regs.sp <= MAX_FRAME_BYTES;
}

static inline bool step_plain(struct walk *w, const struct rule *rule)
{
	uintptr_t cfa = (rule->kind == RULE_SP ? w->regs.sp : w->regs.bp) +
			(uintptr_t)(intptr_t)rule->cfa_offset;
	uintptr_t pc, bp = w->regs.bp;

	if (!is_frame(w, cfa) || !walk_read(w, cfa + (uintptr_t)(intptr_t)rule->ra_offset, &pc))
		return false;
	if (rule->bp == PLACE_CFA && !walk_read(w, cfa + (uintptr_t)(intptr_t)rule->bp_offset, &bp))
		return false;
	if (rule->bx == PLACE_CFA)
		w->bx_at = cfa + (uintptr_t)(intptr_t)rule->bx_offset;
	w->regs = (struct unwind_regs){ arch_code_address(pc), cfa, bp, 0 };
	return true;
}

/* Registers at the time of the signal, from the frame that the kernel pushed. */
bool walk_signal(struct walk *w)
{
	uintptr_t context = arch_signal_context(w->regs.sp), pc, sp, bp;

	if (!walk_read(w, arch_register_at(context, ARCH_REG_PC), &pc) ||
	    !walk_read(w, arch_register_at(context, ARCH_REG_SP), &sp) ||
	    !walk_read(w, arch_register_at(context, ARCH_REG_BP), &bp))
		return false;
	w->regs = (struct unwind_regs){ pc, sp, bp, context };
	w->bx_at = arch_register_at(context, ARCH_REG_BX);
	w->old_context = context;
	unwind_memory_enter(&w->memory, sp, false);
	return true;
}

/* The CFA when the rule's register has this value. */
static bool cfa_by_register(struct walk *w, const struct rule *rule, uintptr_t value,
			    uintptr_t *cfa)
{
	uintptr_t offset = (uintptr_t)(intptr_t)rule->cfa_offset;

	*cfa = value + offset;
	if (rule->kind == RULE_REG)
		return true;
	if (!walk_read(w, w->regs.sp + offset + 8 * value, cfa))
		return false;
	*cfa += (uintptr_t)(intptr_t)rule->cfa_addend;
	return true;
}

/* A register that calls do not preserve: only code written by hand counts on it while it calls, and what it calls so
 * leaves it alone.  It is believed where it leads to a return address. */
static bool find_cfa_by_register(struct walk *w, const struct rule *rule, uintptr_t *cfa)
{
	uintptr_t at, value, pc;

	if (walk_register(w, rule->reg, &value))
		return cfa_by_register(w, rule, value, cfa);
	at = arch_register_at(w->old_context, rule->reg);
	if (!at || !walk_read_saved(w, at, &value) || !cfa_by_register(w, rule, value, cfa) ||
	    rule->ra != PLACE_CFA || !is_frame(w, *cfa) ||
	    !walk_read(w, *cfa + (uintptr_t)(intptr_t)rule->ra_offset, &pc) ||
	    !walk_is_return_address(w, pc))
		return false;
	w->out->guessed++;
	return true;
}

static bool find_cfa(struct walk *w, const struct rule *rule, uintptr_t *cfa)
{
	uintptr_t offset = (uintptr_t)(intptr_t)rule->cfa_offset;

	switch ((enum rule_kind)rule->kind) {
	case RULE_SP:
		*cfa = w->regs.sp + offset;
		return true;
	case RULE_BP:
		*cfa = w->regs.bp + offset;
		return true;
	case RULE_REG:
	case RULE_DEREF_INDEX:
		return find_cfa_by_register(w, rule, cfa);
	case RULE_DEREF_SP:
	case RULE_DEREF_BP:
		if (!walk_read(w, (rule->kind == RULE_DEREF_SP ? w->regs.sp : w->regs.bp) + offset,
			       cfa))
			return false;
		*cfa += (uintptr_t)(intptr_t)rule->cfa_addend;
		return true;
	case RULE_PLT:
		*cfa = w->regs.sp + 8 + ((intptr_t)(w->regs.pc & 15) >= rule->cfa_offset ? 8 : 0);
		return true;
	case RULE_NONE:
	case RULE_END:
	case RULE_SIGNAL:
		break;
	}
	return false;
}

/* Any rule.  Where it names the new stack pointer apart from the CFA, another stack may follow: setcontext(), longjmp(),
 * the unwinder of C++ just before it enters a handler.  A frame whose return address is in a register may take no
 * room. */
__attribute__((noinline)) static bool step_rule(struct walk *w, const struct rule *rule)
{
	uintptr_t cfa, sp, pc = 0, bp = w->regs.bp;
	bool in_register = rule->ra == PLACE_SAME || rule->ra == PLACE_REG;

	if (rule->kind == RULE_SIGNAL)
		return walk_signal(w);
	if (!find_cfa(w, rule, &cfa))
		return false;
	sp = cfa;
	if (rule->sp == PLACE_SAME && !is_frame(w, cfa) && !(in_register && cfa == w->regs.sp))
		return false;
	if (rule->ra == PLACE_SAME ? !walk_register(w, ARCH_REG_RA, &pc)
				   : !read_place(w, rule->ra, rule->ra_offset, cfa, &pc))
		return false;
	if (!read_place(w, rule->sp, rule->sp_offset, cfa, &sp) || !read_bp(w, rule, cfa, &bp))
		return false;
	follow_bx(w, rule, cfa);
	w->regs = (struct unwind_regs){ arch_code_address(pc), sp, bp, 0 };
	if (rule->sp != PLACE_SAME)
		unwind_memory_enter(&w->memory, sp, false);
	return true;
}

/* ---- the walk ---- */

bool walk_by_rule(struct walk *w, const struct rule *rule)
{
	return rule->is_plain ? step_plain(w, rule) : step_rule(w, rule);
}

/* An address that the cache does not know; true when the walk has ended here. */
__attribute__((noinline)) static bool step_uncached(struct walk *w, uint64_t *pcs, bool *is_return)
{
	uintptr_t pc = w->regs.pc - (*is_return ? 1 : 0);
	const struct module *m;
	const struct rule *rule;

	if (*is_return && w->regs.pc == w->list->context_entry) {
		walk_put(w, pcs, w->regs.pc);
		return walk_ends(w, END_ENTRY);
	}
	m = module_find(w->list, pc);
	rule = walk_rule(w, m, pc);
	if (!rule)
		return walk_without_rule(w, m, is_return, pcs);
	if (rule->kind != RULE_SIGNAL)
		walk_put(w, pcs, pc);
	if (rule->kind == RULE_END)
		return walk_ends(w, END_ENTRY);
	if (*is_return)
		keep_in_cache(w, pc, rule);
	*is_return = rule->kind != RULE_SIGNAL && !rule->is_exact;
	return !walk_by_rule(w, rule) && walk_ends(w, END_BAD_READ);
}

/* True when the walk has ended. */
static inline bool step(struct walk *w, uint64_t *pcs, bool *is_return)
{
	uintptr_t pc = w->regs.pc - 1;
	const struct unwind_cached *entry;

	if (*is_return && w->cache) {
		entry = cache_entry(w->cache, pc);
		if (entry->pc == pc) {
			walk_put(w, pcs, pc);
			return !step_plain(w, &entry->rule) && walk_ends(w, END_BAD_READ);
		}
	}
	if (*is_return && w->regs.pc == 0)
		return walk_ends(w, END_ENTRY);
	return step_uncached(w, pcs, is_return);
}

struct unwind_regs unwind_regs_of(const void *ucontext)
{
	uintptr_t context = arch_context((uintptr_t)ucontext);

	return (struct unwind_regs){
		.pc = *(const uintptr_t *)arch_register_at(context, ARCH_REG_PC),
		.sp = *(const uintptr_t *)arch_register_at(context, ARCH_REG_SP),
		.bp = *(const uintptr_t *)arch_register_at(context, ARCH_REG_BP),
		.context = context,
	};
}

void unwind(const struct module_list *list, struct unwind_regs regs,
	    const struct stack_bounds *bounds, struct unwind_cache *cache, uint64_t *pcs,
	    uint32_t max, struct unwind_result *out)
{
	struct walk w;
	bool is_return = false;

	w.list = list;
	w.cache = cache;
	w.out = out;
	w.after_call = w.linked = w.left_at = 0;
	w.regs = regs;
	w.bx_at = arch_register_at(regs.context, ARCH_REG_BX);
	w.own_context = w.old_context = regs.context;
	*out = (struct unwind_result){ .n = 0 };
	start_cache(&w);
	unwind_memory_open(&w.memory, bounds);
	unwind_memory_enter(&w.memory, regs.sp, true);
	for (uint32_t steps = 0; out->n < max && steps < 2 * SPOOL_MAX_FRAMES; steps++)
		if (step(&w, pcs, &is_return))
			return;
	out->end = END_DEPTH;
}
