"Rule kheaders_module"

load("//rules/private:install.bzl", "INSTALL_ATTRS", "install", "wants_install")
load("//rules/private:stamp.bzl", "STAMP_ATTRS", "stamp")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")

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

The order is the one that works: stamp, strip, sign. A module that is signed already is refused.
"""

def _kheaders_module_impl(ctx):
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ctx.file.ko.basename))
    last = wants_install(ctx)
    stamped = ctx.actions.declare_file("{}/stamped/{}".format(ctx.label.name, ctx.file.ko.basename)) if last else out
    report = stamp(ctx, ctx.file.ko, ctx.attr.archive[KheadersArchiveInfo].archive, stamped)
    if last:
        install(ctx, stamped, out)
    return [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(report = depset([report])),
    ]

kheaders_module = rule(
    doc = DOC,
    implementation = _kheaders_module_impl,
    attrs = STAMP_ATTRS | INSTALL_ATTRS | {
        "ko": attr.label(doc = "The module as linked, neither stripped nor signed.", allow_single_file = [".ko"], mandatory = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
