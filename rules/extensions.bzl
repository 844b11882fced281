"Module extension `linux`: kernel sources by their releases."

load("//rules/kbuild:linux_source_repository.bzl", "LINUX_SOURCE_ATTRS", "linux_source_repository")

def _linux_impl(mctx):
    for module in mctx.modules:
        for source in module.tags.source:
            linux_source_repository(
                name = source.name,
                patches = source.patches,
                sha256 = source.sha256,
                urls = source.urls,
                version = source.version,
            )

linux = module_extension(
    doc = "Kernel sources by their releases.",
    implementation = _linux_impl,
    tag_classes = {"source": tag_class(
        doc = "A kernel's source, as `linux_source_repository` has it.",
        attrs = LINUX_SOURCE_ATTRS | {"name": attr.string(doc = "The repository's name.", mandatory = True)},
    )},
)
