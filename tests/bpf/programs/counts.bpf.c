// SPDX-License-Identifier: GPL-2.0
// What the other source calls: the two are linked.
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "counts.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

__noinline int add(__u32 slot, __u64 n)
{
	__u64 *count = bpf_map_lookup_elem(&counts, &slot);

	if (count)
		__sync_fetch_and_add(count, n);
	return 0;
}

__noinline int set(__u32 slot, __u64 n)
{
	bpf_map_update_elem(&counts, &slot, &n, BPF_ANY);
	return 0;
}

char _license[] SEC("license") = "GPL";
