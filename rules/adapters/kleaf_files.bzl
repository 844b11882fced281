"Where Kleaf's targets have a kernel's files: by output groups and by names, for its providers cannot be loaded."

# Groups that are no file of the objects' tree.
_NO_OUTS = ["modules_staging_archive", "rustavailable", "module_outs_file", "toolchain_version"]

# The paths in the objects' tree of what a directory of prebuilts has side by side, where the name alone does not say it.
_PATHS = {
    "kheaders.ko": "kernel/kheaders.ko",
    "sign-file": "scripts/sign-file",
    "signing_key.pem": "certs/signing_key.pem",
    "signing_key.x509": "certs/signing_key.x509",
}

_SYMVERS = "Module.symvers"
_RELEASE = "include/config/kernel.release"

def kleaf_build(target):
    """The files of a kernel that Kleaf built, here or elsewhere.

    Args:
        target: (Target) a kernel_build, or prebuilts of one: a kernel_filegroup, or a filegroup of a dist directory.

    Returns:
        (struct) label; outs (dict[string, File], by the path in the objects' tree); and each a File, or None when there is none:
        symvers, release, config, gki_info, modules_prepare, declaration.
    """
    groups = target[OutputGroupInfo] if OutputGroupInfo in target else {}
    files = target[DefaultInfo].files.to_list()
    if _SYMVERS in groups:
        outs = _grouped(groups)
        symvers, release = _only(target, groups, _SYMVERS), _only(target, groups, _RELEASE)
    else:
        outs = {_PATHS.get(f.basename, f.basename): f for f in files}
        symvers, release = _ending(target, files, _SYMVERS), outs.get("kernel.release")
    return struct(
        config = _ending(target, files, "_dot_config"),
        declaration = _ending(target, files, "_filegroup_decl.tar.gz"),
        gki_info = outs.get("gki-info.txt"),
        label = target.label,
        modules_prepare = outs.get("modules_prepare_outdir.tar.gz"),
        outs = outs,
        release = release,
        symvers = symvers,
    )

def _grouped(groups):
    "The outputs of a kernel_build, by the path in the objects' tree."
    outs = {}
    for name in groups:
        files = groups[name].to_list()
        if len(files) == 1 and name not in _NO_OUTS and files[0].short_path.endswith("/" + name):
            outs[name] = files[0]
    return outs

def _only(target, groups, name):
    "The file of an output group that each kernel_build has."
    files = groups[name].to_list() if name in groups else []
    if len(files) != 1:
        fail("{} has {} files in the output group {}; expected one; give a kernel_build of Kleaf".format(target.label, len(files), name))
    return files[0]

def _ending(target, files, end):
    "The file whose name ends so, or None."
    found = [f for f in files if f.basename.endswith(end)]
    if len(found) > 1:
        fail("{} has {} files whose names end in {}: {}; expected the files of one kernel".format(
            target.label,
            len(found),
            end,
            ", ".join([f.short_path for f in found]),
        ))
    return found[0] if found else None

def shown_files(target):
    """The files of a target, for an error.

    Args:
        target: (Target)

    Returns:
        (string)
    """
    names = sorted([f.basename for f in target[DefaultInfo].files.to_list()])
    return ", ".join(names[:8] + (["and {} more".format(len(names) - 8)] if len(names) > 8 else [])) or "no files"

def modules_prepare_files(target):
    """What the attribute modules_prepare leads to.

    Args:
        target: (Target) <kernel_build>_modules_prepare, its tar, or the declaration of prebuilts, which holds that.

    Returns:
        (struct) modules_prepare and declaration, a File and None or the other way round.
    """
    files = target[DefaultInfo].files.to_list()
    tars = [f for f in files if f.basename == "modules_prepare_outdir.tar.gz"]
    declarations = [f for f in files if f.basename.endswith("_filegroup_decl.tar.gz")]
    if len(tars + declarations) != 1:
        fail(("modules_prepare: {} has {}, expected one modules_prepare_outdir.tar.gz; give NAME_modules_prepare of the kernel_build NAME, " +
              "or NAME_filegroup_decl.tar.gz of prebuilts").format(target.label, shown_files(target)))
    return struct(
        declaration = declarations[0] if declarations else None,
        modules_prepare = tars[0] if tars else None,
    )

def config_of(target):
    """.config of a kernel_config.

    Args:
        target: (Target) <kernel_build>_config, or None.

    Returns:
        (File, list[File]) .config, or None and the directories that have one.
    """
    files = target[DefaultInfo].files.to_list() if target else []
    for file in files:
        if file.basename == ".config":
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
    return any([name.startswith(d) for d in ["LICENSES/", "include/", "scripts/", "tools/include/tools/", "tools/lib/python/"]]) or name in ["COPYING", "Kbuild", "Makefile"]
