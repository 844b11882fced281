"Rule kbuild_required_programs"

load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool", "tools")

def _kbuild_required_programs_impl(ctx):
    needs = ctx.attr.programs or ctx.attr.headers or ctx.attr.deps
    if not needs and not tools(ctx).kmodule:
        # A toolchain for archives alone. What nothing depends on is not looked for.
        return [DefaultInfo(), _RequiredProgramsInfo(args = [])]
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    args = ctx.actions.args()
    args.add("check")
    for dep in ctx.attr.deps:
        args.add_all(dep[_RequiredProgramsInfo].args, before_each = "--need")
    own = ["{}={}".format(name, package) for name, package in ctx.attr.programs.items()] + \
          ["{}={}".format(name, package) for name, package in ctx.attr.headers.items()]
    args.add_all(own, before_each = "--need")
    args.add_all(ctx.attr.optional, before_each = "--optional")
    args.add("--out", out)
    ctx.actions.run(
        executable = optional_tool(ctx, "kmodule"),
        arguments = [args],
        outputs = [out],
        mnemonic = "KbuildRequiredPrograms",
        # It has no inputs, so its key says nothing of the machine: another machine's answer is none, and neither is the
        # same machine's from before its compiler was upgraded.
        execution_requirements = {"no-cache": "1"},
        progress_message = "Looking for the programs that %{label} names",
        use_default_shell_env = True,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [
        DefaultInfo(files = depset([out])),
        _RequiredProgramsInfo(args = own + [a for dep in ctx.attr.deps for a in dep[_RequiredProgramsInfo].args]),
    ]

_RequiredProgramsInfo = provider(
    doc = "What a kbuild_required_programs target asks for.",
    fields = {"args": "(list[string]) NAME=PACKAGE; a name with .h is a C header."},
)

kbuild_required_programs = rule(
    doc = """Looks for the programs and C headers that the machine must provide for a kernel's build.

Everything that is missing is reported at once, with the command that installs it, before anything is compiled. A kernel's own host
tools (fixdep, modpost) are another thing: see `kheaders_host_tools`.
""",
    implementation = _kbuild_required_programs_impl,
    attrs = {
        "deps": attr.label_list(doc = "Others of this rule, whose needs are added.", providers = [_RequiredProgramsInfo]),
        "headers": attr.string_dict(doc = "C headers, and the Debian package of each."),
        "optional": attr.string_list(doc = "Programs that may be missing; of those that are there the compilers' and linkers' versions are in the keys of the actions that run them."),
        "programs": attr.string_dict(doc = "Programs, and the Debian package of each."),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
