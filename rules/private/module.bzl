"The action that builds modules, and what it makes of sources."

load(":compiler.bzl", "compiler_args")
load(":programs.bzl", "MODULE_PROGRAMS", "run_with_programs")
load(":toolchain.bzl", "NO_NETWORK", "add_named", "optional_tool", "param_file")

visibility("//rules/...")

def source_name(file):
    """A source's name: its path relative to the package that it belongs to.

    Args:
        file: (File) a source file or an output.

    Returns:
        (string)
    """
    path = file.short_path
    if path.startswith("../"):
        path = path.split("/", 2)[2]
    package = file.owner.package
    return path.removeprefix(package + "/") if package else path

def _depth(name):
    return name.count("/")

def kbuild_directory(names):
    """Where the Kbuild file of a module is: the one that is not below another.

    Args:
        names: (list[string]) names of sources.

    Returns:
        (string) a directory, "" for the top, or None when there is no Kbuild file.
    """
    given = sorted([n for n in names if n.split("/")[-1] in ["Kbuild", "Makefile"]], key = _depth)
    if not given:
        return None
    return given[0].rpartition("/")[0]

def kbuild_file(ctx, module, names):
    """Generates the Kbuild file of one module out of all sources.

    Args:
        ctx: the rule's context.
        module: (string) the module's name.
        names: (list[string]) names of sources.

    Returns:
        (File)
    """
    objects = [n.rpartition(".")[0] + ".o" for n in names if n.endswith(".c") or n.endswith(".S")]
    own = module + ".o"
    if not objects:
        fail("srcs of {} have no .c or .S file and no Kbuild or Makefile".format(ctx.label))
    lines = ["obj-m := " + own]
    if objects != [own]:
        if own in objects:
            fail(("{name}.c cannot be one of several sources of the module {name}: Kbuild links {name}.o from them; " +
                  "rename the file or the target").format(name = module))
        lines.append("{}-y := {}".format(module, " ".join(objects)))

    # Headers are found from the package, as Bazel's users write them.
    lines.append("ccflags-y := -I$(src)")
    out = ctx.actions.declare_file(ctx.label.name + ".kbuild/Kbuild")
    ctx.actions.write(out, "\n".join(lines) + "\n")
    return out

def module_options(base_btf = None, ccflags = [], config = {}, includes = [], kernel_release = "", make_variables = {}, modpost_warn = False):
    """What a build of modules can be told, as kernel_module's attributes of these names.

    Args:
        base_btf: (File) the kernel's BTF, or None.
        ccflags: (list[string]) flags for the C compiler.
        config: (dict[string, string]) the modules' own options.
        includes: (list[string]) directories to look for headers in.
        kernel_release: (string) the release that the archive must be for, or "".
        make_variables: (dict[string, string]) further variables for make.
        modpost_warn: (bool) undefined symbols are warnings.

    Returns:
        (struct)
    """
    return struct(
        base_btf = base_btf,
        ccflags = ccflags,
        config = config,
        includes = includes,
        kernel_release = kernel_release,
        make_variables = make_variables,
        modpost_warn = modpost_warn,
    )

def build_modules(ctx, archive, sources, directory, symvers, modules, outs, options):
    """Declares the modules' build.

    Args:
        ctx: the context of a rule with INSTALL_ATTRS and the toolchains of kernel_module.
        archive: (KheadersArchiveInfo) the archive.
        sources: (dict[string, File]) sources by name.
        directory: (string) where the Kbuild file is.
        symvers: (depset[File]) Module.symvers of other modules.
        modules: (dict[string, File]) modules to output, by their path below `directory`.
        outs: (struct) the other outputs: symvers, order, commands, and scratch, a directory or None.
        options: (struct) from `module_options`.
    """
    args = param_file(ctx)
    args.add("build")
    files = compiler_args(ctx, args)
    args.add_all("--tree", [archive.tree], expand_directories = False)
    host_tools = archive.host_tools
    beside = [f for f in [host_tools, options.base_btf] if f]
    if host_tools:
        args.add_all("--host-tools", [host_tools], expand_directories = False)
    if options.base_btf:
        args.add("--base-btf", options.base_btf)
    args.add("--release", options.kernel_release)
    for name, file in sources.items():
        add_named(args, "--source", name, file)
    args.add("--dir", directory)
    args.add_all(options.ccflags, before_each = "--ccflag")
    args.add_all(options.includes, before_each = "--include")
    args.add_all(["{}={}".format(k, v) for k, v in options.config.items()], before_each = "--config")
    args.add_all(symvers, before_each = "--extra-symbols")
    for name, file in modules.items():
        add_named(args, "--out", name, file)
    args.add("--symvers", outs.symvers)
    args.add("--order", outs.order)
    args.add("--commands", outs.commands)
    if options.modpost_warn:
        args.add("--modpost-warn")
    outputs = modules.values() + [outs.symvers, outs.order, outs.commands]
    if outs.scratch:
        args.add("--keep-scratch")
        args.add_all("--scratch", [outs.scratch], expand_directories = False)
        outputs.append(outs.scratch)
    else:
        args.add(outs.symvers, format = "--scratch=%s.scratch")
    args.add_all(["{}={}".format(k, v) for k, v in options.make_variables.items()])
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [archive.tree] + beside + sources.values(),
        machine = ctx.files._compilers,
        transitive = [symvers, files],
        needs = MODULE_PROGRAMS,
        outputs = outputs,
        mnemonic = "KernelModule",
        progress_message = "Building the module %{label}",
        execution_requirements = NO_NETWORK,
    )
