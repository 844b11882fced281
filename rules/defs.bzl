"The public API of rules_kheaders."

load("//rules:bpf_min_core_btf.bzl", _bpf_min_core_btf = "bpf_min_core_btf")
load("//rules:bpf_object.bzl", _bpf_object = "bpf_object")
load("//rules:bpf_objects.bzl", _bpf_objects = "bpf_objects")
load("//rules:kernel_compile_commands.bzl", _kernel_compile_commands = "kernel_compile_commands")
load("//rules:kernel_module.bzl", _kernel_module = "kernel_module")
load("//rules:kheaders_archive.bzl", _kheaders_archive = "kheaders_archive")
load("//rules:kheaders_boot_image.bzl", _kheaders_boot_image = "kheaders_boot_image")
load("//rules:kheaders_external_module.bzl", _kheaders_external_module = "kheaders_external_module")
load("//rules:kheaders_extract.bzl", _kheaders_extract = "kheaders_extract")
load("//rules:kheaders_host_tools.bzl", _kheaders_host_tools = "kheaders_host_tools")
load("//rules:kheaders_image.bzl", _kheaders_image = "kheaders_image")
load("//rules:kheaders_initramfs.bzl", _kheaders_initramfs = "kheaders_initramfs")
load("//rules:kheaders_manifest_test.bzl", _kheaders_manifest_test = "kheaders_manifest_test")
load("//rules:kheaders_module.bzl", _kheaders_module = "kheaders_module")
load("//rules:kheaders_placeholder.bzl", _kheaders_placeholder = "kheaders_placeholder")
load("//rules:kheaders_vmlinux.bzl", _kheaders_vmlinux = "kheaders_vmlinux")
load("//rules/adapters:kleaf_kernel.bzl", _kleaf_kernel = "kleaf_kernel")
load("//rules/adapters:kleaf_system_dlkm.bzl", _kleaf_system_dlkm = "kleaf_system_dlkm")
load("//rules/adapters:linux_bzl_kernel.bzl", _linux_bzl_kernel = "linux_bzl_kernel")
load("//rules/adapters:prebuilt_kernel.bzl", _prebuilt_kernel = "prebuilt_kernel")
load("//rules/kbuild:kbuild_required_programs.bzl", _kbuild_required_programs = "kbuild_required_programs")
load("//rules/kbuild:linux_boot_test.bzl", _linux_boot_test = "linux_boot_test")
load("//rules/kbuild:linux_image.bzl", _linux_image = "linux_image")
load("//rules/kbuild:linux_kernel.bzl", _linux_kernel = "linux_kernel")
load("//rules/kbuild:linux_kernel_file.bzl", _linux_kernel_file = "linux_kernel_file")
load("//rules/kbuild:linux_source.bzl", _linux_source = "linux_source")
load("//rules/providers:archive_info.bzl", _KheadersArchiveInfo = "KheadersArchiveInfo")
load("//rules/providers:bpf_info.bzl", _KernelBpfInfo = "KernelBpfInfo")
load("//rules/providers:kernel_info.bzl", _KheadersKernelInfo = "KheadersKernelInfo")
load("//rules/providers:module_info.bzl", _KernelModuleInfo = "KernelModuleInfo")
load("//rules/providers:placeholder_info.bzl", _KheadersPlaceholderInfo = "KheadersPlaceholderInfo")
load("//rules/providers:source_info.bzl", _LinuxSourceInfo = "LinuxSourceInfo")
load("//rules/toolchain:kbuild_toolchain.bzl", _kbuild_toolchain = "kbuild_toolchain")
load("//rules/toolchain:kheaders_toolchain.bzl", _kheaders_toolchain = "kheaders_toolchain")

# The archive and what carries it.
kheaders_placeholder = _kheaders_placeholder
kheaders_archive = _kheaders_archive
kheaders_vmlinux = _kheaders_vmlinux
kheaders_module = _kheaders_module
kheaders_external_module = _kheaders_external_module
kheaders_image = _kheaders_image
kheaders_boot_image = _kheaders_boot_image
kheaders_initramfs = _kheaders_initramfs
kheaders_extract = _kheaders_extract
kheaders_host_tools = _kheaders_host_tools
kheaders_manifest_test = _kheaders_manifest_test

# What is built from it.
kernel_module = _kernel_module
kernel_compile_commands = _kernel_compile_commands
bpf_object = _bpf_object
bpf_objects = _bpf_objects
bpf_min_core_btf = _bpf_min_core_btf

# A kernel built here.
kbuild_required_programs = _kbuild_required_programs
linux_source = _linux_source
linux_kernel = _linux_kernel
linux_kernel_file = _linux_kernel_file
linux_image = _linux_image
linux_boot_test = _linux_boot_test

# A kernel built by somebody else.
kleaf_kernel = _kleaf_kernel
kleaf_system_dlkm = _kleaf_system_dlkm
linux_bzl_kernel = _linux_bzl_kernel
prebuilt_kernel = _prebuilt_kernel

# Providers and the toolchains.
KernelBpfInfo = _KernelBpfInfo
KernelModuleInfo = _KernelModuleInfo
KheadersArchiveInfo = _KheadersArchiveInfo
KheadersKernelInfo = _KheadersKernelInfo
KheadersPlaceholderInfo = _KheadersPlaceholderInfo
LinuxSourceInfo = _LinuxSourceInfo
kbuild_toolchain = _kbuild_toolchain
kheaders_toolchain = _kheaders_toolchain
