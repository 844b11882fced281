"What a rule says of a module in Rust."

visibility("//rules/...")

def no_rust(label, name):
    """Fails for a source in Rust, for which no archive has anything.

    Args:
        label: (Label) the target.
        name: (string) the name of one of its sources.
    """
    if name.endswith(".rs"):
        fail(("srcs of {} have {}, which is Rust, and no archive has anything for that: rustc reads rust/*.rmeta and the procedural " +
              "macros of the kernel's own build; write the module in C, or build it in the kernel's tree").format(label, name))
