/* throws.cc - throw and catch through frames with destructors, for so many seconds of CPU time: bench/completeness. */
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>

struct Held {
	std::string text;
	explicit Held(int n) : text((size_t)n + 20, 'x')
	{
	}
	~Held()
	{
		asm volatile("" ::"r"(text.data()) : "memory");
	}
};

__attribute__((noinline)) static long thrower(int depth)
{
	Held held(depth);
	if (depth == 0)
		throw std::runtime_error("thrown");
	long r = thrower(depth - 1);
	return r + (long)held.text.size();
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 2;
	clock_t end = clock() + (clock_t)(seconds * CLOCKS_PER_SEC);
	long n = 0;

	while (clock() < end) {
		try {
			n += thrower((int)(n % 20));
		} catch (const std::exception &) {
			n++;
		}
	}
	printf("%ld thrown\n", n);
	return 0;
}
