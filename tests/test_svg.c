/* test_svg.c - pictures that can be moved: what is changed in Graphviz's, and what is left alone. */
#include "analyze/svg.h"
#include "tests/profiles.h"

#include <stdlib.h>

static char *pannable(const char *svg)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	svg_put_pannable(out, svg);
	fclose(out);
	return text;
}

static void the_size_goes_and_a_group_comes(void **state)
{
	static const char svg[] =
		"<?xml?>\n<svg width=\"9pt\" height=\"8pt\"\n viewBox=\"0 0 9 8\" "
		"xmlns=\"x\">\n<g id=\"graph0\" class=\"graph\">\n</g>\n</svg>\n";
	static const char head[] = "<?xml?>\n<svg width=\"100%\" height=\"100%\" xmlns=\"x\">\n"
				   "<script type=\"text/ecmascript\"><![CDATA[";
	static const char tail[] = "]]></script><g id=\"viewport\" transform=\"scale(0.5,0.5) "
				   "translate(0,0)\"><g id=\"graph0\" class=\"graph\">\n</g>\n"
				   "</g></svg>\n";
	char *text = pannable(svg);

	assert_memory_equal(text, head, sizeof(head) - 1);
	assert_string_equal(text + strlen(text) - strlen(tail), tail);
	free(text);
}

static void bare_ampersands_are_mended(void **state)
{
	char *text = pannable("a&;b &amp; &;");

	assert_string_equal(text, "a&amp;;b &amp; &amp;;");
	free(text);
}

static void other_texts_stay_as_they_are(void **state)
{
	static const char *const texts[] = { "", "<svg", "<svg width=\"1\">", "no picture",
					     "<svg width=\"1\" height=\"2\" viewBox=\"3" };

	for (size_t i = 0; i < N(texts); i++) {
		char *text = pannable(texts[i]);

		assert_string_equal(text, texts[i]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_goes_and_a_group_comes),
		cmocka_unit_test(bare_ampersands_are_mended),
		cmocka_unit_test(other_texts_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
