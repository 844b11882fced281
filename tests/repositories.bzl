"Macro tests_repositories: what only the tests need, for the module extension `tests` and for WORKSPACE."

load("//tests/adapters/kleaf:kernel_source_repository.bzl", "kernel_source_repository")
load("//tests/bpf_corpus:corpus_repository.bzl", "bpf_corpus_repository")
load("//tests/dkms:dkms_repository.bzl", "dkms_repository")
load(":bootimg_tools_repository.bzl", "bootimg_tools_repository")
load(":bpf_tools_repository.bzl", "bpf_tools_repository")
load(":busybox_repository.bzl", "busybox_repository")
load(":debian_kernel_repository.bzl", "debian_kernel_repository")
load(":kbuild_root_repository.bzl", "kbuild_root_repository")
load(":vpoll_repository.bzl", "vpoll_repository")

def tests_repositories():
    "Programs for the guests, tools for eBPF and boot images, what make runs, and a module and a kernel that nobody here made."
    bootimg_tools_repository(name = "bootimg_tools")
    busybox_repository(name = "busybox_arm64", arch = "arm64")
    bpf_corpus_repository(name = "bpf_corpus", linux = Label("@linux_6_1//:linux.tar.xz"))
    bpf_tools_repository(name = "bpf_tools")
    dkms_repository(name = "dkms")
    kernel_source_repository(name = "linux_6_1_files", tarball = Label("@linux_6_1//:linux.tar.xz"))
    debian_kernel_repository(name = "debian_kernel_6_1")
    kbuild_root_repository(name = "kbuild_root")
    vpoll_repository(name = "vpoll")
