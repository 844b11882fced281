"How a rule says where in a carrier the reservation is."

visibility("//rules/...")

PLACE_ATTRS = {
    "section": attr.string(doc = "The section that holds the placeholder, when it is not the one that is found automatically."),
    "symbols": attr.string_list(doc = "Two symbols, start and end, between which the placeholder is, when they are not upstream's."),
}

def place(ctx, args):
    """Adds where the reservation is.

    Args:
        ctx: the context of a rule; without PLACE_ATTRS nothing is added.
        args: (Args) of patcher.
    """
    section = getattr(ctx.attr, "section", "")
    symbols = getattr(ctx.attr, "symbols", [])
    if symbols and len(symbols) != 2:
        fail("symbols of {} are {}, expected a start and an end".format(ctx.label, symbols))
    if section:
        args.add("--section", section)
    if symbols:
        args.add_joined("--symbols", symbols, join_with = ",")
