"Rule kernel_module"

load("//rules/private:compiler.bzl", "CC_FRAGMENTS", "CC_TOOLCHAINS")
load("//rules/private:install.bzl", "INSTALL_ATTRS", "install", "signing")
load("//rules/private:module.bzl", "build_modules", "kbuild_directory", "kbuild_file", "module_options", "source_name")
load("//rules/private:names.bzl", "check_modules", "check_name")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:rust.bzl", "no_rust")
load("//rules/private:same_kernel.bzl", "check_kernels")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:module_info.bzl", "KernelModuleInfo")

DOC = """Builds kernel modules from an archive and nothing else of the kernel.

```starlark
kernel_module(
    name = "hello",
    srcs = ["hello.c"],
    archive = ":archive",
)
```

The module is `hello.ko`. Its Kbuild file is made from `srcs` unless one is among them; the topmost one says what is built,
and `modules` which of its modules are outputs. Sources keep their names relative to their package. What `deps` export
can be used.

Output groups: `symvers` (Module.symvers), `order` (modules.order), `compile_commands` (see `kernel_compile_commands`),
`transitive_modules` (the modules and all they depend on), `scratch` (see `keep_scratch`).
"""

def _sources(ctx):
    "The sources by name."
    sources = {}
    for file in ctx.files.srcs:
        name = source_name(file)
        check_name(ctx.label, "source", name)
        no_rust(ctx.label, name)
        if name in sources:
            fail("srcs of {} have {} twice: {} and {}".format(ctx.label, name, sources[name].path, file.path))
        sources[name] = file
    return sources

def _modules(ctx):
    "The modules to output, by their path below the Kbuild file."
    check_name(ctx.label, "module", ctx.label.name)
    if not ctx.attr.modules:
        return {ctx.label.name + ".ko": ctx.actions.declare_file(ctx.label.name + ".ko")}
    modules = {}
    for name in ctx.attr.modules:
        check_name(ctx.label, "module", name)
        if not name.endswith(".ko"):
            fail("modules of {} have {}; expected names that end in .ko".format(ctx.label, name))
        modules[name] = ctx.actions.declare_file("{}/{}".format(ctx.label.name, name))
    return modules

def _collect(ctx):
    "What the attributes say: (struct), after all that they must not say was refused."
    check_kernels(ctx)
    sources = _sources(ctx)
    directory = kbuild_directory(sources.keys())
    if directory == None and ctx.attr.modules:
        fail("{} has modules, so srcs need a Kbuild or Makefile that says how they are made".format(ctx.label))
    modules = _modules(ctx)
    deps = [dep[KernelModuleInfo] for dep in ctx.attr.deps]
    all_modules = depset(modules.values(), order = "postorder", transitive = [dep.transitive_modules for dep in deps])
    check_modules(ctx.label, modules.values(), depset(transitive = [dep.transitive_modules for dep in deps]))
    for name in ctx.attr.includes:
        check_name(ctx.label, "include directory", name)
    return struct(
        all_modules = all_modules,
        archive = ctx.attr.archive[KheadersArchiveInfo],
        directory = directory,
        modules = modules,
        options = module_options(
            base_btf = ctx.file.base_btf,
            ccflags = ctx.attr.ccflags,
            config = ctx.attr.config,
            includes = ctx.attr.includes,
            kernel_release = ctx.attr.kernel_release,
            make_variables = ctx.attr.make_variables,
            modpost_warn = ctx.attr.modpost_warn,
        ),
        sign = signing(ctx),
        sources = sources,
        symvers = depset(transitive = [dep.transitive_symvers for dep in deps]),
    )

def _act(ctx, driver):
    "Declares the build, and what is done to the modules after it. Returns (struct) the outputs beside the modules."
    sources, directory = driver.sources, driver.directory
    if directory == None:
        sources = sources | {"Kbuild": kbuild_file(ctx, ctx.label.name, sources.keys())}
        directory = ""
    linked = driver.modules
    installed = ctx.attr.strip or driver.sign
    if installed:
        linked = {name: ctx.actions.declare_file("{}.linked/{}".format(ctx.label.name, name)) for name in driver.modules}
    outs = struct(
        commands = ctx.actions.declare_file(ctx.label.name + ".compile_commands.json"),
        order = ctx.actions.declare_file(ctx.label.name + ".order"),
        scratch = ctx.actions.declare_directory(ctx.label.name + ".scratch") if ctx.attr.keep_scratch else None,
        symvers = ctx.actions.declare_file(ctx.label.name + ".symvers"),
    )
    build_modules(ctx, driver.archive, sources, directory, driver.symvers, linked, outs, driver.options)
    if installed:
        for name, file in driver.modules.items():
            install(ctx, linked[name], file, driver.sign, compiler = True)
    return outs

def _provide(driver, outs):
    modules = driver.modules.values()
    return [
        DefaultInfo(files = depset(modules)),
        OutputGroupInfo(
            compile_commands = depset([outs.commands]),
            order = depset([outs.order]),
            scratch = depset([outs.scratch] if outs.scratch else []),
            symvers = depset([outs.symvers]),
            transitive_modules = driver.all_modules,
        ),
        KernelModuleInfo(
            compile_commands = outs.commands,
            kernel = driver.archive.kernel,
            ko = modules[0],
            module_symvers = outs.symvers,
            modules = modules,
            transitive_modules = driver.all_modules,
            transitive_symvers = depset([outs.symvers], transitive = [driver.symvers]),
            tree = driver.archive.tree,
        ),
    ]

def _kernel_module_impl(ctx):
    driver = _collect(ctx)
    outs = _act(ctx, driver)
    return _provide(driver, outs)

kernel_module = rule(
    doc = DOC,
    implementation = _kernel_module_impl,
    attrs = INSTALL_ATTRS | {
        "archive": attr.label(
            doc = "The archive, from `kheaders_archive`, `kheaders_extract` or `kheaders_host_tools`.",
            mandatory = True,
            providers = [KheadersArchiveInfo],
        ),
        "base_btf": attr.label(
            doc = "The kernel's BTF, to make the modules' own with pahole: /sys/kernel/btf/vmlinux of a device, or vmlinux. None without it.",
            allow_single_file = True,
        ),
        "ccflags": attr.string_list(doc = "Flags for the C compiler, as in ccflags-y."),
        "config": attr.string_dict(
            doc = """Options of the module's own, as Kconfig would set them: `{"CONFIG_HELLO_DEBUG": "y"}`. The Kbuild file sees
`$(CONFIG_HELLO_DEBUG)`, and sources see what IS_ENABLED() expects. Strings have their quotes.""",
        ),
        "deps": attr.label_list(doc = "Modules whose exports these use.", providers = [KernelModuleInfo]),
        "includes": attr.string_list(doc = "Directories of the package to look for headers in."),
        "keep_scratch": attr.bool(
            doc = "Keep the directory that make worked in, as the output group `scratch`. When the build fails, run Bazel with --sandbox_debug.",
        ),
        "kernel_release": attr.string(doc = "The release, as `uname -r` prints it, that the archive must be for."),
        "make_variables": attr.string_dict(
            doc = "Further variables for make: `{\"V\": \"1\"}` shows its commands, `{\"W\": \"1\"}` more of the compiler's warnings. " +
                  "In a value `$(M)` is the directory of the Kbuild file.",
        ),
        "modpost_warn": attr.bool(doc = "KBUILD_MODPOST_WARN=1: undefined symbols are warnings. Such a module does not load as it is."),
        "modules": attr.string_list(doc = "The modules that a given Kbuild file makes, by their path below it: `core.ko`, `net/net.ko`. `NAME.ko` by default."),
        "srcs": attr.label_list(
            doc = "C and assembler sources, headers, and Kbuild files or Makefiles when one line would not do.",
            allow_files = True,
            mandatory = True,
        ),
    },
    fragments = CC_FRAGMENTS,
    provides = [KernelModuleInfo],
    toolchains = [TOOLCHAIN_TYPE] + CC_TOOLCHAINS + KBUILD_TOOLCHAINS,
)
