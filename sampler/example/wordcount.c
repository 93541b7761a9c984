/* wordcount.c - an example: a program that profiles itself with labels.
 *
 * usage: wordcount PROFILE FILE...
 *
 * Counts the words of each file in a few threads, prints the ten most frequent, and writes where
 * the time went to PROFILE.  Read it with
 *
 *	sonde top PROFILE                               where the time went
 *	sonde tags PROFILE                              the labels, and how much time each had
 *	sonde top -tagfocus=phase=count PROFILE         one phase only
 *
 * Build:  cc -O2 -g wordcount.c $(pkg-config --cflags --libs sonde) -lpthread
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sonde.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_WORKERS = 3, N_BUCKETS = 1 << 15, N_SHOWN = 10 };

struct word {
	struct word *next;
	unsigned long count;
	char text[];
};

struct table {
	struct word *buckets[N_BUCKETS];
};

/* One thread's piece of a file, and what it counted there. */
struct piece {
	pthread_t thread;
	const char *begin, *end;
	struct table *words;
};

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "wordcount: out of memory\n");
		exit(1);
	}
	return p;
}

static void add(struct table *t, const char *text, size_t n, unsigned long count)
{
	uint32_t h = 2166136261u;
	struct word **at, *w;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	at = &t->buckets[h % N_BUCKETS];
	for (w = *at; w; w = w->next)
		if (!strncmp(w->text, text, n) && !w->text[n]) {
			w->count += count;
			return;
		}
	w = (struct word *)must(malloc(sizeof(*w) + n + 1));
	memcpy(w->text, text, n);
	w->text[n] = 0;
	w->count = count;
	w->next = *at;
	*at = w;
}

static void free_table(struct table *t)
{
	for (size_t i = 0; i < N_BUCKETS; i++)
		for (struct word *w = t->buckets[i], *next; w; w = next) {
			next = w->next;
			free(w);
		}
	free(t);
}

static void *count_piece(void *arg)
{
	struct piece *piece = (struct piece *)arg;
	const char *p = piece->begin, *word;

	/* This thread began with the label "file" of the thread that created it; this adds a second
	 * one. */
	sonde_labels_push("phase", "count");
	while (p < piece->end) {
		while (p < piece->end && !isalpha((unsigned char)*p))
			p++;
		for (word = p; p < piece->end && isalpha((unsigned char)*p); p++)
			;
		if (p > word)
			add(piece->words, word, (size_t)(p - word), 1);
	}
	sonde_labels_pop();
	return NULL;
}

static void merge(struct table *into, const struct table *from)
{
	/* Until the end of the block, in whatever way it is left. */
	SONDE_LABEL_SCOPE("phase", "merge");

	for (size_t i = 0; i < N_BUCKETS; i++)
		for (const struct word *w = from->buckets[i]; w; w = w->next)
			add(into, w->text, strlen(w->text), w->count);
}

static char *read_file(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t cap = 0, n = 0, got;

	if (!f)
		return NULL;
	do {
		text = (char *)must(realloc(text, cap += 1 << 20));
		got = fread(text + n, 1, cap - n, f);
		n += got;
	} while (got);
	fclose(f);
	*bytes = n;
	return text;
}

static int count_file(struct table *words, const char *path)
{
	struct piece pieces[N_WORKERS];
	size_t bytes;
	char *text;
	const char *at;
	SONDE_LABEL_SCOPE("file", path);

	text = read_file(path, &bytes);
	if (!text) {
		perror(path);
		return -1;
	}
	at = text;
	for (int i = 0; i < N_WORKERS; i++) {
		struct piece *p = &pieces[i];

		p->begin = at;
		p->end = i + 1 == N_WORKERS ? text + bytes
					    : text + bytes / N_WORKERS * (size_t)(i + 1);
		while (p->end < text + bytes && isalpha((unsigned char)*p->end))
			p->end++; /* words stay whole */
		if (p->end < p->begin)
			p->end = p->begin;
		at = p->end;
		p->words = (struct table *)must(calloc(1, sizeof(*p->words)));
		if (pthread_create(&p->thread, NULL, count_piece, p))
			exit(1);
	}
	for (int i = 0; i < N_WORKERS; i++) {
		pthread_join(pieces[i].thread, NULL);
		merge(words, pieces[i].words);
		free_table(pieces[i].words);
	}
	free(text);
	return 0;
}

static void print_most_frequent(const struct table *t)
{
	const struct word *top[N_SHOWN] = { NULL };

	for (size_t i = 0; i < N_BUCKETS; i++)
		for (const struct word *w = t->buckets[i]; w; w = w->next) {
			const struct word *in = w, *out;

			for (int k = 0; k < N_SHOWN && in; k++)
				if (!top[k] || in->count > top[k]->count ||
				    (in->count == top[k]->count &&
				     strcmp(in->text, top[k]->text) < 0)) {
					out = top[k];
					top[k] = in;
					in = out;
				}
		}
	for (int k = 0; k < N_SHOWN && top[k]; k++)
		printf("%8lu %s\n", top[k]->count, top[k]->text);
}

int main(int argc, char **argv)
{
	struct sonde_options options;
	struct table *words = (struct table *)must(calloc(1, sizeof(*words)));
	int failed = 0, problem;

	if (argc < 3) {
		fprintf(stderr, "usage: wordcount PROFILE FILE...\n");
		return 2;
	}
	memset(&options, 0, sizeof(options)); /* zeros are the defaults */
	options.hz = 200;
	problem = sonde_start(&options);
	if (problem &&
	    problem != -EALREADY) /* preloaded, it is sampling already; else work goes on without */
		fprintf(stderr, "wordcount: no profile: %s\n", strerror(-problem));
	for (int i = 2; i < argc; i++)
		failed |= count_file(words, argv[i]);
	sonde_stop();
	print_most_frequent(words);
	free_table(words);
	problem = sonde_write_file(argv[1]);
	if (problem) {
		fprintf(stderr, "wordcount: cannot write %s: %s\n", argv[1], strerror(-problem));
		return 1;
	}
	return failed ? 1 : 0;
}
