"The actions of kleaf_kernel: one Module.symvers, and one tar."

load("//rules/private:module.bzl", "source_name")
load("//rules/private:seed.bzl", "add_seed")
load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "param_file", "tools")
load(":kleaf_files.bzl", "architecture_dir", "is_candidate")

def join_symvers(ctx, files):
    """Declares Module.symvers of all parts, none of which may be empty.

    Args:
        ctx: the context of kleaf_kernel.
        files: (list[File]) the parts'.

    Returns:
        (File)
    """
    out = ctx.actions.declare_file(ctx.label.name + "/Module.symvers")
    args = ctx.actions.args()
    args.add("symvers")
    args.add("--out", out)
    args.add_all(files)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = files,
        outputs = [out],
        mnemonic = "KheadersSymvers",
        progress_message = "Reading the symbols of %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return out

def _entry(file):
    return "{}={}".format(source_name(file), file.path)

def gather(ctx, trees, release, config):
    """Declares one tar of what an archive can be made of.

    Args:
        ctx: the context of kleaf_kernel.
        trees: (list[File]) directories and tars.
        release: (File) kernel.release.
        config: (File) an output, .config out of the trees, or None.

    Returns:
        (File)
    """
    tar = ctx.actions.declare_file(ctx.label.name + "/headers.tar")
    arch = architecture_dir(ctx.attr.arch)
    sources = [f for f in ctx.files.srcs if is_candidate(source_name(f), arch)]
    args = param_file(ctx)
    args.add("gather")
    args.add("--arch", ctx.attr.arch)
    args.add_all(trees, before_each = "--tree", expand_directories = False)
    args.add("--release", release)
    if config:
        args.add(config, format = "--take=.config=%s")
    args.add("--out", tar)
    add_seed(ctx, args)
    inputs = trees + sources + [release]
    if sources:
        words = ctx.actions.args()
        words.set_param_file_format("multiline")
        words.add_all(sources, map_each = _entry)
        list = ctx.actions.declare_file(ctx.label.name + "/srcs.list")
        ctx.actions.write(list, words)
        args.add("--files", list)
        inputs.append(list)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = inputs,
        outputs = [tar] + ([config] if config else []),
        mnemonic = "KheadersGather",
        progress_message = "Gathering the headers of %{label}",
        toolchain = TOOLCHAIN_TYPE,
    )
    return tar
