"How an action gets the programs that make runs: of a kbuild_toolchain, or the machine's."

load("//rules/providers:required_programs_info.bzl", "RequiredProgramsInfo")
load(":toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool")

visibility(["//rules/...", "//tests/adapters/kleaf"])

KBUILD_TOOLCHAIN_TYPE = Label("//rules/toolchain:kbuild_toolchain_type")

# Without one the machine's programs are run.
KBUILD_TOOLCHAINS = [config_common.toolchain_type(KBUILD_TOOLCHAIN_TYPE, mandatory = False)]

# What the build of a module runs by its name, whatever the kernel: Documentation/process/changes.rst, and what scripts/ calls.
MODULE_PROGRAMS = {
    "awk": "mawk",
    "cat": "coreutils",
    "cmp": "diffutils",
    "grep": "grep",
    "make": "make",
    "mkdir": "coreutils",
    "mv": "coreutils",
    "rm": "coreutils",
    "sed": "sed",
    "sh": "dash",
    "touch": "coreutils",
}

# What compiles host tools: HOSTCC is gcc unless a C++ toolchain has a compiler for this machine.
HOST_PROGRAMS = MODULE_PROGRAMS

# What host tools and generated headers are made with from a kernel's source.
SOURCE_PROGRAMS = {
    "bison": "bison",
    "flex": "flex",
    "patch": "patch",
    "tar": "tar",
    "xz": "xz-utils",
}

def kbuild_toolchain(ctx):
    """The registered kbuild_toolchain.

    Args:
        ctx: the context of a rule that declares KBUILD_TOOLCHAINS.

    Returns:
        (KbuildToolchainInfo) or None where the machine's programs are run.
    """
    toolchain = ctx.toolchains[KBUILD_TOOLCHAIN_TYPE]
    return toolchain.kbuild if toolchain else None

def required_programs(ctx):
    """What a kernel's make needs of a kbuild_toolchain.

    Args:
        ctx: the context of a rule with the attribute `required_programs`.

    Returns:
        (dict[string, string]) for `needs` of run_with_programs.
    """
    target = ctx.attr.required_programs
    return target[RequiredProgramsInfo].programs if RequiredProgramsInfo in target else {}

def _directory(file):
    return file.path if file.is_directory else file.dirname

def run_with_programs(
        ctx,
        program,
        arguments,
        outputs,
        mnemonic,
        progress_message,
        inputs = [],
        machine = [],
        transitive = [],
        needs = {},
        tools = [],
        execution_requirements = {},
        resource_set = None):
    """Declares an action whose program runs others, as make and compilers.

    With a kbuild_toolchain these are inputs, and the action's environment is empty. Without one they are the machine's, by its PATH.

    Args:
        ctx: the context of a rule that declares TOOLCHAIN_TYPE and KBUILD_TOOLCHAINS.
        program: (FilesToRunProvider)
        arguments: (list[Args]) of the program.
        outputs: (list[File])
        mnemonic: (string)
        progress_message: (string)
        inputs: (list[File])
        machine: (list[File]) inputs that say which programs the machine has.
        transitive: (list[depset[File]]) further inputs.
        needs: (dict[string, string]) programs and C headers that a kbuild_toolchain must have, and Debian's package of each.
        tools: (list[FilesToRunProvider]) further programs of the rules.
        execution_requirements: (dict[string, string])
        resource_set: (function) or None.
    """
    kbuild = kbuild_toolchain(ctx)
    if not kbuild:
        ctx.actions.run(
            executable = program,
            arguments = arguments,
            inputs = depset(inputs + machine, transitive = transitive),
            outputs = outputs,
            tools = tools,
            mnemonic = mnemonic,
            progress_message = progress_message,
            # The machine's programs, by the strict PATH.
            use_default_shell_env = True,
            execution_requirements = execution_requirements,
            resource_set = resource_set,
            toolchain = TOOLCHAIN_TYPE,
        )
        return
    before = ctx.actions.args()
    if kbuild.root:
        before.add("--root", kbuild.root)
        before.add(str(kbuild.label), format = "--from=root of %s")
    else:
        before.add_all(kbuild.programs, map_each = _directory, before_each = "--path", expand_directories = False, uniquify = True)
        before.add(str(kbuild.label), format = "--from=programs of %s")
    before.add_all(["{}={}".format(name, package) for name, package in needs.items()], before_each = "--need")
    before.add("--")
    before.add(program.executable)
    ctx.actions.run(
        executable = optional_tool(ctx, "krun"),
        arguments = [before] + arguments,
        inputs = depset(inputs, transitive = transitive + [kbuild.files]),
        outputs = outputs,
        tools = tools + [program],
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {},
        execution_requirements = execution_requirements,
        resource_set = resource_set,
        toolchain = TOOLCHAIN_TYPE,
    )
