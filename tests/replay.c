/* replay.c - run a fuzz target over the files of a folder, so that `make check` repeats what fuzzing has found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0)
		return -1;
	rewind(f);
	data = malloc((size_t)n + 1);
	if (!data || fread(data, 1, (size_t)n, f) != (size_t)n)
		return -1;
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)n);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent *e;
	int n = 0;
	DIR *d = argc > 1 ? opendir(argv[1]) : NULL;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	while (d && (e = readdir(d))) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		if (replay_file(path)) {
			printf("not ok - cannot read %s\n", path);
			return 1;
		}
		n++;
	}
	if (d)
		closedir(d);
	printf("ok 1 - %d inputs replayed without a crash\n", n);
	return 0;
}
