"Provider LinuxSourceInfo"

LinuxSourceInfo = provider(
    doc = "A kernel's source.",
    fields = {
        "overlay": "(dict[string, File]) files that take the place of the source's own, by their path in the tree.",
        "patches": "(list[File]) patches for `patch -p1`, in order.",
        "tarball": "(File) the release's tar, with one top directory. One file, because a tree has 80,000.",
    },
)
