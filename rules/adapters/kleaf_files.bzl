"Where Kleaf's targets have a kernel's files: by output groups and by names, for its providers cannot be loaded."

# Groups that are no file of the objects' tree.
_NO_OUTS = ["modules_staging_archive", "rustavailable", "module_outs_file", "toolchain_version"]

def kleaf_outs(build):
    """What a kernel_build brings out, by the path in the objects' tree.

    Args:
        build: (Target) a kernel_build.

    Returns:
        (dict[string, File])
    """
    outs = {}
    for name in build[OutputGroupInfo]:
        files = build[OutputGroupInfo][name].to_list()
        if len(files) == 1 and name not in _NO_OUTS and files[0].short_path.endswith("/" + name):
            outs[name] = files[0]
    return outs

def kleaf_out(build, name):
    """One file of a kernel_build that all of them have.

    Args:
        build: (Target) a kernel_build.
        name: (string) the path in the objects' tree.

    Returns:
        (File)
    """
    files = build[OutputGroupInfo][name].to_list() if name in build[OutputGroupInfo] else []
    if len(files) != 1:
        fail("{} has {} files in the output group {}, expected one; give a kernel_build of Kleaf".format(build.label, len(files), name))
    return files[0]

def modules_prepare_tar(target):
    """The tar of the objects' tree after `make modules_prepare`.

    Args:
        target: (Target) <kernel_build>_modules_prepare.

    Returns:
        (File)
    """
    files = target[DefaultInfo].files.to_list()
    tars = [f for f in files if f.basename == "modules_prepare_outdir.tar.gz"]
    if len(tars) != 1:
        fail("modules_prepare: {} has {}, expected one modules_prepare_outdir.tar.gz; give NAME_modules_prepare of the kernel_build NAME".format(
            target.label,
            ", ".join([f.basename for f in files]) or "no files",
        ))
    return tars[0]

def dot_config(build, config):
    """The kernel's .config: of android16 and newer the kernel_build's own, else of its kernel_config.

    Args:
        build: (Target) a kernel_build.
        config: (Target) <kernel_build>_config, or None.

    Returns:
        (File, list[File]) .config, or None and the directories that have one.
    """
    kept = [f for f in build[DefaultInfo].files.to_list() if f.basename == build.label.name + "_dot_config"]
    files = config[DefaultInfo].files.to_list() if config else []
    for file in kept + [f for f in files if f.basename == ".config"]:
        return file, []
    return None, [f for f in files if f.is_directory]

def architecture_dir(arch):
    """The directory below arch/: the top Makefile's SRCARCH.

    Args:
        arch: (string) as make takes it.

    Returns:
        (string)
    """
    return {"i386": "x86", "x86_64": "x86"}.get(arch, arch)

def is_candidate(name, arch):
    """Whether a file of the source can be of use for an archive, so that the rest is no input of the action.

    Args:
        name: (string) its path in the source.
        arch: (string) the directory below arch/.

    Returns:
        (bool)
    """
    if name.startswith("arch/"):
        return name.startswith("arch/{}/".format(arch)) and (
            name.endswith(".h") or name.split("/")[-1].startswith("Makefile") or
            name.split("/")[-1] in ["Kbuild", "Kbuild.platforms", "Platform"] or name.endswith(".lds") or name.endswith(".sh")
        )
    if name.startswith("scripts/dtc/"):
        return False
    return name.startswith("include/") or name.startswith("scripts/") or name in ["Makefile", "Kbuild"]
