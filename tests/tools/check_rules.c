/* check_rules.c - say for each FILE whether it keeps the rules that every profile of ours must
 * keep.
 *
 * For test scripts: exit 1 and one sentence for each file that breaks a rule.
 */
#include "writer/writer.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	int broken = 0;

	if (argc < 2) {
		fputs("usage: check_rules FILE...\n", stderr);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		struct err err = { "" };

		if (profile_check_file_rules(argv[i], &err) == 0)
			continue;
		printf("%s\n", err.text);
		broken = 1;
	}
	return broken;
}
