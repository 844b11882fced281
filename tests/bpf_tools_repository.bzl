"Repository rule bpf_tools_repository"

def _bpf_tools_repository_impl(rctx):
    program = rctx.which("bpftool")
    headers = rctx.path("/usr/include/bpf")
    if not program or not headers.exists:
        fail("no bpftool on the PATH, or no /usr/include/bpf: apt-get install -y bpftool libbpf-dev")
    rctx.symlink(program, "bpftool")
    for header in headers.readdir():
        rctx.symlink(header, "bpf/" + header.basename)
    rctx.file("BUILD.bazel", """\
package(default_visibility = ["//visibility:public"])

exports_files(["bpftool"])

filegroup(
    name = "headers",
    srcs = glob(["bpf/*.h"]),
)
""")

bpf_tools_repository = repository_rule(
    doc = "This machine's bpftool, and libbpf's headers for eBPF programs.",
    implementation = _bpf_tools_repository_impl,
    local = True,
)
