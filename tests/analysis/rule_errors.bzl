"What the rules say of bad attributes."

load(
    "//rules:defs.bzl",
    "kheaders_archive",
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

_CASES = [
    ("odd_capacity", "is 4097, expected a multiple of 4", kheaders_placeholder, {"capacity": 4097}),
    ("odd_kernel_capacity", "is 4097, expected a multiple of 4", _linux, {"capacity": "4097"}),
    ("named_capacity", "is \"6MiB\", expected a number of bytes or auto", _linux, {"capacity": "6MiB"}),
    ("two_capacities", "has capacity and placeholder, expected one", _linux, {"capacity": "auto", "placeholder": "//tests/boot:placeholder"}),
    ("no_inputs", "lacks arch, config, kernel_release, module_symvers, headers", kheaders_archive, {}),
    ("go_preset", "has compressor go and preset smallest", kheaders_archive, {"compressor": "go", "kernel": _KERNEL, "preset": "smallest"}),
    ("no_carrier", "has neither of kernel and vmlinux", kheaders_vmlinux, {"archive": _ARCHIVE}),
    ("two_carriers", "has both of kernel and vmlinux", kheaders_vmlinux, {"archive": _ARCHIVE, "kernel": _KERNEL, "vmlinux": "BUILD.bazel"}),
    ("one_symbol", "expected a start and an end", kheaders_vmlinux, {"archive": _ARCHIVE, "kernel": _KERNEL, "symbols": ["kernel_headers_data"]}),
    ("no_image_tree", "has no image_tree", linux_image, {"kernel": ":without_image_tree"}),
    ("no_key", "brings out scripts/sign-file and lacks certs/signing_key.pem and certs/signing_key.x509", kheaders_module, {
        "archive": _ARCHIVE,
        "kernel": ":without_key",
    }),
    ("no_such_out", "has no file lib/crc8.ko, only .config, Module.symvers", linux_kernel_file, {"kernel": _KERNEL, "path": "lib/crc8.ko"}),
]

def rule_errors(name):
    """Tests of what the rules refuse.

    Args:
        name: the suite.
    """
    for case, message, rule, attrs in _CASES:
        rule(name = case, tags = ["manual"], **attrs)
        fails_test(name = case + "_test", message = message, target_under_test = ":" + case)
    native.test_suite(name = name, tests = [case + "_test" for case, _, _, _ in _CASES])
