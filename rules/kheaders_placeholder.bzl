"Rule kheaders_placeholder"

load("//rules/private:capacity.bzl", "CAPACITY_DOC", "capacity_bytes")
load("//rules/private:placeholder.bzl", "make_placeholder")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load("//rules/providers:placeholder_info.bzl", "KheadersPlaceholderInfo")

DOC = """The archive that a kernel is linked with: room for a real one.

```starlark
kheaders_placeholder(
    name = "placeholder",
    capacity = "8M",
)
```

It is a valid `tar.xz` of exactly `capacity` bytes, so a kernel that was never stamped serves a plain file that says so.
"""

def _kheaders_placeholder_impl(ctx):
    if ctx.attr.capacity == "auto":
        fail("capacity of {} is auto, and there is no kernel whose archive would be measured; set capacity of linux_kernel to auto instead".format(ctx.label))
    capacity = capacity_bytes(ctx.label, ctx.attr.capacity)
    out = make_placeholder(ctx, capacity)
    return [
        DefaultInfo(files = depset([out])),
        KheadersPlaceholderInfo(placeholder = out, capacity = capacity),
    ]

kheaders_placeholder = rule(
    doc = DOC,
    implementation = _kheaders_placeholder_impl,
    attrs = {
        "capacity": attr.string(
            doc = "The size to reserve: {}. Unused room is kernel memory all the same.".format(CAPACITY_DOC),
            mandatory = True,
        ),
    },
    provides = [KheadersPlaceholderInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
