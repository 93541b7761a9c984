/* thread_records.c - the records of threads: taken, found, given back and used again. */
#include "sampler/thread_records.h"
#include "sampler/kept.h"
#include "sampler/thread_table.h"

#include <pthread.h>
#include <sys/mman.h>

struct thread_records thread_records;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void threads_lock(void)
{
	pthread_mutex_lock(&lock);
}

bool threads_trylock(void)
{
	return pthread_mutex_trylock(&lock) == 0;
}

void threads_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct thread *thread_record_at(unsigned i)
{
	return &thread_table.chunks[i / CHUNK_THREADS]->threads[i % CHUNK_THREADS];
}

static bool add_chunk(void)
{
	unsigned n = atomic_load(&thread_table.n);
	struct thread_chunk *c;

	if (n == MAX_CHUNKS)
		return false;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return false;
	thread_table.chunks[n] = c;
	atomic_store_explicit(&thread_table.n, n + 1, memory_order_release);
	return true;
}

static struct thread *unused_record(void)
{
	if (thread_records.n_used == atomic_load(&thread_table.n) * CHUNK_THREADS && !add_chunk())
		return NULL;
	return thread_record_at(thread_records.n_used++);
}

struct thread *thread_record_take(void)
{
	struct thread *t = thread_records.free_list;

	if (t)
		thread_records.free_list = t->next_free;
	else if (!(t = unused_record()))
		return NULL;
	t->is_found = t->has_timer = false;
	t->stack = (struct stack_bounds){ 0, 0 };
	t->labels = NULL;
	t->inherited = NULL;
	t->stack_bytes = 0;
	t->start = NULL;
	t->since_birth = t->lacks_engine = t->is_cloned = false;
	t->since_ns = 0;
	t->ended_ns = 0;
	t->context_seq = UINT32_MAX;
	return t;
}

void thread_record_give_back(struct thread *t)
{
	engine_disarm(t);
	if (t->tid)
		thread_records.n_running--;
	thread_records.n_cloned -= t->is_cloned;
	t->is_cloned = false;
	t->tid = 0;
	t->next_free = thread_records.free_list;
	thread_records.free_list = t;
}

struct thread *threads_new(void)
{
	struct thread *t;

	threads_lock();
	t = thread_record_take();
	threads_unlock();
	return t;
}

void threads_release(struct thread *t)
{
	threads_lock();
	thread_record_give_back(t);
	threads_unlock();
}

struct thread *thread_record_find(pid_t tid)
{
	FOR_EACH_THREAD(t)
	if (t->tid == tid)
		return t;
	return NULL;
}

void thread_record_place(struct thread *t, pid_t tid)
{
	t->tid = tid;
	thread_records.n_running++;
}

void threads_forget_samples(void)
{
	threads_lock();
	FOR_EACH_THREAD(t)
	kept_forget(t);
	threads_unlock();
}

bool threads_quiet(void)
{
	FOR_EACH_THREAD(t)
	if (atomic_load(&t->busy))
		return false;
	return true;
}
