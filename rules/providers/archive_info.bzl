"Provider KheadersArchiveInfo"

DOC = """An archive of kernel headers: a tar.xz that can be stamped into a carrier, and that modules are built from.

`archive` and `tree` are mandatory; the others are None by default.
"""

def _archive_info(*, archive, tree, host_tools = None, kernel = None, manifest = None, report = None):
    return {
        "archive": archive,
        "host_tools": host_tools,
        "kernel": kernel,
        "manifest": manifest,
        "report": report,
        "tree": tree,
    }

KheadersArchiveInfo, _new = provider(
    doc = DOC,
    fields = {
        "archive": "(File) the tar.xz.",
        "host_tools": "(File) directory of host tools that take the place of the archive's, or None when its own are used.",
        "kernel": "(struct) by what the kernel is told from others: `symvers` (the path of its Module.symvers) or `device` (its carrier's sha256 or path); or None when neither is known.",
        "manifest": "(File) text, one line a member: mode, size, sha256, name; or None when the archive was not packed here.",
        "report": "(File) JSON with sizes and digests, or None when the archive was not packed here.",
        "tree": "(File) the directory of the unpacked archive; it is made when something needs it, once for all.",
    },
    init = _archive_info,
)

def with_host_tools(archive, host_tools):
    """Returns an archive with other host tools, which is the same in all else.

    Args:
        archive: (KheadersArchiveInfo) an archive.
        host_tools: (File) the directory of host tools.

    Returns:
        (KheadersArchiveInfo) the archive with those host tools.
    """
    return _new(
        archive = archive.archive,
        host_tools = host_tools,
        kernel = archive.kernel,
        manifest = archive.manifest,
        report = archive.report,
        tree = archive.tree,
    )
