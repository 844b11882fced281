"Rule kheaders_placeholder"

load("//rules/private:placeholder.bzl", "make_placeholder")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:placeholder_info.bzl", "KheadersPlaceholderInfo")

DOC = """The archive that a kernel is linked with: room for a real one.

```starlark
kheaders_placeholder(
    name = "placeholder",
    capacity = 8 << 20,
)
```

It is a valid `tar.xz` of exactly `capacity` bytes, so a kernel that was never stamped serves a plain file that says so.
"""

def _kheaders_placeholder_impl(ctx):
    out = make_placeholder(ctx, ctx.attr.capacity)
    return [
        DefaultInfo(files = depset([out])),
        KheadersPlaceholderInfo(placeholder = out, capacity = ctx.attr.capacity),
    ]

kheaders_placeholder = rule(
    doc = DOC,
    implementation = _kheaders_placeholder_impl,
    attrs = {
        "capacity": attr.int(
            doc = "Bytes to reserve: a multiple of 4. What is reserved and not used is kernel memory all the same.",
            mandatory = True,
        ),
    },
    provides = [KheadersPlaceholderInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
