/* test_demangle.c - C++ and Rust names in pprof's degrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbolize/symbolize.h"

struct row {
	const char *mangled, *by_default, *templates, *full;
};

/* What pprof (2025, ianlancetaylor/demangle of April 2025) makes of the same names. */
static const struct row rows[] = {
	{ "main", "main", "main", "main" },
	{ "_Z4sinkPi", "sink", "sink", "sink(int*)" },
	{ "_ZN2ns1VIiEC1Ev", "ns::V::V", "ns::V<int>::V", "ns::V<int>::V()" },
	{ "_ZN2ns1VIiED2Ev", "ns::V::~V", "ns::V<int>::~V", "ns::V<int>::~V()" },
	{ "_ZN2ns1VIiE3putIlEEvT_", "ns::V::put", "ns::V<int>::put<long>",
	  "void ns::V<int>::put<long>(long)" },
	{ "_ZNK12_GLOBAL__N_14Anon2goEi", "(anonymous namespace)::Anon::go",
	  "(anonymous namespace)::Anon::go", "(anonymous namespace)::Anon::go(int) const" },
	{ "_ZNK12_GLOBAL__N_14Anon3tgoIdEET_S2_", "(anonymous namespace)::Anon::tgo",
	  "(anonymous namespace)::Anon::tgo<double>",
	  "double (anonymous namespace)::Anon::tgo<double>(double) const" },
	{ "_ZNK12_GLOBAL__N_14Anon3tgoIdEET_S2_.constprop.0.isra.0",
	  "(anonymous namespace)::Anon::tgo", "(anonymous namespace)::Anon::tgo<double>",
	  "double (anonymous namespace)::Anon::tgo<double>(double) const" },
	{ "_ZN2nsltERKNS_5OuterES2_", "ns::operator<", "ns::operator<",
	  "ns::operator<(ns::Outer const&, ns::Outer const&)" },
	{ "_ZN2nsltIiEEbRKNS_1VIT_EERKS2_", "ns::operator<", "ns::operator< <int>",
	  "bool ns::operator< <int>(ns::V<int> const&, int const&)" },
	{ "_ZNK2ns1VIiEltERKS1_", "ns::V::operator<", "ns::V<int>::operator<",
	  "ns::V<int>::operator<(ns::V<int> const&) const" },
	{ "_ZN2ns1VIiElsEi", "ns::V::operator<<", "ns::V<int>::operator<<",
	  "ns::V<int>::operator<<(int)" },
	{ "_ZN2nsrsERKNS_5OuterEi", "ns::operator>>", "ns::operator>>",
	  "ns::operator>>(ns::Outer const&, int)" },
	{ "_ZN2ns1VIiEptEv", "ns::V::operator->", "ns::V<int>::operator->",
	  "ns::V<int>::operator->()" },
	{ "_ZN2ns1VIiEixEi", "ns::V::operator[]", "ns::V<int>::operator[]",
	  "ns::V<int>::operator[](int)" },
	{ "_ZN2ns1VIiEclEii", "ns::V::operator()", "ns::V<int>::operator()",
	  "ns::V<int>::operator()(int, int)" },
	{ "_ZN2ns1VIiEnwEm", "ns::V::operator new", "ns::V<int>::operator new",
	  "ns::V<int>::operator new(unsigned long)" },
	{ "_ZNK2ns1VIiEcvbEv", "ns::V::operator bool", "ns::V<int>::operator bool",
	  "ns::V<int>::operator bool() const" },
	{ "_ZN2nsli3_kmEy", "ns::operator\"\" _km", "ns::operator\"\" _km",
	  "ns::operator\"\" _km(unsigned long long)" },
	{ "_ZN2ns6taggedB2v2Ei", "ns::tagged[abi:v2]", "ns::tagged[abi:v2]",
	  "ns::tagged[abi:v2](int)" },
	{ "_ZN2ns5fpretIiEEPFicET_", "ns::fpret", "ns::fpret<int>",
	  "int (*ns::fpret<int>(int))(char)" },
	{ "_ZN2ns8variadicIJicPFviEEEEiDpT_", "ns::variadic",
	  "ns::variadic<int, char, void (*)(int)>",
	  "int ns::variadic<int, char, void (*)(int)>(int, char, void (*)(int))" },
	{ "_ZN2ns6memptrIN12_GLOBAL__N_14AnonEEEvMT_KFicE", "ns::memptr",
	  "ns::memptr<(anonymous namespace)::Anon>",
	  "void ns::memptr<(anonymous namespace)::Anon>(int ((anonymous namespace)::Anon::*)(char) "
	  "const)" },
	{ "_ZN2ns4convISt8functionIFiiEEEET_S4_", "ns::conv", "ns::conv<std::function<int (int)> >",
	  "std::function<int (int)> ns::conv<std::function<int (int)> >(std::function<int "
	  "(int)>)" },
	{ "_ZNKSt8functionIFiiEEclEi", "std::function::operator()",
	  "std::function<int (int)>::operator()",
	  "std::function<int (int)>::operator()(int) const" },
	{ "_ZN2ns2enILNS_1EE0EEEvv", "ns::en", "ns::en<(ns::E)0>", "void ns::en<(ns::E)0>()" },
	{ "_ZN2ns7nontypeILi3ELb1EEEiv", "ns::nontype", "ns::nontype<3, true>",
	  "int ns::nontype<3, true>()" },
	{ "_ZN2ns3fnpIXadL_ZN12_GLOBAL__N_15afreeEiEEEEiv", "ns::fnp",
	  "ns::fnp<&(anonymous namespace)::afree>",
	  "int ns::fnp<&(anonymous namespace)::afree>()" },
	{ "_ZNO2ns5Outer5Inner1gEv", "ns::Outer::Inner::g", "ns::Outer::Inner::g",
	  "ns::Outer::Inner::g() &&" },
	{ "_ZZNVK2ns5Outer5Inner1fEiEN5Local3runEi",
	  "ns::Outer::Inner::f() const volatile::Local::run",
	  "ns::Outer::Inner::f() const volatile::Local::run",
	  "ns::Outer::Inner::f(int) const volatile::Local::run(int)" },
	{ "_ZZZN2ns5Outer1sEvENKUliE_clEiENKUliE_clEi",
	  "ns::Outer::s()::{lambda(int)#1}::operator()() const::{lambda(int)#1}::operator()",
	  "ns::Outer::s()::{lambda(int)#1}::operator()() const::{lambda(int)#1}::operator()",
	  "ns::Outer::s()::{lambda(int)#1}::operator()(int) "
	  "const::{lambda(int)#1}::operator()(int) const" },
	{ "_ZThn8_N2ns1D1wEv", "non-virtual thunk to ns::D::w()", "non-virtual thunk to ns::D::w()",
	  "non-virtual thunk to ns::D::w()" },
	{ "_ZSt7forwardIMN12_GLOBAL__N_14AnonEKFiiEEOT_RNSt16remove_referenceIS4_E4typeE",
	  "std::forward", "std::forward<int ((anonymous namespace)::Anon::*)(int) const>",
	  "int ((anonymous namespace)::Anon::*&&std::forward<int ((anonymous "
	  "namespace)::Anon::*)(int) const>"
	  "(std::remove_reference<int ((anonymous namespace)::Anon::*)(int) const>::type&))(int) "
	  "const" },
	{ "__Z4sinkPi", "sink", "sink", "sink(int*)" },
	{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad",
	  "core::fmt::Formatter::pad", "core::fmt::Formatter::pad" },
	/* pprof takes an underscore for a mark between the length and the name, and loses it. */
	{ "_ZN3std3sys9backtrace28__rust_begin_short_backtrace17h0123456789abcdefE",
	  "std::sys::backtrace::__rust_begin_short_backtrace",
	  "std::sys::backtrace::__rust_begin_short_backtrace",
	  "std::sys::backtrace::__rust_begin_short_backtrace" },
	{ "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
	  "<alloc::string::String as core::fmt::Debug>::fmt",
	  "<alloc::string::String as core::fmt::Debug>::fmt",
	  "<alloc::string::String as core::fmt::Debug>::fmt" },
};

static void names_agree_with_pprof_in_each_mode(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		assert_string_equal(demangle(r->mangled, DEMANGLE_DEFAULT), r->by_default);
		assert_string_equal(demangle(r->mangled, DEMANGLE_TEMPLATES), r->templates);
		assert_string_equal(demangle(r->mangled, DEMANGLE_FULL), r->full);
		assert_ptr_equal(demangle(r->mangled, DEMANGLE_NONE), r->mangled);
	}
}

static void what_is_not_mangled_stays_as_it_is(void **state)
{
	static const char *const names[] = {
		"",
		"_",
		"_Z",
		"__Z",
		"_Z\n",
		"_ZN",
		"_Znonsense",
		"printf@plt",
		"foo.constprop.0",
		"_ZN17hE",
		"_ZN9999999999999999999993abc17h0123456789abcdefE",
		"runtime.(*mheap).alloc",
		"operator<",
		"a<b",
		"f(",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int mode = DEMANGLE_DEFAULT; mode <= DEMANGLE_NONE; mode++)
			assert_string_equal(demangle(names[i], (enum demangle_mode)mode), names[i]);
}

static void the_same_name_is_demangled_once(void **state)
{
	char copy[] = "_ZN2ns1VIiE3putIlEEvT_";

	assert_ptr_equal(demangle("_ZN2ns1VIiE3putIlEEvT_", DEMANGLE_FULL),
			 demangle(copy, DEMANGLE_FULL));
}

static void deep_and_long_names_do_no_harm(void **state)
{
	static char s[40000];
	char *p = stpcpy(s, "_Z1f");

	memset(p, 'P', 9000);
	strcpy(p + 9000, "i");
	demangle(s, DEMANGLE_DEFAULT);
	p = s + 2;
	for (int i = 0; i < 3000; i++)
		p = stpcpy(p, "1fIXadL_Z");
	demangle(s, DEMANGLE_DEFAULT);
	memset(s + 2, 'N', sizeof(s) - 3);
	assert_ptr_equal(demangle(s, DEMANGLE_DEFAULT), s);
}

/* Each step names the step before twice: 60 steps would print 2^60 bytes. */
static void names_that_explode_stay_mangled(void **state)
{
	char s[2000], *p = stpcpy(s, "_Z1f1AIiiE");
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *plain;

	for (int i = 0; i < 30; i++)
		p += sprintf(p, "S_IS%c_S%c_E", digits[i], digits[i]);
	plain = demangle(s, DEMANGLE_DEFAULT);
	assert_string_equal(plain, s);
	s[sizeof("_Z1f1AIiiE") - 1 + 10 * 5] = 0;
	assert_string_equal(demangle(s, DEMANGLE_DEFAULT), "f");
}

/* The same with references to the 140th type and those after it. */
static void explosions_of_high_numbers_stay_mangled_too(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char s[2000], *p = stpcpy(s, "_Z1f1AIiiE");

	memset(p, 'P', 140);
	p = stpcpy(p + 140, "i");
	for (int i = 0; i < 30; i++) {
		int n = 140 + i; /* S3W_ is number 141 */
		char high = digits[n / 36], low = digits[n % 36];

		p += sprintf(p, "S_IS%c%c_S%c%c_E", high, low, high, low);
	}
	assert_string_equal(demangle(s, DEMANGLE_DEFAULT), s);
}

/* _Z2f71A1A1A...: f7(A, A, A, ...), longer than what is demangled in this process. */
static const char *long_name(char s[2000], int number)
{
	char *p = s + sprintf(s, "_Z%df%d", 1 + snprintf(NULL, 0, "%d", number), number);

	for (int i = 0; i < 800; i++)
		p = stpcpy(p, "1A");
	return s;
}

static bool is_demangled(int number)
{
	char s[2000], want[20];
	const char *plain = demangle(long_name(s, number), DEMANGLE_FULL);
	size_t n = (size_t)sprintf(want, "f%d(A, A, ", number);

	return strncmp(plain, want, n) == 0 && strlen(plain) == n + 797 * 3 + 2;
}

static void long_names_are_demangled_however_many_there_are(void **state)
{
	for (int i = 0; i < 300; i++)
		assert_true(is_demangled(i));
}

static void a_name_that_explodes_costs_no_other_name(void **state)
{
	char s[2000], *p = stpcpy(s, "_Z1g1AIiiE");

	for (int i = 0; i < 30; i++)
		p += sprintf(p, "S_IS%c_S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i],
			     "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
	assert_true(is_demangled(1000));
	assert_string_equal(demangle(s, DEMANGLE_DEFAULT), s);
	assert_true(is_demangled(1001));
}

static void after_a_fork_each_process_gets_its_own_names(void **state)
{
	int status = -1;
	pid_t pid;
	bool good = is_demangled(2000);

	pid = fork();
	for (int i = 0; i < 200; i++)
		good = good && is_demangled(pid ? 3000 + i : 4000 + i);
	if (pid == 0)
		_exit(!good);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(good);
}

/* name, system name, force, mode, and the name that pprof shows */
static void names_of_profiles_become_what_pprof_makes_of_them(void **state)
{
	static const struct {
		const char *name, *system_name;
		bool force;
		enum demangle_mode mode;
		const char *shown;
	} profile_rows[] = {
		{ "_Z4sinkPi", "_Z4sinkPi", false, DEMANGLE_DEFAULT, "sink" },
		{ "", "_Z4sinkPi", false, DEMANGLE_FULL, "sink(int*)" },
		{ "mine", "_Z4sinkPi", false, DEMANGLE_DEFAULT, "mine" },
		{ "mine", "_Z4sinkPi", true, DEMANGLE_DEFAULT, "sink" },
		{ "sink", "_Z4sinkPi", true, DEMANGLE_NONE, "_Z4sinkPi" },
		{ "_Z4sinkPi", "_Z4sinkPi", false, DEMANGLE_NONE, "_Z4sinkPi" },
		{ "a::b<int>(int)", "a::b<int>(int)", false, DEMANGLE_DEFAULT, "a::b" },
		{ "a::b<int>(int)", "a::b<int>(int)", false, DEMANGLE_TEMPLATES, "a::b<int>" },
		{ "a::b<int>(int)", "a::b<int>(int)", false, DEMANGLE_FULL, "a::b<int>(int)" },
		{ "(anonymous namespace)::f", "(anonymous namespace)::f", false, DEMANGLE_DEFAULT,
		  "::f" },
		{ "foo.(*Bar[...]).Method", "foo.(*Bar[...]).Method", false, DEMANGLE_DEFAULT,
		  "foo.(*Bar[...]).Method" },
		{ "java.<init>(x)", "java.<init>(x)", false, DEMANGLE_DEFAULT, "java.<init>(x)" },
		{ "a::operator>", "a::operator>", false, DEMANGLE_DEFAULT, "a::operator>" },
	};

	for (size_t i = 0; i < sizeof(profile_rows) / sizeof(profile_rows[0]); i++) {
		struct profile *p = profile_new();

		*VEC_PUSH(&p->functions) = (struct function){
			.id = 1,
			.name = profile_intern(p, profile_rows[i].name),
			.system_name = profile_intern(p, profile_rows[i].system_name),
		};
		symbolize_demangle(p, profile_rows[i].force, profile_rows[i].mode);
		assert_string_equal(profile_str(p, p->functions.v[0].name), profile_rows[i].shown);
		profile_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_agree_with_pprof_in_each_mode),
		cmocka_unit_test(what_is_not_mangled_stays_as_it_is),
		cmocka_unit_test(the_same_name_is_demangled_once),
		cmocka_unit_test(names_of_profiles_become_what_pprof_makes_of_them),
		cmocka_unit_test(names_that_explode_stay_mangled),
		cmocka_unit_test(explosions_of_high_numbers_stay_mangled_too),
		cmocka_unit_test(deep_and_long_names_do_no_harm),
		cmocka_unit_test(long_names_are_demangled_however_many_there_are),
		cmocka_unit_test(a_name_that_explodes_costs_no_other_name),
		cmocka_unit_test(after_a_fork_each_process_gets_its_own_names),
	};

	return cmocka_run_group_tests_name("demangle", tests, NULL, NULL);
}
