"""Rule clang_config: a C++ toolchain with action configs and no tool paths, as AOSP's clang is.

Read in prebuilts/clang/host/linux-x86/kleaf/{clang_config,common}.bzl of android14-6.1 and newer. None of its action configs is
`enabled`: Bazel asks for those that it knows.
"""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:cc_toolchain_config_lib.bzl", "action_config")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")

def _clang_config_impl(ctx):
    programs = {
        ACTION_NAMES.c_compile: ctx.file.clang,
        ACTION_NAMES.cpp_compile: ctx.file.clang_plus_plus,
        ACTION_NAMES.cpp_link_executable: ctx.file.ld,
        ACTION_NAMES.cpp_link_static_library: ctx.file.ar,
        ACTION_NAMES.strip: ctx.file.strip,
        ACTION_NAMES.objcopy_embed_data: ctx.file.objcopy,
    }
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "__toolchain_abi_libc_version__",
        abi_version = "__toolchain_abi_version__",
        action_configs = [
            action_config(action_name = name, tools = [struct(type_name = "tool", tool = program)])
            for name, program in programs.items()
        ],
        compiler = "r0",
        host_system_name = "__toolchain_host_system_name__",
        target_cpu = ctx.attr.target_cpu,
        target_libc = "__toolchain_target_libc__",
        target_system_name = "__toolchain_target_system_name__",
        toolchain_identifier = "clang_{}".format(ctx.attr.target_cpu),
    )

_PROGRAM = attr.label(allow_single_file = True, mandatory = True)

clang_config = rule(
    implementation = _clang_config_impl,
    attrs = {
        "ar": _PROGRAM,
        "clang": _PROGRAM,
        "clang_plus_plus": _PROGRAM,
        "ld": _PROGRAM,
        "objcopy": _PROGRAM,
        "strip": _PROGRAM,
        "target_cpu": attr.string(mandatory = True),
    },
    provides = [CcToolchainConfigInfo],
)
