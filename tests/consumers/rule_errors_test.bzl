"What kernel_module and bpf_object say of bad attributes, and what their actions read."

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "bpf_object", "kernel_module")
load("//tests/analysis:fails_test.bzl", "fails_test")

def _inputs_impl(ctx):
    env = analysistest.begin(ctx)
    actions = [a for a in analysistest.target_actions(env) if a.mnemonic == ctx.attr.mnemonic]
    asserts.equals(env, 1, len(actions))
    seen = [f.short_path for f in actions[0].inputs.to_list()]

    # The program kmodule, which is the toolchain, and the middleman of its runfiles.
    others = [f for f in seen if not f.startswith("tools/kmodule/") and not f.startswith("_middlemen/tools_Skmodule")]
    asserts.equals(env, sorted(ctx.attr.inputs), sorted(others))
    return analysistest.end(env)

# Only the archive, the sources and what is generated from them; the toolchain is the program kmodule and the machine's own.
_inputs_test = analysistest.make(_inputs_impl, attrs = {"inputs": attr.string_list(), "mnemonic": attr.string()})

def rule_errors_test_suite(name, archive):
    """Tests of what the rules refuse, and of what their actions read.

    Args:
        name: the suite.
        archive: (label) an archive.
    """
    tests = []
    for case, message, attrs in [
        ("no_source", "have no .c or .S file and no Kbuild or Makefile", {"srcs": ["gadget/include/gadget.h"]}),
        ("in_rust", "is Rust, and no archive has anything for that", {"srcs": [":in_rust_rs", "user.c"]}),
        ("one_of_several", "cannot be one of several sources of the module one_of_several", {"srcs": ["user.c", ":one_of_several_c"]}),
        ("modules_without_kbuild", "so srcs need a Kbuild or Makefile", {"modules": ["a.ko"], "srcs": ["user.c"]}),
        ("no_ko", "expected names that end in .ko", {"modules": ["a.o"], "srcs": ["gadget/Kbuild"]}),
        ("gadget_client", "has two modules of the name gadget_client", {"deps": [":gadget"], "srcs": ["user.c"]}),
        ("name,with,commas", "has the module \"name,with,commas\": Kbuild cannot handle the ',' in its name", {"srcs": ["user.c"]}),
        ("odd_source", "has the source \"odd#source.c\": Kbuild cannot handle the '#' in its name", {"srcs": [":odd#source.c"]}),
        ("odd_module", "has the module \"a b.ko\": Kbuild cannot handle the ' ' in its name", {"modules": ["a b.ko"], "srcs": ["gadget/Kbuild"]}),
        ("odd_include", "has the include directory \"a$b\": Kbuild cannot handle the '$' in its name", {"includes": ["a$b"], "srcs": ["user.c"]}),
        ("half_signed", "needs signing_key and signing_cert too", {"sign_file": "user.c", "srcs": ["user.c"]}),
    ]:
        kernel_module(name = case, archive = archive, tags = ["manual"], **attrs)
        tests.append("{}_{}".format(case, name))
        fails_test(name = tests[-1], message = message, target_under_test = ":" + case)
    native.genrule(name = "odd_source_c", outs = ["odd#source.c"], cmd = "touch $@", tags = ["manual"])
    native.genrule(name = "in_rust_rs", outs = ["hello.rs"], cmd = "touch $@", tags = ["manual"])
    native.genrule(name = "one_of_several_c", outs = ["one_of_several.c"], cmd = "touch $@", tags = ["manual"])

    tests.append("inputs_" + name)
    _inputs_test(
        name = tests[-1],
        inputs = [
            "examples/demo/archive_in_vmlinux.tree",
            "rules/kbuild/compilers.txt",
            "tests/consumers/gadget.symvers",
            "tests/consumers/gadget/include/gadget.h",
            "tests/consumers/user.c",
            "tests/consumers/user.kbuild/Kbuild",
        ],
        mnemonic = "KernelModule",
        target_under_test = ":user",
    )

    bpf_object(name = "btf_alone", src = "user.c", archive = archive, btf = "user.c", tags = ["manual"])
    tests.append("btf_alone_" + name)
    fails_test(name = tests[-1], message = "needs bpftool too", target_under_test = ":btf_alone")

    for case, message, attributes in [
        ("kernel_btf", "has headers = \"kernel\" and btf", {"btf": "user.c", "headers": "kernel", "src": "user.c"}),
        ("no_bpf_source", "neither src nor srcs", {}),
        ("two_sources", "so it needs bpftool too, which links them", {"srcs": ["user.c", "gadget/main.c"]}),
    ]:
        bpf_object(name = case, archive = archive, tags = ["manual"], **attributes)
        tests.append("{}_{}".format(case, name))
        fails_test(name = tests[-1], message = message, target_under_test = case)

    bpf_object(name = "bpf", src = "user.c", archive = archive, tags = ["manual"])
    tests.append("bpf_inputs_" + name)
    _inputs_test(
        name = tests[-1],
        inputs = [
            "examples/demo/archive_in_vmlinux.tree",
            "rules/kbuild/compilers.txt",
            "tests/consumers/user.c",
        ],
        mnemonic = "BpfObject",
        target_under_test = ":bpf",
    )
    native.test_suite(name = name, tests = tests)
