"Macro programs_test: what an action that runs programs has of a kbuild_toolchain of each kind, and of the machine without one."

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

# Of the machine: what it has, as //rules/kbuild writes it down.
_MACHINE = "rules/kbuild/"

def _programs_test_impl(ctx):
    env = analysistest.begin(ctx)
    action = [a for a in analysistest.target_actions(env) if a.mnemonic == ctx.attr.mnemonic][0]
    inputs = [f.short_path for f in action.inputs.to_list()]
    argv = action.argv
    machine = [name for name in inputs if name.startswith(_MACHINE)]
    if not ctx.attr.flag:
        asserts.false(env, "--from" in " ".join(argv), "there is no toolchain, and the command is {}".format(argv[:3]))
        asserts.true(env, machine, "what the machine has is an input")
        return analysistest.end(env)
    asserts.equals(env, {}, action.env, "the environment")
    asserts.equals(env, [], machine, "inputs that say what the machine has")
    asserts.equals(env, "krun", argv[0].split("/")[-1], "the program")
    asserts.equals(env, ctx.attr.flag, argv[1], "its first flag")
    asserts.equals(env, [], [a for a in argv if a.startswith("/") or "=/" in a], "paths of the machine among the arguments")
    for name in ctx.attr.files:
        asserts.true(env, [i for i in inputs if i.endswith(name)], "{} is an input".format(name))
    return analysistest.end(env)

_ATTRS = {
    "files": attr.string_list(doc = "How inputs end."),
    "flag": attr.string(doc = "The first flag of krun, or none."),
    "mnemonic": attr.string(mandatory = True),
}

def _with(toolchain):
    return analysistest.make(
        _programs_test_impl,
        attrs = _ATTRS,
        config_settings = {"//command_line_option:extra_toolchains": [str(Label(toolchain))] if toolchain else []},
    )

_machine_test = _with(None)
_programs_test = _with("//tests/toolchain:programs_toolchain")
_registered_machine_test = _with("//rules/toolchain:machine_toolchain")
_root_test = _with("//tests/toolchain:root_toolchain")

def programs_test(name, mnemonic, target_under_test):
    """Tests of a target's action.

    Args:
        name: the suite.
        mnemonic: the action.
        target_under_test: the target.
    """
    for test, suffix, flag, files in [
        (_machine_test, "machine", "", []),
        (_registered_machine_test, "registered_machine", "", []),
        (_programs_test, "programs", "--path", ["bin/make", "bin/sed", "bin/gcc"]),
        (_root_test, "root", "--root", ["root.tar"]),
    ]:
        test(
            name = "{}_{}".format(name, suffix),
            files = files,
            flag = flag,
            mnemonic = mnemonic,
            tags = ["manual"],
            target_under_test = target_under_test,
        )
    native.test_suite(name = name, tags = ["manual"], tests = [name + "_" + s for s in ["machine", "registered_machine", "programs", "root"]])
