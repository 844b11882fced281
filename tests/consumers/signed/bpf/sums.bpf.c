// SPDX-License-Identifier: GPL-2.0
// Counts calls of a function of a vendor's module, by the headers of the archive alone.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/version.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#if !IS_ENABLED(CONFIG_BPF_EVENTS) || __BITS_PER_LONG != 64
#error "these are not the options of the kernel that this runs in"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void add(__u32 slot, __u64 n)
{
	__u64 *count = bpf_map_lookup_elem(&counts, &slot);

	if (count)
		__sync_fetch_and_add(count, n);
}

SEC("kprobe/gadget_sum")
int BPF_KPROBE(on_sum, int a, int b)
{
	add(0, 1);
	add(1, b);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	__u32 slot = 3;
	__u64 version = LINUX_VERSION_CODE;

	add(2, 1);
	bpf_map_update_elem(&counts, &slot, &version, BPF_ANY);
	return 0;
}

char _license[] SEC("license") = "GPL";
