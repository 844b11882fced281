"Rule in_two_configurations: targets, each built for two configurations of Bazel in one build."

def _two_impl(_settings, _attr):
    return {mode: {"//command_line_option:compilation_mode": mode} for mode in ["dbg", "opt"]}

_two = transition(
    implementation = _two_impl,
    inputs = [],
    outputs = ["//command_line_option:compilation_mode"],
)

def _in_two_configurations_impl(ctx):
    return [DefaultInfo(files = depset(transitive = [t[DefaultInfo].files for t in ctx.attr.targets]))]

in_two_configurations = rule(
    implementation = _in_two_configurations_impl,
    attrs = {"targets": attr.label_list(cfg = _two, mandatory = True)},
)
