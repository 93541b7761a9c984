/* test_demangle_rust.c - names of rustc, the newer ones (v0).
 *
 * The names come from programs that rustc 1.95 compiled with -C symbol-mangling-version=v0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "symbolize/demangle_rust.h"
#include "symbolize/symbolize.h"

struct row {
	const char *mangled, *by_default, *full; /* templates is full */
};

static void expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		assert_string_equal(demangle(r->mangled, DEMANGLE_DEFAULT), r->by_default);
		assert_string_equal(demangle(r->mangled, DEMANGLE_TEMPLATES), r->full);
		assert_string_equal(demangle(r->mangled, DEMANGLE_FULL), r->full);
		assert_ptr_equal(demangle(r->mangled, DEMANGLE_NONE), r->mangled);
	}
}

/* Both pprof and llvm-cxxfilt 14 make the same of them (the latter keeps .llvm.123). */
static const struct row common[] = {
	{ "_RNCINvNtCsjrHSEGnQ3l9_3std2rt10lang_startuE0Cs6xxl1lAjzDf_1a",
	  "std::rt::lang_start::<>::{closure#0}", "std::rt::lang_start::<()>::{closure#0}" },
	{ "_RNSNvYNCINvNtNtCsjrHSEGnQ3l9_3std6thread9lifecycle15spawn_uncheckedNCNvCs6xxl1lAjzDf_"
	  "1a4main0jEs_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceuE9call_once6vtableB17_",
	  "<std::thread::lifecycle::spawn_unchecked<>::{closure#1} as "
	  "core::ops::function::FnOnce<>>::call_once::{shim:vtable#0}",
	  "<std::thread::lifecycle::spawn_unchecked<a::main::{closure#0}, usize>::{closure#1} as "
	  "core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}" },
	{ "_RNvCs6xxl1lAjzDf_1a4main", "a::main", "a::main" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderARej7_E4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<[&str; 7]>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderDG0_INtNtNtCsgEmfK2I1SDS_4core3ops8function2FnTRL1_"
	  "eRL0_DNtB2_5Shapep3OutRhEL0_EEp6OutputINtNtCslNYArtu3iFV_5alloc5boxed3BoxDNtNtBG_"
	  "6marker4SendEL1_ENtB2y_4SyncEL_E4holdB2_",
	  "<a::Holder<>>::hold",
	  "<a::Holder<dyn for<'a, 'b> core::ops::function::Fn<(&'a str, &'b dyn a::Shape<Out = "
	  "&u8> + 'b), Output = alloc::boxed::Box<dyn core::marker::Send + 'a>> + "
	  "core::marker::Sync>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderDNtNtNtNtCsgEmfK2I1SDS_"
	  "4core4iter6traits8iterator8Iteratorp4ItemThENtNtBE_6marker4SendEL_E4holdB2_",
	  "<a::Holder<>>::hold",
	  "<a::Holder<dyn core::iter::traits::iterator::Iterator<Item = (u8,)> + "
	  "core::marker::Send>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderFG0_RL1_hQL0_StERL1_hE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<for<'a, 'b> fn(&'a u8, &'b mut [u16]) -> &'a u8>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderFG_hRL0_eEbE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<for<'a> fn(u8, &'a str) -> bool>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderFK6systemOhEzE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<extern \"system\" fn(*mut u8) -> !>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderFK8C_unwindEuE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<extern \"C-unwind\" fn()>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderFUKCPhvEuE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<unsafe extern \"C\" fn(*const u8, ...)>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderQuE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<&mut ()>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderShE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<[u8]>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderTaslxnihtmyojfdbcueEE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, "
	  "bool, char, (), str)>>::hold" },
	{ "_RNvMCs6xxl1lAjzDf_1aINtB2_6HolderhE4holdB2_", "<a::Holder<>>::hold",
	  "<a::Holder<u8>>::hold" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKl0_Kb0_Kce9_E1nB5_", "<a::N<>>::n",
	  "<a::N<0, false, '\\u{e9}'>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKl7fffffff_Kb0_Kc27_E1nB5_", "<a::N<>>::n",
	  "<a::N<2147483647, false, '\\''>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKln1_Kb0_Kc10ffff_E1nB5_", "<a::N<>>::n",
	  "<a::N<-1, false, '\\u{10ffff}'>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKln1_Kb0_Kc22_E1nB5_", "<a::N<>>::n",
	  "<a::N<-1, false, '\"'>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKln1_Kb0_Kc5c_E1nB5_", "<a::N<>>::n",
	  "<a::N<-1, false, '\\\\'>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKln1_Kb0_Kca_E1nB5_", "<a::N<>>::n",
	  "<a::N<-1, false, '\\n'>>::n" },
	{ "_RNvMs1_Cs6xxl1lAjzDf_1aINtB5_1NKln2a_Kb1_Kc78_E1nB5_", "<a::N<>>::n",
	  "<a::N<-42, true, 'x'>>::n" },
	{ "_RNvMs2_Cs6xxl1lAjzDf_1aINtB5_3BigKoffffffffffffffffffffffffffffffff_Knn3_E1nB5_",
	  "<a::Big<>>::n", "<a::Big<0xffffffffffffffffffffffffffffffff, -3>>::n" },
	{ "_RNvNtCs6xxl1lAjzDf_1au9gre_6ka8iu12__delta_oxeij", "a::größe::αβγ_delta",
	  "a::größe::αβγ_delta" },
	{ "_RNvNtCs6xxl1lAjzDf_1au9gre_6ka8iu3tda", "a::größe::ü", "a::größe::ü" },
	{ "_RNvNtNtCs6xxl1lAjzDf_1au9gre_6ka8iu7p8s937bu10__x_5t7du0c", "a::größe::漢字::日本_x",
	  "a::größe::漢字::日本_x" },
	{ "_RNvNtNtCsfEOYDRpO4Ta_11miniz_oxide7inflate4core11apply_match",
	  "miniz_oxide::inflate::core::apply_match", "miniz_oxide::inflate::core::apply_match" },
	{ "_RNvXNvCs6xxl1lAjzDf_1a4mainNtB2_5LocalNtNtNtCsgEmfK2I1SDS_4core3ops4drop4Drop4drop",
	  "<a::main::Local as core::ops::drop::Drop>::drop",
	  "<a::main::Local as core::ops::drop::Drop>::drop" },
	{ "_RNvXs0_Cs6xxl1lAjzDf_1aANtB5_6Squarej3_NtB5_5Shape4areaB5_",
	  "<[a::Square; 3] as a::Shape>::area", "<[a::Square; 3] as a::Shape>::area" },
	{ "_RNvXs0_NtNtCsjrHSEGnQ3l9_3std6thread9lifecycleINtB5_6PacketjENtNtNtCsgEmfK2I1SDS_"
	  "4core3ops4drop4Drop4dropCs6xxl1lAjzDf_1a",
	  "<std::thread::lifecycle::Packet<> as core::ops::drop::Drop>::drop",
	  "<std::thread::lifecycle::Packet<usize> as core::ops::drop::Drop>::drop" },
	{ "_RNvXs_Cs6xxl1lAjzDf_1aNtB4_6SquareNtB4_5Shape4area", "<a::Square as a::Shape>::area",
	  "<a::Square as a::Shape>::area" },
	{ "_RNvXsn_NtCslNYArtu3iFV_5alloc5boxedINtB5_3BoxDNtNtCsgEmfK2I1SDS_4core3any3AnyNtNtBM_"
	  "6marker4SendEL_ENtNtBM_3fmt5Debug3fmtCs6xxl1lAjzDf_1a",
	  "<alloc::boxed::Box<> as core::fmt::Debug>::fmt",
	  "<alloc::boxed::Box<dyn core::any::Any + core::marker::Send> as core::fmt::Debug>::fmt" },
	{ "_RNvXso_NtCslNYArtu3iFV_5alloc3vecINtB5_3VecINtNtB7_5boxed3BoxDINtNtNtCsgEmfK2I1SDS_"
	  "4core3ops8function6FnOnceuEp6OutputuNtNtB15_6marker4SendEL_EENtNtB13_"
	  "4drop4Drop4dropCs6xxl1lAjzDf_1a",
	  "<alloc::vec::Vec<> as core::ops::drop::Drop>::drop",
	  "<alloc::vec::Vec<alloc::boxed::Box<dyn core::ops::function::FnOnce<(), Output = ()> + "
	  "core::marker::Send>> as core::ops::drop::Drop>::drop" },
	{ "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtNtCsjrHSEGnQ3l9_"
	  "3std2io5error5ErrorECs6xxl1lAjzDf_1a.llvm.15732849216493160905",
	  "core::ptr::drop_in_place::<>", "core::ptr::drop_in_place::<std::io::error::Error>" },
	{ "_RNvC1a4main", "a::main", "a::main" },
	{ "_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<>", "std::mem::align_of::<f64>" },
	{ "_RINvC1a1fFGr_RL0_hRL1_hRLr_hRLq_hRLp_hRLo_hEuE", "a::f::<>",
	  "a::f::<for<'a, 'b, 'c, 'd, 'e, 'f, 'g, 'h, 'i, 'j, 'k, 'l, 'm, 'n, 'o, 'p, 'q, 'r, 's, "
	  "'t, 'u, 'v, 'w, 'x, 'y, 'z, 'z1, 'z2, 'z3> fn(&'z3 u8, &'z2 u8, &'b u8, &'c u8, &'d "
	  "u8, &'e u8)>" },
	{ "_RINvC1a1fDINtC1b1ThEp1OhEL_DB8_p1OhEL_E", "a::f::<>",
	  "a::f::<dyn b::T<u8, O = u8>, dyn b::T<u8, O = u8>>" },
	{ "_RINvC1a1fRL_hE", "a::f::<>", "a::f::<&u8>" },
	{ "_RINvC1a1fFG_DEL0_EuE", "a::f::<>",
	  "a::f::<for<'a> fn(dyn + 'a)>" }, /* llvm: with two spaces */
	{ "_RNCNvXs_C1aNtB4_1TNtNtC4core3fmt5Debug3fmts_0B4_",
	  "_RNCNvXs_C1aNtB4_1TNtNtC4core3fmt5Debug3fmts_0B4_",
	  "_RNCNvXs_C1aNtB4_1TNtNtC4core3fmt5Debug3fmts_0B4_" },
	{ "__RNvC1a4main", "a::main", "a::main" },
};

static void names_agree_with_pprof_and_llvm(void **state)
{
	expect_rows(common, sizeof(common) / sizeof(common[0]));
}

/* Constants and types that the grammar got later; 00 is two numbers, which pprof takes for one. */
static const struct row newer[] = {
	{ "_RINvNCNvCs6xxl1lAjzDf_1a4main05innerNCB2_0EB6_", "a::main::{closure#0}::inner::<>",
	  "a::main::{closure#0}::inner::<a::main::{closure#0}::{closure#0}>" },
	{ "_RINvNCNvCs6xxl1lAjzDf_1a4main05innerhEB6_", "a::main::{closure#0}::inner::<>",
	  "a::main::{closure#0}::inner::<u8>" },
	{ "_RINvNtNtCsjrHSEGnQ3l9_3std3sys9backtrace28___rust_begin_short_backtraceNCNCNCINvNtNtB6_"
	  "6thread9lifecycle15spawn_uncheckedNCNvCs6xxl1lAjzDf_1a4main0jEs_000uEB1Z_",
	  "std::sys::backtrace::__rust_begin_short_backtrace::<>",
	  "std::sys::backtrace::__rust_begin_short_backtrace::<std::thread::lifecycle::spawn_"
	  "unchecked<a::main::{closure#0}, usize>::{closure#1}::{closure#0}::{closure#0}, ()>" },
	{ "_RNvMs2_Cs6xxl1lAjzDf_1aINtB5_3BigKoffffffffffffffff_"
	  "Knn80000000000000000000000000000000_E1nB5_",
	  "<a::Big<>>::n",
	  "<a::Big<18446744073709551615, -0x80000000000000000000000000000000>>::n" },
	{ "_RNvMs3_Cs6xxl1lAjzDf_1aINtB5_3StrKRe68656c6c6f2022796f75220a5c20c3a920e6bca227_E1nB5_",
	  "<a::Str<>>::n", "<a::Str<\"hello \\\"you\\\"\\n\\\\ \\u{e9} \\u{6f22}'\">>::n" },
	{ "_RNvMs3_Cs6xxl1lAjzDf_1aINtB5_3StrKRe_E1nB5_", "<a::Str<>>::n", "<a::Str<\"\">>::n" },
	{ "_RNvMs4_Cs6xxl1lAjzDf_1aINtB5_3AdtKVNtNtB5_1E4UnitUE1nB5_", "<a::Adt<>>::n",
	  "<a::Adt<{a::E::Unit}>>::n" },
	{ "_RNvMs4_Cs6xxl1lAjzDf_1aINtB5_3AdtKVNtNtB5_1E5TupleTh7_b1_EE1nB5_", "<a::Adt<>>::n",
	  "<a::Adt<{a::E::Tuple(7, true)}>>::n" },
	{ "_RNvMs4_Cs6xxl1lAjzDf_1aINtB5_3AdtKVNtNtB5_1E6StructS1aan1_1bTc7a_EEE1nB5_",
	  "<a::Adt<>>::n", "<a::Adt<{a::E::Struct { a: -1, b: ('z',) }}>>::n" },
	{ "_RNvMs5_Cs6xxl1lAjzDf_1aINtB5_3ArrKAh1_h2_hff_EKRAsn1_s3_EE1nB5_", "<a::Arr<>>::n",
	  "<a::Arr<{[1, 2, 255]}, {&[-1, 3]}>>::n" },
	{ "_RNvNCNCNvNtCs4nK2o8jUcLW_14rustc_ty_utils10needs_drop15drop_tys_helper0010___CALLSITE",
	  "rustc_ty_utils::needs_drop::drop_tys_helper::{closure#0}::{closure#0}::__CALLSITE",
	  "rustc_ty_utils::needs_drop::drop_tys_helper::{closure#0}::{closure#0}::__CALLSITE" },
	{ "_RINvC1a1fWmRm1_m9_E", "a::f::<>", "a::f::<u32 is 1..=9>" },
	{ "_RNvMC1aWaORan5_a2_Ra5_a6_E1n", "<i8 is -5..=2 | 5..=6>::n",
	  "<i8 is -5..=2 | 5..=6>::n" },
	{ "_RINvC1a1fWPuNWjRj0_pE", "a::f::<>", "a::f::<*const () is !null, usize is 0..=_>" },
};

static void names_that_others_do_not_know_are_read_by_the_grammar(void **state)
{
	expect_rows(newer, sizeof(newer) / sizeof(newer[0]));
}

static void what_is_no_name_of_rust_stays_as_it_is(void **state)
{
	static const char *const names[] = {
		"_R",
		"_R\n",
		"_Run",
		"_RNvC1a",	 /* ends too early */
		"_RNvC1a4mainX", /* and too late */
		"_RNvC1a4mainC1bX",
		"_R0NvC1a4main", /* a version to come */
		"_RN1C1a4main",	 /* no namespace */
		"_RNvC1a5main",	 /* a part that is too long */
		"_RNvC1a99999999999999999999999main",
		"_RNvB9_4main",	    /* refers to what comes after it */
		"_RNvB_4main",	    /* and to itself */
		"_RNvC1au3a_4main", /* no punycode */
		"_RNvC1au9a_99999999",
		"_RINvC1a1fFG_RL1_hEuE",      /* a lifetime that nobody has bound */
		"_RINvC1a1fFG_RL0_hEuRL0_hE", /* or only within the type before */
		"_RINvC1a1fDG_C1bEL_RL0_hE",
		"_RINvC1a1fFGzzzzzzzz_EuE",
		"_RINvC1a1fFKu3abcEuE", /* a convention in punycode */
		"_RINvC1a1fKb2_E",	/* neither true nor false */
		"_RINvC1a1fKcd800_E",	/* half a character */
		"_RINvC1a1fKRe6_E",	/* half a byte */
		"_RINvC1a1fKReff_E",	/* no UTF-8 */
		"_RINvC1a1fKRec080_E",
		"_RINvC1a1fKdx_E", /* no such constants */
		"_RINvC1a1fKVC1aX_E",
		"_RINvC1a1fgE", /* no such type */
		"_RINvC1a1fWmRm1_m9_",
		"_RINvC1a1fWmORm1_m2_E",
		"_RINvC1a1fWmRm1_E",
		"_RINvC1a1fWmXE",
		"_RINvC1a1fWmE",
		"_RNvCszzzzzzzzzzzzzz_1a4main",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int mode = DEMANGLE_DEFAULT; mode <= DEMANGLE_NONE; mode++)
			assert_ptr_equal(demangle(names[i], (enum demangle_mode)mode), names[i]);
}

/* Every beginning of every name, and every name with a byte changed, is read within its bounds. */
static void damaged_names_do_no_harm(void **state)
{
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		size_t n = strlen(common[i].mangled);

		for (size_t k = 2; k < n; k++) {
			struct arena_mark mark = arena_mark(a);
			char *s = arena_strdup(a, common[i].mangled);

			s[k] = 'B';
			demangle_rust_v0(s, false, a);
			s[k] = 0;
			demangle_rust_v0(s, true, a);
			arena_rewind(a, mark);
		}
	}
	arena_free(a);
}

/* _RINvC1a1f T B8_ B8_ E ... each pair names the pair before twice. */
static void names_that_explode_or_never_end_stay_mangled(void **state)
{
	static char s[20000];
	char *p = stpcpy(s, "_RINvC1a1f");

	for (int i = 0; i < 5000; i++)
		p = stpcpy(p, "RRR");
	stpcpy(p, "hE");
	assert_ptr_equal(demangle(s, DEMANGLE_FULL), s);
	p = stpcpy(s, "_RINvC1a1fThhE");
	for (int i = 0, at = 8; i < 40; i++) {
		static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
		char reference[8];
		int here = (int)(p - s) - 2;

		/* A number is one less than what it stands for. */
		if (at - 1 < 62)
			sprintf(reference, "B%c_", digits[at - 1]);
		else
			sprintf(reference, "B%c%c_", digits[(at - 1) / 62], digits[(at - 1) % 62]);
		p += sprintf(p, "T%s%sE", reference, reference);
		at = here;
	}
	stpcpy(p, "E");
	assert_ptr_equal(demangle(s, DEMANGLE_FULL), s);
	assert_string_equal(demangle(s, DEMANGLE_DEFAULT), "a::f::<>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_agree_with_pprof_and_llvm),
		cmocka_unit_test(names_that_others_do_not_know_are_read_by_the_grammar),
		cmocka_unit_test(what_is_no_name_of_rust_stays_as_it_is),
		cmocka_unit_test(damaged_names_do_no_harm),
		cmocka_unit_test(names_that_explode_or_never_end_stay_mangled),
	};

	return cmocka_run_group_tests_name("demangle rust", tests, NULL, NULL);
}
