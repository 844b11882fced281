"How a rule names and reaches the toolchain."

visibility(["//rules/...", "//tests/adapters/kleaf"])

TOOLCHAIN_TYPE = Label("//rules/toolchain:toolchain_type")

# Every action is a pure function of its inputs and takes paths as Files alone.
STRIP_PATHS = {"supports-path-mapping": "1"}

# An archive is code: actions that run its Makefiles and programs have no network, whatever the workspace's own defaults are.
NO_NETWORK = {"block-network": "1"}

def tools(ctx):
    """The resolved toolchain.

    Args:
        ctx: the context of a rule that declares TOOLCHAIN_TYPE.

    Returns:
        (KheadersToolchainInfo)
    """
    return ctx.toolchains[TOOLCHAIN_TYPE].kheaders

def optional_tool(ctx, name):
    """A program that not every toolchain has.

    Args:
        ctx: the context of a rule that declares TOOLCHAIN_TYPE.
        name: the field of KheadersToolchainInfo.

    Returns:
        (FilesToRunProvider)
    """
    tool = getattr(tools(ctx), name)
    if not tool:
        fail("the resolved toolchain of {} has no {}, which {} needs; set {} on its kheaders_toolchain".format(
            TOOLCHAIN_TYPE,
            name,
            ctx.label,
            name,
        ))
    return tool

def add_named(args, flag, name, file):
    """Adds a flag whose value is NAME=FILE.

    Args:
        args: (Args)
        flag: (string) as `--out`.
        name: (string) anything but a newline.
        file: (File)
    """
    args.add(flag)
    args.add(file, format = name.replace("%", "%%") + "=%s")

def param_file(ctx):
    """Arguments that go through a param file, one a line, however few they are.

    Args:
        ctx: the rule's context.

    Returns:
        (Args)
    """
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.use_param_file("@%s", use_always = True)
    return args
