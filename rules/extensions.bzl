"Module extensions: `linux`, kernel sources by their releases; `kheaders`, devices' headers by their digests."

load("//rules:kheaders_repository.bzl", "KHEADERS_ATTRS", "kheaders_repository")
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
