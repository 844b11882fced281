"How an archive is compressed: by the toolchain's xz program, or in Go."

load(":toolchain.bzl", "TOOLCHAIN_TYPE", "tools")

COMPRESSOR_ATTRS = {
    "compressor": attr.string(
        doc = "`xz`: the toolchain's xz program. `go`: pure Go, about three times as fast, and 30 % larger. `auto`: xz " +
              "where the toolchain has it.",
        default = "auto",
        values = ["auto", "go", "xz"],
    ),
    "preset": attr.string(
        doc = "`smallest` spends some 40 % more time on an archive about 1 % smaller. For the xz program only.",
        default = "default",
        values = ["default", "smallest"],
    ),
}

def xz_program(ctx):
    """The xz program to compress with.

    Args:
        ctx: the context of a rule with COMPRESSOR_ATTRS and the toolchain.

    Returns:
        (FilesToRunProvider) or None for Go's compressor.
    """
    if ctx.attr.compressor == "go":
        if ctx.attr.preset != "default":
            fail("{} has compressor go and preset {}, which takes the xz program; set compressor to auto or xz, or leave the preset out".format(
                ctx.label,
                ctx.attr.preset,
            ))
        return None
    xz = tools(ctx).xz
    if not xz and (ctx.attr.compressor == "xz" or ctx.attr.preset != "default"):
        fail("{} has compressor {} and preset {}, and the resolved toolchain of {} has no xz; set xz on its kheaders_toolchain, or leave both out".format(
            ctx.label,
            ctx.attr.compressor,
            ctx.attr.preset,
            TOOLCHAIN_TYPE,
        ))
    return xz
