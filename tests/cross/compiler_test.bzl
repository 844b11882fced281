"Macro compiler_test: a module is compiled and stripped by the programs of the C++ toolchain of its platform."

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

def _flag(action, name):
    "The value of a flag on an action's command line, or None."
    for flag, value in zip(action.argv, action.argv[1:]):
        if flag == name:
            return value
    return None

def _compiler_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    for mnemonic, flag, want in [
        ("KernelModule", "--compiler", ctx.attr.compiler),
        ("KernelModuleInstall", "--strip-program", ctx.attr.strip),
    ]:
        action = [a for a in actions if a.mnemonic == mnemonic][0]
        got = _flag(action, flag)
        if not want:
            # The machine's own, which kmodule finds.
            asserts.equals(env, None, got, "{} {}".format(mnemonic, flag))
            continue
        asserts.equals(env, want, got, "{} {}".format(mnemonic, flag))
        asserts.true(env, want in [f.path for f in action.inputs.to_list()], "{} is an input of {}".format(want, mnemonic))
    return analysistest.end(env)

_ATTRS = {"compiler": attr.string(), "strip": attr.string()}

_compiler_test = analysistest.make(_compiler_test_impl, attrs = _ATTRS)

def _on_arm64(toolchain):
    return analysistest.make(
        _compiler_test_impl,
        attrs = _ATTRS,
        config_settings = {
            "//command_line_option:extra_toolchains": [str(Label(toolchain))] if toolchain else [],
            "//command_line_option:platforms": str(Label("//tests/cross:arm64")),
        },
    )

_registered_test = _on_arm64(None)
_action_configs_test = _on_arm64("//tests/cross:action_configs_toolchain")
_rule_based_test = _on_arm64("//tests/cross:rule_based_toolchain")

def compiler_test(name, target_under_test):
    """Tests of a stripped module with a toolchain of each shape, and with the machine's own.

    Args:
        name: the suite.
        target_under_test: a kernel_module with `strip`.
    """
    for test, suffix, compiler, strip in [
        (_compiler_test, "machine", "", ""),
        (_registered_test, "tool_paths", "tests/cross/bin/aarch64-lab-linux-gnu-gcc", "tests/cross/bin/aarch64-lab-linux-gnu-strip"),
        (_action_configs_test, "action_configs", "tests/cross/llvm/bin/clang", "tests/cross/llvm/bin/llvm-strip"),
        (_rule_based_test, "rule_based", "tests/cross/llvm/bin/clang", "tests/cross/strip/bin/lab-strip"),
    ]:
        test(name = "{}_{}".format(name, suffix), compiler = compiler, strip = strip, target_under_test = target_under_test)
    native.test_suite(name = name, tests = [name + "_" + s for s in ["machine", "tool_paths", "action_configs", "rule_based"]])
