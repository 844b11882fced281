"Rule kheaders_toolchain"

KheadersToolchainInfo = provider(
    doc = "The programs that the rules run.",
    fields = {
        "kbuild": "(FilesToRunProvider) builds kernels and images, or None where none is built.",
        "kmodule": "(FilesToRunProvider) builds modules, or None where none is built.",
        "packer": "(FilesToRunProvider) packs archives and placeholders.",
        "patcher": "(FilesToRunProvider) stamps, extracts and verifies.",
        "xz": "(FilesToRunProvider) the xz program, or None where archives are compressed in Go.",
    },
)

def _kheaders_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        kheaders = KheadersToolchainInfo(
            kbuild = ctx.attr.kbuild[DefaultInfo].files_to_run if ctx.attr.kbuild else None,
            kmodule = ctx.attr.kmodule[DefaultInfo].files_to_run if ctx.attr.kmodule else None,
            packer = ctx.attr.packer[DefaultInfo].files_to_run,
            patcher = ctx.attr.patcher[DefaultInfo].files_to_run,
            xz = ctx.attr.xz[DefaultInfo].files_to_run if ctx.attr.xz else None,
        ),
    )]

kheaders_toolchain = rule(
    doc = "The programs of `@rules_kheaders//rules/toolchain:toolchain_type`, built from source or prebuilt.",
    implementation = _kheaders_toolchain_impl,
    # Prebuilt, they are plain files.
    attrs = {
        "kbuild": attr.label(doc = "The kbuild program.", executable = True, allow_files = True, cfg = "exec"),
        "kmodule": attr.label(doc = "The kmodule program.", executable = True, allow_files = True, cfg = "exec"),
        "packer": attr.label(doc = "The packer program.", executable = True, allow_files = True, cfg = "exec", mandatory = True),
        "patcher": attr.label(doc = "The patcher program.", executable = True, allow_files = True, cfg = "exec", mandatory = True),
        "xz": attr.label(
            doc = "The xz program, 5.2 or newer: archives are about a quarter smaller with it. What an archive is, byte for byte, depends on it.",
            executable = True,
            allow_files = True,
            cfg = "exec",
        ),
    },
    provides = [platform_common.ToolchainInfo],
)
