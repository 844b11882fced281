"Rule linux_boot_test"

load("//rules/private:source.bzl", "one_file")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")

DOC = """Boots a kernel image in QEMU, runs shell commands in it, and compares what is seen.

```starlark
linux_boot_test(
    name = "hello_test",
    archive = ":archive_in_vmlinux",
    commands = ["insmod /modules/hello.ko"],
    expect = ["hello: loaded"],
    image = ":bzImage",
    kernel = ":stamped",
    modules = [":hello"],
)
```

The guest has busybox, the files given, and a serial console. The first command that fails ends the run and the test;
write `! command` for one that must fail. QEMU and a static busybox are taken from the PATH of the machine that runs the
test; the test fails where they are missing.
"""

def _guest_files(ctx):
    "The guest's files by their path there: modules in /modules, the others where `files` says."
    files = {}
    for file in ctx.files.modules:
        files["/modules/" + file.basename] = file
    for target, name in ctx.attr.files.items():
        files[name] = one_file(target, "files")
    return files

def _linux_boot_test_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    archive = ctx.attr.archive[KheadersArchiveInfo].archive if ctx.attr.archive else ctx.file.archive_file
    files = _guest_files(ctx)
    spec = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(spec, json.encode_indent({
        "append": ctx.attr.append,
        "arch": kernel.arch,
        "busybox": ctx.file.busybox.short_path if ctx.file.busybox else "",
        "archive": archive.short_path if archive else "",
        "commands": ctx.attr.commands,
        "expect": ctx.attr.expect,
        "files": {name: file.short_path for name, file in files.items()},
        "image": ctx.file.image.short_path,
        "initrd": ctx.file.initramfs.short_path if ctx.file.initramfs else "",
        "memory_mib": ctx.attr.memory_mib,
        "reject": ctx.attr.reject,
        "release": kernel.kernel_release.short_path,
        "timeout": ctx.attr.guest_timeout,
    }))
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.executable._boot, is_executable = True)
    inputs = [spec, ctx.file.image, kernel.kernel_release] + files.values()
    inputs += [f for f in [archive, ctx.file.busybox, ctx.file.initramfs] if f]
    return [
        DefaultInfo(executable = program, runfiles = ctx.runfiles(inputs).merge(ctx.attr._boot[DefaultInfo].default_runfiles)),
        RunEnvironmentInfo(environment = {"LINUX_BOOT_TEST": spec.short_path}),
    ]

linux_boot_test = rule(
    doc = DOC,
    implementation = _linux_boot_test_impl,
    test = True,
    attrs = {
        "append": attr.string(doc = "More for the kernel's command line."),
        "archive": attr.label(
            doc = "What /sys/kernel/kheaders.tar.xz must be, byte for byte.",
            providers = [KheadersArchiveInfo],
        ),
        "archive_file": attr.label(doc = "The same, as a plain file.", allow_single_file = True),
        "busybox": attr.label(doc = "A static busybox for the guest, when the machine's own does not run there.", allow_single_file = True),
        "commands": attr.string_list(doc = "Shell lines for the guest, each run by a shell of its own."),
        "expect": attr.string_list(doc = "What lines of the console must hold, in this order; the commands themselves are no lines of it."),
        "files": attr.label_keyed_string_dict(doc = "Files for the guest, and where: an absolute path.", allow_files = True),
        "guest_timeout": attr.int(doc = "Seconds after which the guest is ended and the test fails.", default = 240),
        "image": attr.label(doc = "The image to boot.", allow_single_file = True, mandatory = True),
        "initramfs": attr.label(doc = "A cpio to put behind the guest's own.", allow_single_file = True),
        "kernel": attr.label(
            doc = "The kernel the image was made from. The guest must run its release.",
            mandatory = True,
            providers = [KheadersKernelInfo],
        ),
        "memory_mib": attr.int(doc = "The guest's memory in MiB.", default = 512),
        "modules": attr.label_list(doc = "Modules for the guest: /modules/NAME.ko.", allow_files = [".ko"]),
        "reject": attr.string_list(doc = "What no line of the console may hold."),
        "_boot": attr.label(default = Label("//tools/boot"), executable = True, cfg = "exec"),
    },
)
