// SPDX-License-Identifier: GPL-2.0
// Reads kernel memory without a helper, which the verifier refuses.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	return *(int *)ctx->args[0];
}

char _license[] SEC("license") = "GPL";
