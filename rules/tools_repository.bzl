"Repository rules tools_repository and tools_hub_repository"

# What a platform of a release is to Bazel.
_CONSTRAINTS = {
    "darwin_arm64": ["@platforms//cpu:aarch64", "@platforms//os:macos"],
    "linux_amd64": ["@platforms//cpu:x86_64", "@platforms//os:linux"],
    "linux_arm64": ["@platforms//cpu:aarch64", "@platforms//os:linux"],
}

def read_lock(text, name):
    """Reads a lock file, as `//tools:release -- --assets DIR` writes it.

    Args:
        text: (string) its content.
        name: (Label) the file, for errors.

    Returns:
        (struct) `urls`, where each program is, with `{program}` and `{platform}` in them, and `programs`, by platform and name
        the sha256.
    """
    lock = json.decode(text, default = None)
    if type(lock) != "dict" or not lock.get("urls") or not lock.get("programs"):
        fail("read {}: expected the file tools.lock.json of a release, with urls and programs".format(name))
    unknown = [platform for platform in lock["programs"] if platform not in _CONSTRAINTS]
    if unknown:
        fail("read {}: it has programs for {}; expected some of {}".format(name, ", ".join(unknown), ", ".join(_CONSTRAINTS)))
    return struct(urls = lock["urls"], programs = lock["programs"])

def _tools_repository_impl(rctx):
    for program, sha256 in rctx.attr.programs.items():
        rctx.download(
            url = [url.format(platform = rctx.attr.platform, program = program) for url in rctx.attr.urls],
            output = program,
            executable = True,
            sha256 = sha256,
        )
    rctx.file("BUILD.bazel", """\
load("@@{rules}//rules/toolchain:kheaders_toolchain.bzl", "kheaders_toolchain")

kheaders_toolchain(
    name = "tools",
    visibility = ["//visibility:public"],
{programs})
""".format(
        rules = Label("//rules").repo_name,
        programs = "".join(['    {0} = "{0}",\n'.format(program) for program in sorted(rctx.attr.programs)]),
    ))

tools_repository = repository_rule(
    doc = "A release's programs for one platform, and a `kheaders_toolchain` of them, `:tools`.",
    implementation = _tools_repository_impl,
    attrs = {
        "platform": attr.string(doc = "The platform, as linux_amd64.", mandatory = True),
        "programs": attr.string_dict(doc = "The sha256 of each program, by its name.", mandatory = True),
        "urls": attr.string_list(doc = "Where a program is, with `{program}` and `{platform}`.", mandatory = True),
    },
)

def _tools_hub_repository_impl(rctx):
    build = ""
    for platform, repository in rctx.attr.repositories.items():
        build += """\
toolchain(
    name = "{platform}",
    exec_compatible_with = {constraints},
    toolchain = "@{repository}//:tools",
    toolchain_type = "@@{rules}//rules/toolchain:toolchain_type",
)

""".format(
            constraints = _CONSTRAINTS[platform],
            platform = platform,
            repository = repository,
            rules = Label("//rules").repo_name,
        )
    rctx.file("BUILD.bazel", build)

tools_hub_repository = repository_rule(
    doc = "The toolchains of a release's platforms, to be registered. A platform's programs are downloaded when an action runs there.",
    implementation = _tools_hub_repository_impl,
    attrs = {"repositories": attr.string_dict(doc = "The repository of each platform.", mandatory = True)},
)
