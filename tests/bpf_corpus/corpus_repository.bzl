"Repository rule bpf_corpus_repository"

_SAMPLES = ["samples/bpf", "tools/testing/selftests/bpf"]

# What no program in the guest reads.
_NOT_IN_GUEST = ["usr/lib/gcc", "usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/perl", "usr/lib/*/perl", "usr/lib/*/gconv"]

def _run(rctx, what, command):
    result = rctx.execute(command)
    if result.return_code:
        fail("{}: {}".format(what, result.stderr))

def _variable(rctx, name, packages):
    value = rctx.getenv(name)
    if not value or not rctx.path(value).exists:
        fail("no {}: --repo_env={} is {}; expected an existing path; run tools/debian/setup {}, or set it".format(packages, name, value or "not set", name))
    return value

def _bpf_corpus_repository_impl(rctx):
    tarball = rctx.path(rctx.attr.linux)
    _run(rctx, "unpack {}".format(tarball), [
        "tar",
        "--extract",
        "--file=" + str(tarball),
        "--strip-components=1",
        "--wildcards",
        "--no-wildcards-match-slash",
    ] + ["*/{}/*.{}".format(name, suffix) for name in _SAMPLES for suffix in ["c", "h"] if suffix == "h" or name == "samples/bpf"])
    tools = _variable(rctx, "KHEADERS_BPFCC_SOURCE", "source of bcc")
    _run(rctx, "unpack {}".format(tools), [
        "tar",
        "--extract",
        "--file=" + tools,
        "--strip-components=1",
        "--wildcards",
        "--no-wildcards-match-slash",
        "*/libbpf-tools/*.bpf.c",
        "*/libbpf-tools/*.h",
    ])
    guest = _variable(rctx, "KHEADERS_BPF_GUEST", "directory of Debian's packages for a guest")
    _run(rctx, "pack " + guest, ["tar", "--create", "--file=guest.tar", "--sort=name", "--directory=" + guest] +
                                ["--exclude=./" + name for name in _NOT_IN_GUEST] + ["."])
    rctx.file("BUILD.bazel", """\
package(default_visibility = ["//visibility:public"])

exports_files(["guest.tar"])

filegroup(
    name = "sources",
    srcs = glob(["libbpf-tools/**", "samples/**", "tools/**"]),
)
""")

bpf_corpus_repository = repository_rule(
    doc = """eBPF programs that others wrote: the kernel's samples, bcc's libbpf-tools, and Debian's bpfcc-tools and bpftrace for a guest.

The environment's `KHEADERS_BPFCC_SOURCE` and `KHEADERS_BPF_GUEST` (by `--repo_env`) name them on this machine.
""",
    implementation = _bpf_corpus_repository_impl,
    attrs = {"linux": attr.label(doc = "The kernel's source, a tar.", mandatory = True)},
)
