"Test compiler_test: a module is compiled by the C++ toolchain of its platform."

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_GCC = "tests/cross/bin/aarch64-lab-linux-gnu-gcc"

def _compiler_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = [a for a in analysistest.target_actions(env) if a.mnemonic == "KernelModule"]
    asserts.equals(env, 1, len(actions))
    inputs = [f.short_path for f in actions[0].inputs.to_list()]
    asserts.equals(env, ctx.attr.cross, _GCC in inputs, "{} is an input of KernelModule".format(_GCC))
    return analysistest.end(env)

_ATTRS = {"cross": attr.bool(mandatory = True)}

compiler_test = analysistest.make(_compiler_test_impl, attrs = _ATTRS)

cross_compiler_test = analysistest.make(
    _compiler_test_impl,
    attrs = _ATTRS,
    config_settings = {"//command_line_option:platforms": str(Label("//tests/cross:arm64"))},
)
