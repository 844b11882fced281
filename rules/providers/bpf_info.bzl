"Provider KernelBpfInfo"

KernelBpfInfo = provider(
    doc = "An eBPF object that was compiled for one kernel.",
    fields = {
        "btf": "(File) the kernel's BTF that vmlinux.h was made from, or None when `headers` is not `btf`.",
        "headers": "(string) the headers that the program sees: `uapi`, `btf` or `kernel`.",
        "object": "(File) the object.",
        "skeleton": "(File) the C header that loads the object, or None when there was no bpftool to make it.",
        "tree": "(File) the unpacked archive that the object was compiled against.",
    },
)
