"How a kernel's source reaches a command line."

load(":toolchain.bzl", "add_named")

visibility(["//rules/...", "//tests/oracle"])

def one_file(target, attribute):
    """The only file of a target.

    Args:
        target: (Target) what an attribute names.
        attribute: (string) the attribute, for the error.

    Returns:
        (File)
    """
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("{}: {} has {} files, expected one".format(attribute, target.label, len(files)))
    return files[0]

def source_args(args, source):
    """Adds a source to the arguments of kbuild.

    Args:
        args: (Args) of `kbuild kernel` or `kbuild relink`.
        source: (LinuxSourceInfo) the source.
    """
    args.add("--source", source.tarball)
    args.add_all(source.patches, before_each = "--patch")
    for name, file in source.overlay.items():
        add_named(args, "--overlay", name, file)

def source_inputs(source):
    """The files of a source.

    Args:
        source: (LinuxSourceInfo) the source.

    Returns:
        (list[File])
    """
    return [source.tarball] + source.patches + source.overlay.values()
