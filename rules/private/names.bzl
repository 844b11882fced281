"What the files of a module may be called."

visibility("//rules/...")

# What make, or the shell that it starts, reads as something else than a part of a name: internal/kernel/kmodule/names.go has the same.
_NOT_IN_MAKE = " \t\n\"#$%&'()*,:;<=>?\\`|"

def check_name(label, what, name):
    """Fails if Kbuild cannot handle a name. Names of packages do not matter: modules are built in a directory of their own.

    Args:
        label: (Label) the target.
        what: (string) what is called so.
        name: (string)
    """
    bad = [c for c in name.elems() if c in _NOT_IN_MAKE]
    if bad:
        fail("{} has the {} \"{}\": Kbuild cannot handle the '{}' in its name; expected none of blanks and {}".format(
            label,
            what,
            name,
            bad[0],
            _NOT_IN_MAKE.strip(),
        ))

def check_modules(label, files, others):
    """Fails if two modules have one name: the kernel loads one of them, and takes - for _.

    Args:
        label: (Label) the target.
        files: (list[File]) its modules.
        others: (depset[File]) those that they depend on.
    """
    names = {}
    for file in others.to_list() + files:
        name = file.basename.replace("-", "_")
        if name in names:
            fail("{} has two modules of the name {}: {} and {}; a kernel loads one of them".format(
                label,
                name.removesuffix(".ko"),
                names[name].short_path,
                file.short_path,
            ))
        names[name] = file
