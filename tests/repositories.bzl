"Macro tests_repositories: what only the tests need, for the module extension `tests` and for WORKSPACE."

load("//tests/adapters/kleaf:kernel_source_repository.bzl", "kernel_source_repository")
load("//tests/bpf_corpus:corpus_repository.bzl", "bpf_corpus_repository")
load(":bootimg_tools_repository.bzl", "bootimg_tools_repository")
load(":bpf_tools_repository.bzl", "bpf_tools_repository")
load(":busybox_repository.bzl", "busybox_repository")
load(":debian_kernel_repository.bzl", "debian_kernel_repository")
load(":debian_root_repository.bzl", "debian_root_repository")
load(":kbuild_root_repository.bzl", "kbuild_root_repository")
load(":vpoll_repository.bzl", "vpoll_repository")

def tests_repositories():
    "Programs for the guests, tools for eBPF and boot images, what make runs, and a module and a kernel that others made."
    bootimg_tools_repository(name = "bootimg_tools")
    busybox_repository(name = "busybox_arm64", arch = "arm64")
    bpf_corpus_repository(name = "bpf_corpus", linux = Label("@linux_6_1//:linux.tar.xz"))
    bpf_tools_repository(name = "bpf_tools")
    debian_root_repository(
        name = "device_arm64",
        file = "usr/sbin/dkms",
        variable = "KHEADERS_DEVICE_ROOT_ARM64",
    )
    debian_root_repository(
        name = "device_cross",
        file = "usr/bin/aarch64-linux-gnu-gcc-14",
        variable = "KHEADERS_DEVICE_ROOT_CROSS",
    )
    debian_root_repository(
        name = "device_cross_musl",
        file = "usr/bin/x86_64-linux-musl-gcc",
        variable = "KHEADERS_DEVICE_ROOT_CROSS_MUSL",
    )
    debian_root_repository(
        name = "device_debian",
        file = "usr/bin/stap",
        variable = "KHEADERS_DEVICE_ROOT",
    )
    debian_root_repository(
        name = "device_musl",
        file = "usr/bin/aarch64-linux-musl-gcc",
        variable = "KHEADERS_DEVICE_ROOT_MUSL",
    )
    debian_root_repository(
        name = "dkms",
        file = "usr/sbin/dkms",
        variable = "KHEADERS_DKMS_ROOT",
    )
    kernel_source_repository(name = "linux_6_1_files", tarball = Label("@linux_6_1//:linux.tar.xz"))
    debian_kernel_repository(name = "debian_kernel_6_1")
    kbuild_root_repository(name = "kbuild_root")
    vpoll_repository(name = "vpoll")
