"The attribute that permits a kernel with a secret layout of structs."

visibility("//rules/...")

SEED_ATTRS = {
    "allow_randstruct_seed": attr.bool(
        doc = "Permit a kernel with CONFIG_RANDSTRUCT. Modules can be built for it only with its seed, which is then in the headers " +
              "and the archive, where all users of the machine can read it.",
    ),
}

def add_seed(ctx, args):
    """Adds the flag, if the attribute is set.

    Args:
        ctx: the context of a rule with SEED_ATTRS.
        args: (Args) of a packer or kbuild command.
    """
    if ctx.attr.allow_randstruct_seed:
        args.add("--allow-randstruct-seed")
