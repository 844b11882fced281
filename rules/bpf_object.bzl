"Rule bpf_object"

load("//rules/private:bpf.bzl", "PROGRAM_ATTRS", "compile_bpf")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:bpf_info.bzl", "KernelBpfInfo")

DOC = """Compiles an eBPF program, with its BTF, against an archive and nothing else of the kernel.

```starlark
bpf_object(
    name = "connects",
    src = "connects.bpf.c",
    hdrs = ["@libbpf//:headers"],
    archive = ":archive",
    headers = "kernel",
)
```

The object is `connects.o`. `headers` is what the program includes:

- `uapi`: the headers that the kernel gives to programs (`linux/bpf.h`, `asm/ptrace.h`), what was generated (`generated/`,
  `linux/version.h`) and the kernel's options.
- `btf`: `vmlinux.h`, with the kernel's types out of `btf`, and no header of the kernel.
- `kernel`: the kernel's own headers (`linux/sched.h`, `net/sock.h`), with their macros, for x86-64 and arm64. clang compiles
  them for that machine, LLVM's opt and llc make eBPF of the program.

With `bpftool` there is a skeleton too, `connects.skel.h`, in the output group `skeleton`. Several sources (`srcs`) are linked
by it into one object.
"""

def _collect(ctx):
    "Which headers the program sees, after what does not go with them was refused."
    headers = ctx.attr.headers or ("btf" if ctx.file.btf else "uapi")
    if (headers == "btf") != bool(ctx.file.btf):
        fail("{} has headers = \"{}\" and {}; expected btf with headers = \"btf\" alone, where vmlinux.h is made from it".format(
            ctx.label,
            headers,
            "btf" if ctx.file.btf else "no btf",
        ))
    if ctx.file.btf and not ctx.executable.bpftool:
        fail("{} has btf, so it needs bpftool too, which makes vmlinux.h".format(ctx.label))
    return headers

def _act(ctx, tree, headers):
    "Declares the compilation. Returns (struct) the object, and the skeleton or None."
    out = ctx.actions.declare_file(ctx.label.name + ".o")
    skeleton = ctx.actions.declare_file(ctx.label.name + ".skel.h") if ctx.executable.bpftool else None

    def add_outputs(args):
        if skeleton:
            args.add("--name", ctx.label.name.replace("-", "_"))
            args.add("--skeleton", skeleton)
        args.add("--out", out)
        args.add(out, format = "--scratch=%s.scratch")

    compile_bpf(ctx, tree, headers, [out] + ([skeleton] if skeleton else []), add_outputs, btf = ctx.file.btf)
    return struct(object = out, skeleton = skeleton)

def _bpf_object_impl(ctx):
    tree = ctx.attr.archive[KheadersArchiveInfo].tree
    headers = _collect(ctx)
    made = _act(ctx, tree, headers)
    return [
        DefaultInfo(files = depset([made.object])),
        KernelBpfInfo(btf = ctx.file.btf, headers = headers, object = made.object, skeleton = made.skeleton, tree = tree),
        OutputGroupInfo(skeleton = depset([made.skeleton] if made.skeleton else [])),
    ]

bpf_object = rule(
    doc = DOC,
    implementation = _bpf_object_impl,
    attrs = PROGRAM_ATTRS | {
        "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
        "btf": attr.label(
            doc = "A kernel's BTF, from which vmlinux.h is made: /sys/kernel/btf/vmlinux of a device, or vmlinux.",
            allow_single_file = True,
        ),
        "headers": attr.string(
            doc = "The headers that the program sees: `uapi`, `btf` or `kernel`. By default `btf` where there is a btf, else `uapi`.",
            values = ["", "uapi", "btf", "kernel"],
        ),
    },
    provides = [KernelBpfInfo],
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
