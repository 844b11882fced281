"Module extensions: `linux`, kernel sources by their releases; `kheaders`, devices' headers by their digests; `tools`, a release's programs."

load("//rules:kheaders_repository.bzl", "KHEADERS_ATTRS", "kheaders_repository")
load("//rules:tools_repository.bzl", "read_lock", "tools_hub_repository", "tools_repository")
load("//rules/kbuild:linux_source_repository.bzl", "LINUX_SOURCE_ATTRS", "linux_source_repository")
load("//rules/private:extension.bzl", "extension_metadata", "named_tags")

def _linux_impl(mctx):
    tags = named_tags(mctx, "linux", "source")
    for source in tags.values():
        linux_source_repository(
            name = source.name,
            patches = source.patches,
            sha256 = source.sha256,
            urls = source.urls,
            version = source.version,
        )
    return extension_metadata(mctx, "source")

linux = module_extension(
    doc = "Kernel sources by their releases.",
    implementation = _linux_impl,
    tag_classes = {"source": tag_class(
        doc = "A kernel's source, as `linux_source_repository` has it.",
        attrs = LINUX_SOURCE_ATTRS | {"name": attr.string(doc = "The repository's name.", mandatory = True)},
    )},
)

def _kheaders_impl(mctx):
    tags = named_tags(mctx, "kheaders", "archive")
    for archive in tags.values():
        kheaders_repository(name = archive.name, file = archive.file, sha256 = archive.sha256, urls = archive.urls)
    return extension_metadata(mctx, "archive")

kheaders = module_extension(
    doc = "Devices' headers by their digests.",
    implementation = _kheaders_impl,
    tag_classes = {"archive": tag_class(
        doc = "An archive or a carrier of one, as `kheaders_repository` has it: `@NAME//:archive`.",
        attrs = KHEADERS_ATTRS | {"name": attr.string(doc = "The repository's name.", mandatory = True)},
    )},
)

_TOOLS = "kheaders_tools"

def _tools_impl(mctx):
    locks = [tag.lock for module in mctx.modules if module.is_root for tag in module.tags.release]
    if len(locks) > 1:
        fail("tools.release is there {} times, for {}; expected one".format(len(locks), ", ".join([str(lock) for lock in locks])))
    repositories = {}
    for lock in locks:
        release = read_lock(mctx.read(lock), lock)
        for platform, programs in release.programs.items():
            repositories[platform] = _TOOLS + "_" + platform
            tools_repository(name = repositories[platform], platform = platform, programs = programs, urls = release.urls)
        tools_hub_repository(name = _TOOLS, repositories = repositories)
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = [_TOOLS] if locks else [],
        root_module_direct_dev_deps = [],
    )

tools = module_extension(
    doc = """A release's static programs, in place of ones that rules_go builds: `@kheaders_tools//:all`, toolchains to be registered.

Only the root module chooses.
""",
    implementation = _tools_impl,
    tag_classes = {"release": tag_class(
        doc = "The release.",
        attrs = {"lock": attr.label(doc = "The release's file tools.lock.json: the sha256 of each program for each platform.", mandatory = True)},
    )},
)
