"""Rules kernel_images and device_images: the files that Kleaf's own shows for system_dlkm, and what a device's build does with them.

Read in copies of Android's build/kernel, kleaf/impl/image/: kernel_images.bzl and system_dlkm_image.bzl of android13-5.15 to
android16-6.12.
"""

def _kernel_images_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + "/system_dlkm_staging_archive.tar.gz")
    list = ctx.actions.declare_file(ctx.label.name + "/system_dlkm.modules.load")
    ctx.actions.write(list, "".join(["kernel/{}\n".format(path) for path in ctx.attr.modules.values()]))
    args = ctx.actions.args()
    args.add(out)
    for target, path in ctx.attr.modules.items():
        args.add_all(target[DefaultInfo].files)
        args.add(path)
    ctx.actions.run_shell(
        arguments = [args],
        # build_system_dlkm of build_utils.sh: the modules are stripped and signed. Its tar has dates; //tests/remote compares bytes.
        command = """
            out=$(realpath -m "$1"); shift
            while [ $# -gt 0 ]; do
              install -D -m 644 "$1" "staging/lib/modules/6.1/kernel/$2" || exit
              shift 2
            done
            tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C staging . | gzip -n >"$out"
        """,
        inputs = ctx.files.modules,
        outputs = [out],
    )
    return [DefaultInfo(files = depset([out, list]))]

kernel_images = rule(
    implementation = _kernel_images_impl,
    attrs = {"modules": attr.label_keyed_string_dict(allow_files = True)},
)

def _device_images_impl(ctx):
    archives = [f for f in ctx.files.base if f.basename == "system_dlkm_staging_archive.tar.gz"]
    if len(archives) != 1:
        fail("{} has {} staging archives".format(ctx.attr.base.label, len(archives)))
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ctx.attr.module.rpartition("/")[2]))
    ctx.actions.run_shell(
        arguments = [archives[0].path, out.path, ctx.attr.module],
        command = 'tar -xzf "$1" && cp lib/modules/*/kernel/"$3" "$2"',
        inputs = archives,
        outputs = [out],
    )
    return [DefaultInfo(files = depset([out]))]

device_images = rule(
    doc = "A module as it is in the system_dlkm of a device.",
    implementation = _device_images_impl,
    attrs = {"base": attr.label(allow_files = True), "module": attr.string()},
)
