"What the module extensions have in common: tags that each name a repository."

visibility("//rules/...")

def named_tags(mctx, extension, tag):
    """The tags of all modules by the repositories that they name.

    Args:
        mctx: (module_ctx)
        extension: (string) the extension's name, for the error.
        tag: (string) the name of the tag class, which has an attribute `name`.

    Returns:
        (dict[string, struct])
    """
    tags, modules = {}, {}
    for module in mctx.modules:
        for value in getattr(module.tags, tag):
            if value.name in tags:
                fail("{}.{} names the repository {} twice: in {} and in {}; give one of them another name".format(
                    extension,
                    tag,
                    value.name,
                    _title(modules[value.name]),
                    _title(module),
                ))
            tags[value.name], modules[value.name] = value, module
    return tags

def _title(module):
    name = "module {}{}".format(module.name, "@" + module.version if module.version else "") if module.name else "a module without a name"
    return name + (", the root" if module.is_root else "")

def extension_metadata(mctx, tag):
    """What an extension returns: its repositories are the same on each machine, and the root module uses those of its own tags.

    Args:
        mctx: (module_ctx)
        tag: (string) the name of the tag class.

    Returns:
        (extension_metadata)
    """
    direct = {False: [], True: []}
    for module in mctx.modules:
        if module.is_root:
            for value in getattr(module.tags, tag):
                direct[mctx.is_dev_dependency(value)].append(value.name)
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = direct[False],
        root_module_direct_dev_deps = direct[True],
    )
