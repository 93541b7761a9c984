/* elf_inflate.c - sections that are kept compressed: zlib and zstd, and the xz of .gnu_debugdata.
 *
 *	SHF_COMPRESSED:  type 4 | [reserved 4] | plain size 4 or 8 | alignment 4 or 8 | compressed bytes
 *	.zdebug_*:       "ZLIB" | plain size 8, big-endian | compressed bytes
 *
 * A header may claim any size; what is not possible is refused before memory is taken: zlib makes at
 * most 1032 bytes of one, and debug information that zstd packs better than that is none.
 */
#include "symbolize/elf_inflate.h"
#include "symbolize/dwarf_cursor.h"

#include <errno.h>
#include <libdeflate.h>
#include <lzma.h>
#include <sys/mman.h>
#include <zstd.h>

#define MAX_RATIO      1032
#define MAX_XZ_BYTES   ((size_t)256 << 20)
#define XZ_MEMORY      ((uint64_t)256 << 20)

static int check_size(const struct elf_packed *p, const struct elf_file *f, struct err *err)
{
	if (p->plain_bytes / MAX_RATIO <= p->bytes.n && p->plain_bytes)
		return 0;
	return err_set(err, SONDE_EFORMAT,
		       "section '%s' of '%s' claims to inflate to %llu bytes from %llu", p->section,
		       f->path, (unsigned long long)p->plain_bytes, (unsigned long long)p->bytes.n);
}

static int read_old_header(struct elf_packed *out, const struct elf_file *f, struct elf_bytes raw,
			   struct err *err)
{
	if (raw.n < 12 || memcmp(raw.p, "ZLIB", 4) != 0)
		return err_set(err, SONDE_EFORMAT,
			       "damaged compression header in section '%s' of '%s'", out->section,
			       f->path);
	out->method = PACKED_ZLIB;
	out->plain_bytes = bytes_number(raw.p + 4, 8, false);
	out->bytes = (struct elf_bytes){ raw.p + 12, raw.n - 12 };
	return check_size(out, f, err);
}

int elf_packed_read(struct elf_packed *out, const struct elf_file *f, struct elf_bytes raw,
		    const char *section, struct err *err)
{
	struct dwarf_cursor c = cursor_over(raw, f->is_little);
	unsigned word = f->is_64 ? 8 : 4;
	uint64_t type;

	out->section = section;
	if (strncmp(section, ".zdebug", 7) == 0)
		return read_old_header(out, f, raw, err);
	type = cursor_fixed(&c, 4);
	if (f->is_64)
		cursor_skip(&c, 4);
	out->plain_bytes = cursor_fixed(&c, word);
	cursor_skip(&c, word);
	if (c.bad)
		return err_set(err, SONDE_EFORMAT,
			       "damaged compression header in section '%s' of '%s'", section,
			       f->path);
	if (type != 1 && type != 2)
		return err_set(err, SONDE_EFORMAT,
			       "section '%s' of '%s' is compressed by method %llu, which is not "
			       "known here",
			       section, f->path, (unsigned long long)type);
	out->method = type == 1 ? PACKED_ZLIB : PACKED_ZSTD;
	out->bytes = (struct elf_bytes){ c.p, cursor_left(&c) };
	return check_size(out, f, err);
}

static bool unzlib(const struct elf_packed *p, void *to)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	bool ok = d && libdeflate_zlib_decompress(d, p->bytes.p, p->bytes.n, to, p->plain_bytes,
						  NULL) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(d);
	return ok;
}

static bool unzstd(const struct elf_packed *p, void *to)
{
	size_t n = ZSTD_decompress(to, p->plain_bytes, p->bytes.p, p->bytes.n);

	return !ZSTD_isError(n) && n == p->plain_bytes;
}

int elf_packed_inflate(const struct elf_packed *p, const struct elf_file *f, struct elf_bytes *out,
		       struct err *err)
{
	void *to = mmap(NULL, p->plain_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (to == MAP_FAILED)
		return err_set(err, SONDE_ENOMEM, "no memory for section '%s' of '%s': %s",
			       p->section, f->path, strerror(errno));
	*out = (struct elf_bytes){ to, p->plain_bytes };
	if (p->method == PACKED_ZLIB ? unzlib(p, to) : unzstd(p, to))
		return 0;
	elf_plain_free(*out);
	return err_set(err, SONDE_EFORMAT, "cannot inflate section '%s' of '%s': damaged %s data",
		       p->section, f->path, p->method == PACKED_ZLIB ? "zlib" : "zstd");
}

void elf_plain_free(struct elf_bytes plain)
{
	if (plain.n)
		munmap((void *)(uintptr_t)plain.p, plain.n);
}

/* ---- xz, which does not say how much it holds ---- */

static lzma_ret unxz(struct elf_bytes packed, unsigned char *to, size_t room, size_t *n)
{
	uint64_t memory = XZ_MEMORY;
	size_t at = 0;

	*n = 0;
	return lzma_stream_buffer_decode(&memory, 0, NULL, packed.p, &at, packed.n, to, n, room);
}

int elf_unxz(struct elf_bytes packed, const char *path, struct elf_bytes *out, struct err *err)
{
	size_t room = packed.n < MAX_XZ_BYTES / 16 ? packed.n * 16 : MAX_XZ_BYTES, n;
	lzma_ret status = LZMA_BUF_ERROR;

	for (; status == LZMA_BUF_ERROR && room <= MAX_XZ_BYTES; room *= 4) {
		void *to = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				0);

		if (to == MAP_FAILED)
			return err_set(err, SONDE_ENOMEM, "no memory for .gnu_debugdata of '%s'",
				       path);
		status = unxz(packed, to, room, &n);
		if (status == LZMA_OK && n) {
			*out = (struct elf_bytes){ to, room };
			return 0;
		}
		munmap(to, room);
	}
	return err_set(err, SONDE_EFORMAT, "cannot unpack .gnu_debugdata of '%s'", path);
}
