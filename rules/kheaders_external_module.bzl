"Rule kheaders_external_module"

load("//rules/private:compiler.bzl", "CC_FRAGMENTS", "CC_TOOLCHAINS")
load("//rules/private:install.bzl", "INSTALL_ATTRS", "install", "signing")
load("//rules/private:module.bzl", "build_modules", "module_options")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

DOC = """Builds kheaders.ko as an external module, with the archive inside, for a kernel that has none.

```starlark
kheaders_external_module(
    name = "kheaders",
    archive = ":archive",
)
```

The kernel needs SYSFS and MODULES, and no IKHEADERS. Nothing is stamped: what is compiled has the archive already, in as
many bytes as it needs. The archive must be one that modules can be built from.
"""

# What kernel/kheaders.c has its .incbin look for, below a directory that the assembler is told.
_DATA = "kernel/kheaders_data.tar.xz"

_KBUILD = """obj-m := kheaders.o
ccflags-y := -Wa,-I$(src)
"""

def _kheaders_external_module_impl(ctx):
    kbuild = ctx.actions.declare_file(ctx.label.name + ".kbuild/Kbuild")
    ctx.actions.write(kbuild, _KBUILD)
    archive = ctx.attr.archive[KheadersArchiveInfo]
    sources = {
        "Kbuild": kbuild,
        "kheaders.c": ctx.file._src,
        _DATA: archive.archive,
    }
    out = ctx.actions.declare_file(ctx.label.name + "/kheaders.ko")
    sign = signing(ctx)
    last = ctx.attr.strip or sign
    linked = ctx.actions.declare_file(ctx.label.name + ".linked/kheaders.ko") if last else out
    outs = struct(
        commands = ctx.actions.declare_file(ctx.label.name + ".compile_commands.json"),
        order = ctx.actions.declare_file(ctx.label.name + ".order"),
        scratch = None,
        symvers = ctx.actions.declare_file(ctx.label.name + ".symvers"),
    )
    options = module_options(base_btf = ctx.file.base_btf)
    build_modules(ctx, archive, sources, "", depset(), {"kheaders.ko": linked}, outs, options)
    if last:
        install(ctx, linked, out, sign, compiler = True)
    return [DefaultInfo(files = depset([out]))]

kheaders_external_module = rule(
    doc = DOC,
    implementation = _kheaders_external_module_impl,
    attrs = INSTALL_ATTRS | {
        "archive": attr.label(
            doc = "The archive to build with and to put inside.",
            mandatory = True,
            providers = [KheadersArchiveInfo],
        ),
        "base_btf": attr.label(doc = "The kernel's BTF, as in `kernel_module`.", allow_single_file = True),
        "_src": attr.label(allow_single_file = True, default = "//kernel:kheaders.c"),
    },
    fragments = CC_FRAGMENTS,
    toolchains = [TOOLCHAIN_TYPE] + CC_TOOLCHAINS + KBUILD_TOOLCHAINS,
)
