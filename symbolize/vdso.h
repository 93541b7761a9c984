/* vdso.h - the code that the kernel maps into every process. */
#ifndef SONDE_SYMBOLIZE_VDSO_H
#define SONDE_SYMBOLIZE_VDSO_H

#include "symbolize/elf_file.h"

/* This process's own vdso, if it is the one with that build id. */
SONDE_MUST int vdso_open(struct elf_file **out, const char *build_id, struct err *err);

#endif
