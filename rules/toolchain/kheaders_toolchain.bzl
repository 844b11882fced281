"Rule kheaders_toolchain"

KheadersToolchainInfo = provider(
    doc = "The programs that the rules run.",
    fields = {
        "kbuild": "(FilesToRunProvider) builds kernels and images, or None where none is built.",
        "kmodule": "(FilesToRunProvider) builds modules, or None where none is built.",
        "krun": "(FilesToRunProvider) runs the others with the programs of a kbuild_toolchain, or None where none is registered.",
        "packer": "(FilesToRunProvider) packs archives and placeholders.",
        "patcher": "(FilesToRunProvider) stamps, extracts and verifies.",
    },
)

def _kheaders_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        kheaders = KheadersToolchainInfo(
            kbuild = ctx.attr.kbuild[DefaultInfo].files_to_run if ctx.attr.kbuild else None,
            kmodule = ctx.attr.kmodule[DefaultInfo].files_to_run if ctx.attr.kmodule else None,
            krun = ctx.attr.krun[DefaultInfo].files_to_run if ctx.attr.krun else None,
            packer = ctx.attr.packer[DefaultInfo].files_to_run,
            patcher = ctx.attr.patcher[DefaultInfo].files_to_run,
        ),
    )]

kheaders_toolchain = rule(
    doc = "The programs of `@rules_kheaders//rules/toolchain:toolchain_type`, built from source or prebuilt.",
    implementation = _kheaders_toolchain_impl,
    # Prebuilt, they are plain files.
    attrs = {
        "kbuild": attr.label(doc = "The kbuild program.", executable = True, allow_files = True, cfg = "exec"),
        "kmodule": attr.label(doc = "The kmodule program.", executable = True, allow_files = True, cfg = "exec"),
        "krun": attr.label(doc = "The krun program.", executable = True, allow_files = True, cfg = "exec"),
        "packer": attr.label(doc = "The packer program.", executable = True, allow_files = True, cfg = "exec", mandatory = True),
        "patcher": attr.label(doc = "The patcher program.", executable = True, allow_files = True, cfg = "exec", mandatory = True),
    },
    provides = [platform_common.ToolchainInfo],
)
