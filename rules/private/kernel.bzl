"The action that builds a kernel, and the attributes that it reads."

load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load("//rules/providers:placeholder_info.bzl", "KheadersPlaceholderInfo")
load("//rules/providers:source_info.bzl", "LinuxSourceInfo")
load(":capacity.bzl", "CAPACITY_DOC", "capacity_bytes")
load(":compiler.bzl", "COMPILERS_ATTR")
load(":placeholder.bzl", "make_placeholder")
load(":programs.bzl", "required_programs", "run_with_programs")
load(":seed.bzl", "SEED_ATTRS", "add_seed")
load(":source.bzl", "one_file", "source_args", "source_inputs")
load(":toolchain.bzl", "add_named", "optional_tool", "param_file", "tools")

visibility("//rules/...")

KERNEL_ATTRS = COMPILERS_ATTR | SEED_ATTRS | {
    "arch": attr.string(doc = "The kernel's name of the architecture, as in ARCH=.", mandatory = True, values = ["x86_64", "arm64"]),
    "base_config": attr.string(doc = "The configuration to start from, a goal of Kconfig.", default = "defconfig"),
    "capacity": attr.string(
        doc = """The size to reserve for an archive: {}; or `auto`. What `kheaders_archive` packs by default is then packed once before
the link, and gets its size and 2 % more; another profile or preset may need a size. Either this or `placeholder`; with
neither, no archive can be stamped. With one of them CONFIG_IKHEADERS is y unless a fragment says m.""".format(CAPACITY_DOC),
    ),
    "config_fragments": attr.label_list(doc = "Options on top of it; a later file wins.", allow_files = True),
    "cross_compile": attr.string(doc = "CROSS_COMPILE, the prefix of the binutils and the compiler."),
    "keep_objects": attr.bool(doc = "Output the whole objects' tree, for a second link: large."),
    "llvm": attr.string(doc = "LLVM, as `1`, to build with clang and LLVM's binutils."),
    "make_variables": attr.string_dict(doc = "Further variables for make's command line."),
    "module_outs": attr.string_list(doc = "In-tree modules to output, by their path: lib/crc7.ko."),
    "object_files": attr.label_keyed_string_dict(
        doc = "Files to put into the objects' tree before the build, by their path there: certs/signing_key.pem.",
        allow_files = True,
    ),
    "outs": attr.string_list(doc = "Further files of the objects' tree to output, by their path: scripts/sign-file."),
    "placeholder": attr.label(
        doc = "What the kernel is linked with as its archive, where several kernels share one.",
        providers = [KheadersPlaceholderInfo],
    ),
    "required_programs": attr.label(
        doc = "The programs and C headers that the machine must provide: a `kbuild_required_programs`. All of them are looked for before the build.",
        default = Label("//rules/kbuild:required_programs"),
    ),
    "source": attr.label(doc = "The source.", mandatory = True, providers = [LinuxSourceInfo]),
    "uapi": attr.bool(doc = "Make usr/include too, the headers for programs, which archives of the profiles with `+uapi` hold."),
}

def kernel_action(ctx):
    """Declares a kernel's build.

    Args:
        ctx: the context of a rule with KERNEL_ATTRS and the toolchain.

    Returns:
        (KheadersKernelInfo) the kernel.
    """
    source = ctx.attr.source[LinuxSourceInfo]
    placeholder = _placeholder(ctx)
    packer = [tools(ctx).packer] if ctx.attr.capacity == "auto" else []
    kernel = _outputs(ctx)
    args = param_file(ctx)
    args.add("kernel")
    source_args(args, source)
    _add_options(ctx, args)
    if placeholder:
        args.add("--placeholder", placeholder)
    args.add_all([t.executable for t in packer], before_each = "--packer")
    _add_outputs(args, kernel)
    for target, name in ctx.attr.object_files.items():
        add_named(args, "--place", name, one_file(target, "object_files"))
    args.add("--report", kernel.report)
    if ctx.attr.uapi:
        args.add("--uapi")
    add_seed(ctx, args)
    if kernel.objects:
        args.add("--objects", kernel.objects)
    run_with_programs(
        ctx,
        optional_tool(ctx, "kbuild"),
        arguments = [args],
        inputs = source_inputs(source) + ctx.files.config_fragments + ctx.files.object_files + ([placeholder] if placeholder else []),
        machine = ctx.files.required_programs +
                  # required_programs have the version of gcc, by which other kernels are built.
                  (ctx.files._compilers if ctx.attr.cross_compile or ctx.attr.llvm else []),
        needs = required_programs(ctx),
        outputs = [kernel.config, kernel.image_tree, kernel.kernel_release, kernel.module_symvers, kernel.system_map, kernel.vmlinux, kernel.report] +
                  kernel.headers.to_list() + kernel.modules.values() + kernel.outs.values() + ([kernel.objects] if kernel.objects else []),
        tools = packer,
        mnemonic = "KernelBuild",
        progress_message = "Building the kernel %{label} (some minutes)",
        resource_set = _all_cores,
    )
    return kernel

def _outputs(ctx):
    "The kernel's files, declared."

    def out(name):
        return ctx.actions.declare_file("{}/{}".format(ctx.label.name, name))

    return KheadersKernelInfo(
        arch = ctx.attr.arch,
        config = out("config"),
        cross_compile = ctx.attr.cross_compile,
        headers = depset([out("headers.tar")]),
        image_tree = out("image_tree.tar"),
        kernel_release = out("kernel.release"),
        llvm = ctx.attr.llvm,
        module_symvers = out("Module.symvers"),
        modules = {name: out(name) for name in ctx.attr.module_outs},
        objects = out("objects.tar") if ctx.attr.keep_objects else None,
        outs = {name: out(name) for name in ctx.attr.outs},
        report = out("kernel.json"),
        system_map = out("System.map"),
        vmlinux = out("vmlinux"),
    )

def _add_options(ctx, args):
    "Adds what the kernel is built with and how it is configured."
    args.add("--arch", ctx.attr.arch)
    args.add("--cross-compile", ctx.attr.cross_compile)
    args.add("--llvm", ctx.attr.llvm)
    args.add("--base", ctx.attr.base_config)
    args.add_all(ctx.files.config_fragments, before_each = "--fragment")
    args.add_all(["{}={}".format(k, v) for k, v in ctx.attr.make_variables.items()], before_each = "--variable")

def _add_outputs(args, kernel):
    "Adds where the kernel's files go."
    args.add("--vmlinux", kernel.vmlinux)
    args.add("--symvers", kernel.module_symvers)
    args.add("--config", kernel.config)
    args.add("--release", kernel.kernel_release)
    args.add("--system-map", kernel.system_map)
    args.add_all(kernel.headers, before_each = "--headers")
    args.add("--image-tree", kernel.image_tree)
    for name, file in (kernel.modules | kernel.outs).items():
        add_named(args, "--out", name, file)

def _placeholder(ctx):
    "The placeholder that is given, or made for the capacity; None when there is none before the build."
    if not ctx.attr.capacity:
        return ctx.attr.placeholder[KheadersPlaceholderInfo].placeholder if ctx.attr.placeholder else None
    if ctx.attr.placeholder:
        fail("{} has capacity and placeholder, expected one: a placeholder has a capacity".format(ctx.label))
    if ctx.attr.capacity == "auto":
        return None
    return make_placeholder(ctx, capacity_bytes(ctx.label, ctx.attr.capacity))

def _all_cores(_os, _inputs):
    # make -j uses every processor, of which this does not know the number: on two, nothing else runs beside it; on more,
    # other actions do. A larger number would keep it from machines that have less.
    return {"cpu": 2, "memory": 2048}
