/* arch.h - what the unwinder knows of the processor: one file for each.
 *
 * Such a file says which of DWARF's register numbers are followed from frame to frame, where the registers of an
 * interrupted thread lie, how the kernel's signal frame is found, how a system call is made, and which call frame
 * expressions are written by that processor's linkers.  Everything in it is async-signal-safe.
 */
#ifndef SONDE_SAMPLER_ARCH_H
#define SONDE_SAMPLER_ARCH_H

#if defined(__x86_64__)
#include "sampler/arch_x86_64.h"
#elif defined(__aarch64__)
#include "sampler/arch_aarch64.h"
#else
#error "sonde knows x86-64 and aarch64"
#endif

#endif
