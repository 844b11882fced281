"How a rule says where in a carrier the reservation is."

PLACE_ATTRS = {
    "section": attr.string(doc = "The section that holds the placeholder, when it is not the one that is found by itself."),
    "symbols": attr.string_list(doc = "Two symbols, start and end, between which the placeholder lies, when they are not upstream's."),
}

def place(ctx, args):
    """Adds where the reservation is.

    Args:
        ctx: the context of a rule with PLACE_ATTRS.
        args: (Args) of patcher.
    """
    if ctx.attr.symbols and len(ctx.attr.symbols) != 2:
        fail("symbols of {} are {}, expected a start and an end".format(ctx.label, ctx.attr.symbols))
    if ctx.attr.section:
        args.add("--section", ctx.attr.section)
    if ctx.attr.symbols:
        args.add_joined("--symbols", ctx.attr.symbols, join_with = ",")
