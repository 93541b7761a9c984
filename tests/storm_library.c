/* storm_library.c - what storm.cc opens and closes. */
unsigned storm_work(unsigned n);

static unsigned step(unsigned h, unsigned i)
{
	return (h ^ i) * 16777619u;
}

unsigned storm_work(unsigned n)
{
	unsigned h = 2166136261u;

	for (unsigned i = 0; i < n * 100; i++)
		h = step(h, i);
	return h | 2;
}
