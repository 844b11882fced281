"Rule kleaf_system_dlkm"

load("//rules/private:toolchain.bzl", "STRIP_PATHS", "TOOLCHAIN_TYPE", "add_named", "tools")

_STAGING = "system_dlkm_staging_archive.tar.gz"

DOC = """The images of a GKI kernel with other modules in them, for the device's own system_dlkm.

```starlark
kleaf_system_dlkm(
    name = "gki_images",
    images = "//common:kernel_aarch64_images",
    modules = [":kheaders"],
)

kernel_images(
    name = "device_images",
    base_kernel_images = ":gki_images",
    build_system_dlkm = True,
    …
)
```

Of a mixed build, Kleaf makes system_dlkm out of the file `system_dlkm_staging_archive.tar.gz` of `base_kernel_images`, found by its
name, and signs no module again. This target has the files of `images`, and in that one the given modules in place of those of the same
name. They must be signed with a key that the kernel trusts, as `kheaders_module` does.
"""

def _kleaf_system_dlkm_impl(ctx):
    files = ctx.files.images
    archives = [f for f in files if f.basename == _STAGING]
    if len(archives) != 1:
        fail("images of {} is {}, which has {} files {}; expected one, as kernel_images of a GKI kernel has with build_system_dlkm".format(
            ctx.label,
            ctx.attr.images.label,
            len(archives),
            _STAGING,
        ))
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, _STAGING))
    args = ctx.actions.args()
    args.add("replace")
    args.add("--tar", archives[0])
    for module in ctx.files.modules:
        add_named(args, "--by", "/" + module.basename, module)
    args.add("--out", out)
    ctx.actions.run(
        executable = tools(ctx).packer,
        arguments = [args],
        inputs = archives + ctx.files.modules,
        outputs = [out],
        mnemonic = "KheadersReplace",
        progress_message = "Putting modules into %{output}",
        execution_requirements = STRIP_PATHS,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [DefaultInfo(files = depset([f for f in files if f not in archives] + [out]))]

kleaf_system_dlkm = rule(
    doc = DOC,
    implementation = _kleaf_system_dlkm_impl,
    attrs = {
        "images": attr.label(
            doc = "The GKI kernel's `kernel_images`, or `system_dlkm_staging_archive.tar.gz` of prebuilts.",
            allow_files = True,
            mandatory = True,
        ),
        "modules": attr.label_list(
            doc = "The modules, each by the name that it has in the archive: kheaders.ko of a `kheaders_module`.",
            allow_files = [".ko"],
            mandatory = True,
        ),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
