// shapes.cc - C++ to be profiled: a namespace, a template, a virtual call, exceptions thrown and caught all along.
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace shapes {

struct shape {
	virtual ~shape() = default;
	virtual double area(int n) const = 0;
};

template <typename T> struct square : shape {
	T side;
	explicit square(T s) : side(s) {}
	__attribute__((noinline)) double area(int n) const override
	{
		volatile double sum = 0;
		for (int i = 0; i < n; i++)
			sum = sum + static_cast<double>(side) * side;
		return sum;
	}
};

__attribute__((noinline)) void throw_and_catch(int n)
{
	try {
		if (n >= 0)
			throw std::runtime_error("as planned");
	} catch (const std::exception &) {
	}
}

} // namespace shapes

int main()
{
	shapes::square<int> s(3);
	const shapes::shape &any = s;

	while (clock() < CLOCKS_PER_SEC * 3 / 10) {
		any.area(100000);
		for (int i = 0; i < 20; i++)
			shapes::throw_and_catch(i);
	}
	puts("done");
	return 0;
}
