"Rule bpf_objects"

load("//rules/private:bpf.bzl", "PROGRAM_ATTRS", "compile_bpf")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "optional_tool", "param_file")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """Compiles one eBPF program for each of several kernels, and reports for which it compiles.

```starlark
bpf_objects(
    name = "connects",
    src = "connects.bpf.c",
    hdrs = ["@libbpf//:headers"],
    archives = {
        ":debian_12": "debian-12",
        "@device//:archive": "device",
    },
)
```

The report is `connects.txt`, a line a kernel. The object for `device` is `connects/device/connects.o`, and is not there where
the program does not compile for that kernel. A kernel in `required` must not be one of those.
"""

def _compile(ctx, archive, kernel):
    "Declares the object and the verdict of one kernel."
    directory = ctx.actions.declare_directory("{}/{}".format(ctx.label.name, kernel))
    verdict = ctx.actions.declare_file("{}.verdicts/{}.json".format(ctx.label.name, kernel))

    def add_outputs(args):
        args.add_all([directory], expand_directories = False, format_each = "--out=%s/{}.o".format(ctx.label.name))
        args.add("--verdict", verdict)
        if kernel in ctx.attr.required:
            args.add("--required")
        args.add("--kernel", kernel)
        args.add(verdict, format = "--scratch=%s.scratch")

    compile_bpf(ctx, archive.tree, ctx.attr.headers, [directory, verdict], add_outputs)
    return struct(directory = directory, verdict = verdict)

def _bpf_objects_impl(ctx):
    kernels = ctx.attr.archives.values()
    unknown = [kernel for kernel in ctx.attr.required if kernel not in kernels]
    if unknown:
        fail("{} requires {}; expected kernels of archives: {}".format(ctx.label, ", ".join(unknown), ", ".join(kernels)))
    if len({kernel: None for kernel in kernels}) < len(kernels):
        fail("{} gives two archives one name: {}".format(ctx.label, ", ".join(kernels)))
    compiled = [_compile(ctx, target[KheadersArchiveInfo], kernel) for target, kernel in ctx.attr.archives.items()]
    verdicts = [c.verdict for c in compiled]
    report = ctx.actions.declare_file(ctx.label.name + ".txt")
    args = param_file(ctx)
    args.add("bpf-report")
    args.add("--name", ctx.label.name)
    args.add("--out", report)
    args.add_all(verdicts)
    ctx.actions.run(
        executable = optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = verdicts,
        outputs = [report],
        mnemonic = "BpfReport",
        progress_message = "Reporting on the eBPF program %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [
        DefaultInfo(files = depset([report] + [c.directory for c in compiled])),
        OutputGroupInfo(report = depset([report])),
    ]

bpf_objects = rule(
    doc = DOC,
    implementation = _bpf_objects_impl,
    attrs = PROGRAM_ATTRS | {
        "archives": attr.label_keyed_string_dict(
            doc = "The kernels' archives, and what each is called.",
            mandatory = True,
            providers = [KheadersArchiveInfo],
        ),
        "headers": attr.string(
            doc = "The headers that the program sees: `uapi` or `kernel`.",
            default = "kernel",
            values = ["uapi", "kernel"],
        ),
        "required": attr.string_list(doc = "Kernels that the program must compile for."),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
