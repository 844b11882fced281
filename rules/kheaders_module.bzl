"Rule kheaders_module"

load("//rules/private:install.bzl", "INSTALL_ATTRS", "install", "signing")
load("//rules/private:place.bzl", "PLACE_ATTRS")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:stamp.bzl", "STAMP_ATTRS", "stamp")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """Stamps an archive into kheaders.ko (CONFIG_IKHEADERS=m), then strips and signs it.

```starlark
kheaders_module(
    name = "kheaders",
    archive = ":archive",
    ko = ":linux_kheaders_ko",
    sign_file = ":sign_file",
    signing_cert = ":signing_key.x509",
    signing_key = ":signing_key.pem",
    strip = True,
)
```

The order is the one that works: stamp, strip, sign. A module that is signed already, as Kleaf's, is signed again, and refused
where there is no `sign_file`.

With `kernel`, the module and what signs it are the kernel's own, as far as it brings them out, and the output group `modules` has
all modules of the kernel, with this one in its place.
"""

def _kheaders_ko(ctx):
    "The kernel's kheaders.ko."
    modules = ctx.attr.kernel[KheadersKernelInfo].modules
    for name, file in modules.items():
        if name.split("/")[-1] == "kheaders.ko":
            return file
    fail(("{} outputs no kernel/kheaders.ko, only {}; with CONFIG_IKHEADERS=m, add it to module_outs, or to module_implicit_outs " +
          "of Kleaf's kernel_build").format(ctx.attr.kernel.label, ", ".join(sorted(modules.keys())) or "nothing"))

def _kheaders_module_impl(ctx):
    if bool(ctx.attr.kernel) == bool(ctx.file.ko):
        fail("{} has {} of kernel and ko, expected one".format(ctx.label, "both" if ctx.attr.kernel else "neither"))
    kernel = ctx.attr.kernel[KheadersKernelInfo] if ctx.attr.kernel else None
    ko = _kheaders_ko(ctx) if kernel else ctx.file.ko
    sign = signing(ctx, ctx.attr.kernel)
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ko.basename))
    last = ctx.attr.strip or sign
    stamped = ctx.actions.declare_file("{}/stamped/{}".format(ctx.label.name, ko.basename)) if last else out
    groups = stamp(ctx, ko, ctx.attr.archive[KheadersArchiveInfo].archive, stamped, unsign = bool(sign))
    if last:
        install(ctx, stamped, out, sign)
    modules = [out] + ([file for file in kernel.modules.values() if file != ko] if kernel else [])
    return [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(modules = depset(modules), **groups),
    ]

kheaders_module = rule(
    doc = DOC,
    implementation = _kheaders_module_impl,
    attrs = STAMP_ATTRS | PLACE_ATTRS | INSTALL_ATTRS | {
        "kernel": attr.label(doc = "The built kernel. Either this or `ko`.", providers = [KheadersKernelInfo]),
        "ko": attr.label(doc = "The module as linked; stripped and signed too, when it is to be signed again.", allow_single_file = [".ko"]),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
