"What the rules say of bad attributes."

load(
    "//rules:defs.bzl",
    "kernel_module",
    "kheaders_archive",
    "kheaders_extract",
    "kheaders_module",
    "kheaders_placeholder",
    "kheaders_vmlinux",
    "linux_image",
    "linux_kernel",
    "linux_kernel_file",
)
load(":fails_test.bzl", "fails_test")

_KERNEL = "//examples/demo:linux"
_ARCHIVE = "//examples/demo:archive"

def _linux(name, **kwargs):
    linux_kernel(name = name, arch = "x86_64", source = "@linux_6_1//:source", **kwargs)

def _module(name, archive, **kwargs):
    kernel_module(name = name, srcs = ["//examples/demo:hello/hello.c"], archive = archive, **kwargs)

_CASES = [
    ("odd_capacity", "is 4097; expected a multiple of 4", kheaders_placeholder, {"capacity": "4097"}),
    ("odd_kernel_capacity", "is 4097; expected a multiple of 4", _linux, {"capacity": "4097"}),
    ("named_capacity", "is \"6MiB\"; expected bytes, as 8388608, 8192K or 8M", _linux, {"capacity": "6MiB"}),
    ("placeholder_auto", "is auto, and there is no kernel", kheaders_placeholder, {"capacity": "auto"}),
    ("two_capacities", "has capacity and placeholder, expected one", _linux, {"capacity": "auto", "placeholder": "//tests/boot:placeholder"}),
    ("no_inputs", "lacks arch, config, kernel_release, module_symvers, headers", kheaders_archive, {}),
    ("no_carrier", "has neither of kernel and vmlinux", kheaders_vmlinux, {"archive": _ARCHIVE}),
    ("two_carriers", "has both of kernel and vmlinux", kheaders_vmlinux, {"archive": _ARCHIVE, "kernel": _KERNEL, "vmlinux": "BUILD.bazel"}),
    ("one_symbol", "expected a start and an end", kheaders_vmlinux, {"archive": _ARCHIVE, "kernel": _KERNEL, "symbols": ["kernel_headers_data"]}),
    ("no_image_tree", "has no image_tree", linux_image, {"kernel": ":without_image_tree"}),
    ("no_key", "outputs scripts/sign-file and lacks certs/signing_key.pem and certs/signing_key.x509", kheaders_module, {
        "archive": _ARCHIVE,
        "kernel": ":without_key",
    }),
    ("other_kernel", "//tests/analysis:of_carriers, which is built for the kernel of tests/carriers/linux/Module.symvers, and archive is", _module, {
        "archive": "//examples/demo:archive_in_vmlinux",
        "deps": [":of_carriers"],
    }),
    ("other_device", "//tests/analysis:of_device, of the kernel of 0123; build both from archives of one kernel", _module, {
        "archive": ":of_device",
        "deps": [":of_other_device"],
    }),
    ("no_such_out", "has no file lib/crc8.ko, only .config, Module.symvers", linux_kernel_file, {"kernel": _KERNEL, "path": "lib/crc8.ko"}),
]

def rule_errors(name):
    """Tests of what the rules refuse.

    Args:
        name: the suite.
    """
    _module("of_carriers", "//tests/carriers:archive", tags = ["manual"])
    kheaders_extract(name = "of_device", carrier = "BUILD.bazel", sha256 = "0123", tags = ["manual"])
    kheaders_extract(name = "other_device_archive", carrier = "rule_errors.bzl", tags = ["manual"])
    _module("of_other_device", ":other_device_archive", tags = ["manual"])
    for case, message, rule, attrs in _CASES:
        rule(name = case, tags = ["manual"], **attrs)
        fails_test(name = case + "_test", message = message, target_under_test = ":" + case)
    native.test_suite(name = name, tests = [case + "_test" for case, _, _, _ in _CASES])
