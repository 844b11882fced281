// SPDX-License-Identifier: GPL-2.0
// Compiles for kernels that have the header: from 6.12 on.
#include <linux/sched.h>
#include <linux/sched/ext.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_switch")
int size(void *ctx)
{
	return sizeof(struct task_struct);
}

char _license[] SEC("license") = "GPL";
