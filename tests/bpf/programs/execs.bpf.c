// SPDX-License-Identifier: GPL-2.0
// Counts what cat runs, by the kernel's own headers: a structure's fields and a
// macro that no BTF has.
#include <linux/sched.h>
#include <linux/jiffies.h>
#include <uapi/linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "tests/bpf/programs/counts.h"

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	char comm[TASK_COMM_LEN] = {};

	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
	if (__builtin_memcmp(comm, "cat", 4) == 0)
		add(EXECS, 1);
	set(TICKS, HZ);
	set(PAGE, PAGE_SIZE);
	return 0;
}

char _license[] SEC("license") = "GPL";
