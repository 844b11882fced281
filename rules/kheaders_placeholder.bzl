"Rule kheaders_placeholder"

load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "tools")
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
    out = ctx.actions.declare_file(ctx.label.name + ".tar.xz")
    if ctx.attr.capacity % 4:
        fail("capacity is {}, expected a multiple of 4: an xz stream's size always is one".format(ctx.attr.capacity))
    args = ctx.actions.args()
    args.add("placeholder")
    args.add("--capacity", ctx.attr.capacity)
    args.add("--out", out)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        outputs = [out],
        mnemonic = "KheadersPlaceholder",
        progress_message = "Reserving %{label}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
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
