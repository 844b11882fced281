"Rule kbuild_required_programs"

load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS", "kbuild_toolchain", "run_with_programs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool", "tools")
load("//rules/providers:required_programs_info.bzl", "RequiredProgramsInfo")

def _kbuild_required_programs_impl(ctx):
    programs = {} if ctx.attr.machine else ctx.attr.programs | ctx.attr.headers
    machine = ctx.attr.programs | ctx.attr.headers if ctx.attr.machine else {}
    for dep in ctx.attr.deps:
        programs = dep[RequiredProgramsInfo].programs | programs
        machine = dep[RequiredProgramsInfo].machine | machine
    info = RequiredProgramsInfo(machine = machine, programs = programs)
    if not programs and not machine and not tools(ctx).kmodule:
        # A toolchain for archives alone. What nothing depends on is not looked for.
        return [DefaultInfo(), info]
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    args = ctx.actions.args()
    args.add("check")
    toolchain = kbuild_toolchain(ctx)
    needs = programs if toolchain else programs | machine
    args.add_all(["{}={}".format(name, package) for name, package in needs.items()], before_each = "--need")
    args.add_all(ctx.attr.optional, before_each = "--optional")
    args.add("--out", out)
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        outputs = [out],
        needs = needs,
        mnemonic = "KbuildRequiredPrograms",
        # Without a toolchain it has no inputs, so its key says nothing of the machine: another machine's answer is none, and
        # neither is the same machine's from before its compiler was upgraded.
        execution_requirements = {} if toolchain else {"no-cache": "1"},
        progress_message = "Looking for the programs that %{label} names",
    )
    return [DefaultInfo(files = depset([out])), info]

kbuild_required_programs = rule(
    doc = """Looks for the programs and C headers that the machine, or a kbuild_toolchain, must provide for a kernel's build.

Everything that is missing is reported at once, with the command that installs it, before anything is compiled. A kernel's own host
tools (fixdep, modpost) are another thing: see `kheaders_host_tools`.
""",
    implementation = _kbuild_required_programs_impl,
    attrs = {
        "deps": attr.label_list(doc = "Others of this rule, whose needs are added.", providers = [RequiredProgramsInfo]),
        "headers": attr.string_dict(doc = "C headers, and the Debian package of each."),
        "machine": attr.bool(doc = "The machine must provide them even where a kbuild_toolchain is registered, which then need not: QEMU, to boot the kernel."),
        "optional": attr.string_list(doc = "Programs that may be missing; of those that are there the compilers' and linkers' versions are in the keys of the actions that run them."),
        "programs": attr.string_dict(doc = "Programs, and the Debian package of each."),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
