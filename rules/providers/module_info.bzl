"Provider KernelModuleInfo"

KernelModuleInfo = provider(
    doc = "Kernel modules that are built together.",
    fields = {
        "compile_commands": "(File) compile_commands.json of the modules' sources, paths relative to the workspace.",
        "kernel": "(struct) the kernel that the modules are for, as in KheadersArchiveInfo; or None (or unset).",
        "ko": "(File) the module, or the first of several.",
        "module_symvers": "(File) the modules' own Module.symvers: what they export.",
        "modules": "(list[File]) the modules.",
        "transitive_modules": "(depset[File]) the modules and all they depend on, in an order in which they load.",
        "transitive_symvers": "(depset[File]) module_symvers, and that of all they depend on.",
        "tree": "(File) the unpacked archive that they were built from.",
    },
)
