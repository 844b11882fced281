"Provider KheadersArchiveInfo"

DOC = """An archive of kernel headers: a tar.xz that can be stamped into a carrier, and that modules are built from."""

KheadersArchiveInfo = provider(
    doc = DOC,
    fields = {
        "archive": "(File) the tar.xz.",
        "host_tools": "(File) directory of host tools that take the place of the archive's, or None (or unset) when its own are used.",
        "kernel": "(struct) by what the kernel is told from others: `symvers` (the path of its Module.symvers) or `device` (its carrier's sha256 or path); or None (or unset) when neither is known.",
        "manifest": "(File) text, one line a member: mode, size, sha256, name; or None when the archive was not packed here.",
        "report": "(File) JSON with sizes and digests, or None when the archive was not packed here.",
        "tree": "(File) the directory of the unpacked archive; it is made when something needs it, once for all.",
    },
)
