/* SPDX-License-Identifier: GPL-2.0 */
/* What counts.bpf.c has for other sources. */
enum { EXECS, TICKS, PAGE };

extern int add(__u32 slot, __u64 n);
extern int set(__u32 slot, __u64 n);
