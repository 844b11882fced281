"Rule bpf_object"

load("//rules/private:compiler.bzl", "COMPILERS_ATTR")
load("//rules/private:module.bzl", "source_name")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "add_named", "optional_tool", "param_file")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """Compiles an eBPF program, with its BTF, against an archive and nothing else of the kernel.

```starlark
bpf_object(
    name = "count",
    src = "count.bpf.c",
    hdrs = ["@libbpf//:headers"],
    archive = ":archive",
)
```

The object is `count.o`. The program sees the kernel's headers for programs (`linux/bpf.h`, `asm/ptrace.h`), what was generated
(`generated/`, `linux/version.h`) and the kernel's options. clang's BPF target cannot read the kernel's inner headers, whose
inline assembler is another machine's: for the kernel's own types, set `btf`, and the program includes `vmlinux.h` instead.

With `bpftool` there is a skeleton too, `count.skel.h`, in the output group `skeleton`.
"""

def _bpf_object_impl(ctx):
    if ctx.file.btf and not ctx.executable.bpftool:
        fail("{} has btf, so it needs bpftool too, which makes vmlinux.h".format(ctx.label))
    tree = ctx.attr.archive[KheadersArchiveInfo].tree
    out = ctx.actions.declare_file(ctx.label.name + ".o")
    skeleton = ctx.actions.declare_file(ctx.label.name + ".skel.h") if ctx.executable.bpftool else None
    args = param_file(ctx)
    args.add("bpf")
    args.add_all("--tree", [tree], expand_directories = False)
    add_named(args, "--source", source_name(ctx.file.src), ctx.file.src)
    for file in ctx.files.hdrs:
        add_named(args, "--header", source_name(file), file)
    args.add_all(ctx.attr.includes, before_each = "--include")
    args.add_all(ctx.attr.copts, before_each = "--copt")
    if ctx.executable.clang:
        args.add("--clang", ctx.executable.clang)
    if ctx.executable.bpftool:
        args.add("--bpftool", ctx.executable.bpftool)
        args.add("--name", ctx.label.name.replace("-", "_"))
        args.add("--skeleton", skeleton)
    if ctx.file.btf:
        args.add("--btf", ctx.file.btf)
    args.add("--out", out)
    args.add(out, format = "--scratch=%s.scratch")
    ctx.actions.run(
        executable = optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [tree, ctx.file.src] + ctx.files.hdrs + ctx.files._compilers + ([ctx.file.btf] if ctx.file.btf else []),
        tools = [t[DefaultInfo].files_to_run for t in [ctx.attr.clang, ctx.attr.bpftool] if t],
        outputs = [out] + ([skeleton] if skeleton else []),
        mnemonic = "BpfObject",
        progress_message = "Compiling the eBPF program %{label}",
        use_default_shell_env = True,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(skeleton = depset([skeleton] if skeleton else [])),
    ]

bpf_object = rule(
    doc = DOC,
    implementation = _bpf_object_impl,
    attrs = COMPILERS_ATTR | {
        "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
        "bpftool": attr.label(doc = "The program bpftool: for the skeleton and for vmlinux.h.", allow_files = True, cfg = "exec", executable = True),
        "btf": attr.label(
            doc = "A kernel's BTF, from which vmlinux.h is made: /sys/kernel/btf/vmlinux of a device, or vmlinux.",
            allow_single_file = True,
        ),
        "clang": attr.label(
            doc = "The program clang, with its own headers (lib/clang/N/include) among its runfiles; the machine's by default.",
            allow_files = True,
            cfg = "exec",
            executable = True,
        ),
        "copts": attr.string_list(doc = "Flags for clang."),
        "hdrs": attr.label_list(
            doc = "Headers, found by their path relative to their package: libbpf's as `bpf/bpf_helpers.h`.",
            allow_files = [".h"],
        ),
        "includes": attr.string_list(doc = "Directories of the package to look for headers in."),
        "src": attr.label(doc = "The program's source, C.", allow_single_file = [".c"], mandatory = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
