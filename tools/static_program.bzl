"A macro for programs that run on a machine where nothing is installed."

load("@io_bazel_rules_go//go:def.bzl", "go_cross_binary")

_CPU = {
    "amd64": "x86_64",
    "arm64": "aarch64",
}

def static_program(name, arch, target, **kwargs):
    """A Go program for Linux on an architecture, linked statically.

    For the architecture of the target platform it is the target itself, so Go's standard library is compiled for one
    configuration less; for others it is cross-compiled without cgo.

    Args:
        name: of the target.
        arch: Go's name of the architecture: amd64, arm64.
        target: the go_binary.
        **kwargs: further attributes of the target.
    """
    go_cross_binary(
        name = name + "_cross",
        platform = "@io_bazel_rules_go//go/toolchain:linux_" + arch,
        tags = ["manual"],
        target = target,
        visibility = ["//visibility:private"],
    )
    native.alias(
        name = name,
        actual = select({
            "@platforms//cpu:" + _CPU[arch]: target,
            "//conditions:default": name + "_cross",
        }),
        **kwargs
    )
