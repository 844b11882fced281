"Rule cross_toolchain_config: a C++ toolchain whose programs are files of the workspace."

load("@rules_cc//cc:cc_toolchain_config_lib.bzl", "tool_path")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")

# What Bazel asks each C++ toolchain for; a path is relative to the package.
_PROGRAMS = ["ar", "cpp", "gcc", "ld", "nm", "objcopy", "objdump", "strip"]

def _cross_toolchain_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "unknown",
        abi_version = "unknown",
        compiler = "gcc",
        host_system_name = "local",
        target_cpu = "aarch64",
        target_libc = "unknown",
        target_system_name = "aarch64-lab-linux-gnu",
        tool_paths = [tool_path(name = p, path = ctx.attr.prefix + p) for p in _PROGRAMS],
        toolchain_identifier = "aarch64-lab-linux-gnu",
    )

cross_toolchain_config = rule(
    implementation = _cross_toolchain_config_impl,
    attrs = {"prefix": attr.string(mandatory = True)},
    provides = [CcToolchainConfigInfo],
)
