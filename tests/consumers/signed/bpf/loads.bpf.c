// SPDX-License-Identifier: GPL-2.0
// Counts loads of one module, by the kernel's own types out of its BTF.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/module_load")
int on_load(struct bpf_raw_tracepoint_args *ctx)
{
	struct module *module = (struct module *)ctx->args[0];
	char name[8] = {};
	__u32 slot = 1;
	__u64 *count;

	bpf_core_read_str(name, sizeof(name), &module->name);
	if (__builtin_memcmp(name, "gadget", 7) == 0)
		slot = 0;
	count = bpf_map_lookup_elem(&counts, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
