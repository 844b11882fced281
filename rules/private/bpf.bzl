"The action that compiles an eBPF program, and the attributes that describe one."

load(":compiler.bzl", "COMPILERS_ATTR")
load(":programs.bzl", "run_with_programs")
load(":toolchain.bzl", "add_named", "optional_tool", "param_file")

visibility("//rules/...")

def _program(doc):
    return attr.label(doc = doc, allow_files = True, cfg = "exec", executable = True)

PROGRAM_ATTRS = COMPILERS_ATTR | {
    "bpftool": _program("The program bpftool: for vmlinux.h, for the skeleton, and to link several sources."),
    "clang": _program("The program clang, with its own headers (lib/clang/N/include) among its runfiles; the machine's by default."),
    "copts": attr.string_list(doc = "Flags for clang. `-mcpu=` is the version of eBPF."),
    "hdrs": attr.label_list(
        doc = "Headers of any package, found by their path relative to it or to its workspace: libbpf's as `bpf/bpf_helpers.h`.",
        allow_files = [".h"],
    ),
    "includes": attr.string_list(doc = "Directories of the package to look for headers in."),
    "llc": _program("The program llc of clang's LLVM, for `headers = \"kernel\"`; the machine's by default."),
    "opt": _program("The program opt of clang's LLVM, for `headers = \"kernel\"`; the machine's by default."),
    "src": attr.label(doc = "The program's source, C.", allow_single_file = [".c"]),
    "srcs": attr.label_list(doc = "Several sources, C, in place of `src`: bpftool links them into one object.", allow_files = [".c"]),
}

def bpf_sources(ctx):
    """The program's sources.

    Args:
        ctx: the context of a rule with PROGRAM_ATTRS.

    Returns:
        (list[File])
    """
    if bool(ctx.file.src) == bool(ctx.files.srcs):
        fail("{} has {}; expected one of src and srcs".format(ctx.label, "both src and srcs" if ctx.file.src else "neither src nor srcs"))
    sources = [ctx.file.src] if ctx.file.src else ctx.files.srcs
    if len(sources) > 1 and not ctx.executable.bpftool:
        fail("{} has {} sources, so it needs bpftool too, which links them".format(ctx.label, len(sources)))
    return sources

def _workspace_path(file):
    "A file's path in its workspace, whichever that is."
    path = file.short_path
    return path.split("/", 2)[2] if path.startswith("../") else path

def _directories(ctx, sources):
    "Where headers are looked for: what the target asks for, then the files' own packages."
    own = ctx.label.package
    directories = ["/".join([part for part in [own, directory] if part not in ["", "."]]) for directory in ctx.attr.includes]
    return directories + [file.owner.package for file in sources + ctx.files.hdrs if file.owner.package]

def compile_bpf(ctx, tree, headers, outputs, add_outputs, btf = None):
    """Declares the compilation of a program for one kernel.

    Args:
        ctx: the context of a rule with PROGRAM_ATTRS and the toolchain.
        tree: (File) the unpacked archive.
        headers: (string) `uapi`, `btf` or `kernel`.
        outputs: (list[File]) what the action makes.
        add_outputs: (function) adds to Args how the outputs are named.
        btf: (File) the kernel's BTF, or None.
    """
    sources = bpf_sources(ctx)
    args = param_file(ctx)
    args.add("bpf")
    args.add_all("--tree", [tree], expand_directories = False)
    args.add("--headers", headers)
    for file in sources:
        add_named(args, "--source", _workspace_path(file), file)
    for file in ctx.files.hdrs:
        add_named(args, "--header", _workspace_path(file), file)
    args.add_all(_directories(ctx, sources), before_each = "--include", uniquify = True)
    args.add_all(ctx.attr.copts, before_each = "--copt")
    for name in ["clang", "opt", "llc", "bpftool"]:
        program = getattr(ctx.executable, name)
        if program:
            args.add("--" + name, program)
    if btf:
        args.add("--btf", btf)
    add_outputs(args)
    needs = ["clang"] + (["opt", "llc"] if headers == "kernel" else [])
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [tree] + sources + ctx.files.hdrs + ([btf] if btf else []),
        machine = ctx.files._compilers,
        needs = {name: "clang" if name == "clang" else "llvm" for name in needs if not getattr(ctx.executable, name)},
        tools = [t[DefaultInfo].files_to_run for t in [ctx.attr.clang, ctx.attr.opt, ctx.attr.llc, ctx.attr.bpftool] if t],
        outputs = outputs,
        mnemonic = "BpfObject",
        progress_message = "Compiling the eBPF program %{label}",
    )
