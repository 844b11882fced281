"Macro boots: a kernel of another version or architecture, through the whole chain."

load(
    "//rules:defs.bzl",
    "kernel_module",
    "kheaders_archive",
    "kheaders_extract",
    "kheaders_vmlinux",
    "linux_boot_test",
    "linux_image",
    "linux_kernel",
)
load("//tests/cross:on_platform.bzl", "on_platform")

def boots(name, source, arch, config_fragments, busybox = None, cross_compile = "", llvm = "", platform = None):
    """Builds, packs, stamps, reads back, builds a module from what was read, boots and loads it.

    The targets are manual: each is a kernel, some minutes.

    Args:
        name: the prefix of the targets; `NAME_test` boots.
        source: the kernel's source.
        arch: the kernel's name of the architecture.
        config_fragments: on top of tinyconfig.
        busybox: a static busybox of that architecture, when it is not the machine's own.
        cross_compile: CROSS_COMPILE.
        llvm: LLVM. The module is built with clang when the kernel was.
        platform: the platform that all is built for, so that its C++ toolchain compiles the module.
    """
    manual = {"tags": ["manual"]}
    linux_kernel(
        name = name,
        arch = arch,
        base_config = "tinyconfig",
        capacity = "auto",
        config_fragments = config_fragments,
        cross_compile = cross_compile,
        llvm = llvm,
        source = source,
        **manual
    )
    kheaders_archive(name = name + "_archive", kernel = name, **manual)
    kheaders_vmlinux(name = name + "_stamped", archive = name + "_archive", kernel = name, **manual)
    kheaders_extract(name = name + "_read_back", carrier = name + "_stamped", **manual)
    linux_image(name = name + "_image", cross_compile = cross_compile, kernel = name + "_stamped", llvm = llvm, **manual)
    native.filegroup(name = name + "_stamp_report", srcs = [name + "_stamped"], output_group = "report", **manual)
    kernel_module(
        name = name + "_hello",
        srcs = ["//examples/demo:hello/hello.c"],
        archive = name + "_read_back",
        **manual
    )
    for part in ["hello", "image", "read_back", "stamp_report", "stamped"]:
        on_platform(name = "on_{}_{}".format(name, part), platform = platform, target = "{}_{}".format(name, part), **manual)
    linux_boot_test(
        name = name + "_test",
        size = "small",
        archive = "on_" + name + "_read_back",
        busybox = busybox,
        commands = ["insmod /modules/{}_hello.ko".format(name)],
        expect = ["hello: built from this kernel's own archive"],
        image = "on_" + name + "_image",
        kernel = "on_" + name + "_stamped",
        modules = ["on_" + name + "_hello"],
        **manual
    )
