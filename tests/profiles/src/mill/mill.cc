// mill is the program behind mill_cpu*.pb.gz, which sonde recorded: threads, templates, inlined and recursive calls.
//
//	g++ -O2 -g -pthread -ffile-prefix-map=$PWD=mill -o mill mill.cc && sonde record -F 1000 -o mill_cpu.pb.gz -- ./mill
#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace mill {

static inline uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static inline uint32_t stir(uint32_t v)
{
	for (int i = 0; i < 8; i++)
		v = rotate(v * 0x9e3779b1u, 13) ^ v;
	return v;
}

template <typename T> struct Sieve {
	std::vector<T> left;

	__attribute__((noinline)) void pour(unsigned n)
	{
		for (unsigned i = 0; i < n; i++)
			left.push_back(stir(i));
	}

	__attribute__((noinline)) T shake()
	{
		std::sort(left.begin(), left.end());
		return left[left.size() / 2];
	}
};

__attribute__((noinline)) static unsigned grind(unsigned depth)
{
	volatile uint32_t sum = depth;

	for (int i = 0; i < 300; i++)
		sum = stir(sum);
	return depth ? grind(depth - 1) + sum % 2 : sum;
}

struct Worker {
	std::string name;

	__attribute__((noinline)) unsigned run(unsigned rounds)
	{
		unsigned total = 0;

		for (unsigned i = 0; i < rounds; i++) {
			Sieve<uint32_t> coarse;
			Sieve<uint64_t> fine;

			coarse.pour(2000);
			fine.pour(500);
			total += coarse.shake() + (unsigned)fine.shake() + grind(20 + i % 5);
		}
		return total;
	}
};

} // namespace mill

int main()
{
	std::vector<std::thread> threads;
	unsigned results[3] = {};

	for (unsigned i = 0; i < 3; i++)
		threads.emplace_back([i, &results] {
			mill::Worker worker{ "worker " + std::to_string(i) };

			results[i] = worker.run(900 * (i + 1));
		});
	for (auto &thread : threads)
		thread.join();
	return results[0] == 42;
}
