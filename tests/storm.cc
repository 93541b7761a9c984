/* storm.cc - a program that does at once what breaks profilers: thread churn, dlopen and dlclose, exceptions, fork,
 * exec, vfork, small and alternate stacks, coroutines, blocked and interrupted system calls, raw clone.
 *
 *	storm SECONDS LIBRARY [THREADS [PROFILE HZ]]      ends with 0 and "storm: ok" when every part did what it must
 *
 * With THREADS (10 and more) the parts are run by so many threads, and how often each did its work is told.  With
 * PROFILE the program, built with STORM_SAMPLES_ITSELF, samples itself (the sanitizers' builds are not preloaded).
 *
 * Nothing in it depends on how fast the machine is: what must be over is waited for.  (Whether sleeps are interrupted
 * is another test's matter; here that is counted only.)
 */
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>
#ifdef STORM_SAMPLES_ITSELF
#include "sampler/sonde.h"
#endif

static std::atomic<bool> stop;
static std::atomic<long> failures, interrupted;
static std::atomic<long> thrown, opened, created, small, forked, executed, slept, switched, raised, cloned, allocated;
static const char *library;

static void expect(bool ok, const char *what)
{
	if (!ok && failures++ < 10)
		fprintf(stderr, "storm: failed: %s (errno %d)\n", what, errno);
}

static std::atomic<unsigned> sink;
__attribute__((noinline)) static void spin(int n)
{
	for (int i = 0; i < n; i++)
		sink.store(sink.load(std::memory_order_relaxed) + (unsigned)i, std::memory_order_relaxed);
}

__attribute__((noinline)) static void thrower(int depth)
{
	std::string held(depth + 20, 'x');
	if (depth == 0)
		throw std::runtime_error("storm");
	thrower(depth - 1);
	spin((int)held.size());
}

static void *exceptions(void *)
{
	while (!stop) {
		bool caught = false;
		try {
			thrower(20);
		} catch (const std::runtime_error &) {
			caught = true;
		}
		expect(caught, "an exception is caught");
		thrown++;
	}
	return nullptr;
}

static void *libraries(void *)
{
	while (!stop) {
		void *lib = dlopen(library, RTLD_NOW);
		expect(lib != nullptr, "dlopen");
		if (!lib)
			break;
		auto work = (unsigned (*)(unsigned))dlsym(lib, "storm_work");
		expect(work && work(2000) != 1, "a function of the library");
		dlclose(lib);
		opened++;
	}
	return nullptr;
}

static void *short_thread(void *arg)
{
	spin(20000);
	return arg;
}

static void *churn(void *)
{
	while (!stop) {
		pthread_t t[4];
		for (auto &x : t)
			expect(pthread_create(&x, nullptr, short_thread, (void *)&t) == 0, "pthread_create");
		for (auto &x : t) {
			void *result = nullptr;
			expect(pthread_join(x, &result) == 0 && result == (void *)&t, "pthread_join");
			created++;
		}
	}
	return nullptr;
}

static void *exiting_thread(void *)
{
	spin(5000);
	pthread_exit((void *)7);
}

static void *small_stacks(void *)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 2 * (size_t)std::max(16384L, sysconf(_SC_THREAD_STACK_MIN)));
	while (!stop) {
		pthread_t t;
		void *result = nullptr;
		expect(pthread_create(&t, &attr, exiting_thread, nullptr) == 0, "a thread with a small stack");
		expect(pthread_join(t, &result) == 0 && result == (void *)7, "pthread_exit");
		small++;
	}
	return nullptr;
}

static void *forks(void *)
{
	while (!stop) {
		int status = 0;
		pid_t pid;
#ifndef STORM_SAMPLES_ITSELF /* (what runs in a child of threads waits for ever for the sanitizer's allocator) */
		pid = fork();
		if (pid == 0) {
			spin(2000000);
			_exit(42);
		}
		expect(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 42,
		       "fork and _exit");
		pid = vfork();
		if (pid == 0)
			_exit(43);
		expect(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 43,
		       "vfork and _exit");
		forked += 2;
#endif
		char *argv[] = { (char *)"true", nullptr };
		expect(posix_spawnp(&pid, "true", nullptr, nullptr, argv, environ) == 0 &&
			       waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
		       "posix_spawn");
		executed++;
	}
	return nullptr;
}

static void *reads(void *)
{
	int fd[2];
	char c = 0;
	expect(pipe(fd) == 0, "pipe");
	while (!stop) {
		for (int i = 0; i < 200; i++) {
			errno = 0;
			expect(write(fd[1], "x", 1) == 1 && read(fd[0], &c, 1) == 1 && c == 'x', "read and write");
		}
		spin(3000);
		errno = 1234;
		spin(100000);
		expect(errno == 1234, "errno stays");
		struct timespec pause = { 0, 200000 };
		if (nanosleep(&pause, nullptr)) {
			expect(errno == EINTR, "nanosleep");
			interrupted++;
		}
		slept++;
	}
	return nullptr;
}

static thread_local ucontext_t main_context, other_context;
static void coroutine()
{
	while (true) {
		spin(10000);
		swapcontext(&other_context, &main_context);
	}
}

static void *coroutines(void *)
{
	size_t bytes = 64 * 1024;
	char *guarded = (char *)mmap(nullptr, bytes + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(guarded + 4096, bytes, PROT_READ | PROT_WRITE);
	getcontext(&other_context);
	other_context.uc_stack.ss_sp = guarded + 4096;
	other_context.uc_stack.ss_size = bytes;
	other_context.uc_link = nullptr;
	makecontext(&other_context, coroutine, 0);
	while (!stop)
		for (int i = 0; i < 50; i++, switched++)
			swapcontext(&main_context, &other_context);
	return nullptr;
}

static void on_usr1(int)
{
	spin(3000);
}

static void *alternate_stacks(void *)
{
	stack_t alternate = {};
	std::vector<char> memory(4 * (size_t)std::max(8192L, sysconf(_SC_SIGSTKSZ)));
	alternate.ss_sp = memory.data();
	alternate.ss_size = memory.size();
	sigaltstack(&alternate, nullptr);
	while (!stop) {
		expect(raise(SIGUSR1) == 0, "raise");
		raised++;
		spin(1000);
	}
	alternate.ss_flags = SS_DISABLE;
	sigaltstack(&alternate, nullptr);
	return nullptr;
}

static int raw_thread(void *)
{
	for (int i = 0; i < 2000; i++)
		for (volatile int k = 0; k < 1000; k = k + 1)
			;
	return 0;
}

/* The kernel clears the word when the thread has left its stack: only then another may have it. */
static void *raw_clones(void *)
{
	size_t bytes = 65536;
	char *memory = (char *)mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	std::atomic<pid_t> running{ 0 };
	while (!stop) {
		int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
		bool ok = clone(raw_thread, memory + bytes, flags, nullptr, &running, nullptr, &running) > 0;
		expect(ok, "clone");
		while (ok && running)
			sched_yield();
		cloned++;
	}
	return nullptr;
}

static void *allocations(void *)
{
	std::vector<char *> held(64);
	unsigned random = 1;
	while (!stop) {
		random = random * 1103515245 + 12345;
		char *&one = held[random >> 26];
		size_t bytes = 1 + (random >> 8) % (random >> 30 ? 300 : 300000);
		one = (char *)realloc(one, bytes);
		expect(one != nullptr, "realloc");
		one[0] = one[bytes - 1] = 1;
		allocated++;
	}
	for (char *one : held)
		free(one);
	return nullptr;
}

static void tell(double seconds, long threads)
{
	const struct {
		const char *what;
		const std::atomic<long> &n;
	} counts[] = { { "exceptions", thrown },     { "dlopens", opened },	{ "threads created", created },
		       { "small stacks", small },    { "forks", forked },	{ "execs", executed },
		       { "sleeps", slept },	     { "switches", switched },	{ "signals", raised },
		       { "raw clones", cloned },     { "mallocs", allocated } };
	printf("storm: %ld threads\n", threads);
	for (auto &c : counts)
		printf("storm: %.0f %s a second\n", (double)c.n / seconds, c.what);
	printf("storm: %ld sleeps interrupted\n", interrupted.load());
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 2;
	library = argc > 2 ? argv[2] : "./storm_library.so";
	struct sigaction action = {};
	action.sa_handler = on_usr1;
	action.sa_flags = SA_ONSTACK | SA_RESTART;
	sigaction(SIGUSR1, &action, nullptr);
	std::vector<void *(*)(void *)> parts = { exceptions, libraries, churn, small_stacks, forks, reads,
						 exceptions, coroutines, alternate_stacks, raw_clones };
	size_t n_threads = argc > 3 ? (size_t)atoi(argv[3]) : parts.size();
	if (argc > 3)
		parts.push_back(allocations);
#ifdef STORM_SAMPLES_ITSELF
	/* A sanitizer does not know of threads that it did not make, nor of stacks. */
	std::replace(parts.begin(), parts.end(), raw_clones, allocations);
	std::replace(parts.begin(), parts.end(), coroutines, reads);
	struct sonde_options options = { argc > 5 ? (unsigned)atoi(argv[5]) : 100, 0 };
	expect(sonde_start(&options) == 0, "sonde_start");
#endif
	std::vector<pthread_t> threads;
	for (size_t i = 0; i < n_threads; i++) {
		pthread_t t;
		bool ok = pthread_create(&t, nullptr, parts[i % parts.size()], nullptr) == 0;
		expect(ok, "pthread_create");
		if (ok)
			threads.push_back(t);
	}
	struct timespec begin, now;
	double passed;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		spin(1000000);
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = (double)(now.tv_sec - begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - begin.tv_nsec);
	} while (passed < seconds);
	stop = true;
	for (auto t : threads)
		pthread_join(t, nullptr);
#ifdef STORM_SAMPLES_ITSELF
	expect(sonde_stop() == 0, "sonde_stop");
	expect(sonde_write_file(argv[4]) == 0, "sonde_write_file");
#endif
	if (argc > 3)
		tell(passed, (long)threads.size());
	printf("storm: %s\n", failures ? "failed" : "ok");
	return failures ? 1 : 0;
}
