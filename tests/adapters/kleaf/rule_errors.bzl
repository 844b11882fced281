"What kleaf_kernel says of targets that are not what it expects."

load("//rules:defs.bzl", "kheaders_module", "kleaf_kernel", "kleaf_system_dlkm")
load("//tests/analysis:fails_test.bzl", "fails_test")

_CASES = [
    ("no_vmlinux", "//tests/adapters/kleaf:vendor has no vmlinux among its outs; add \"vmlinux\" to outs of the kernel_build, or set base_kernel", {
        "kernel_build": ":vendor",
    }),
    ("no_kernel_build", "//examples/demo:stamped, which has no Module.symvers, only vmlinux; give a kernel_build of Kleaf, a kernel_filegroup, or", {
        "kernel_build": "//examples/demo:stamped",
    }),
    ("no_base_kernel", "//examples/demo:stamped, which has no Module.symvers, only vmlinux", {
        "base_kernel": "//examples/demo:stamped",
        "kernel_release": ":prebuilts_gki_info",
    }),
    ("no_release", "//tests/adapters/kleaf:prebuilts, which has no kernel.release, only System.map, kernel_x86_64_Module.symvers, vmlinux; set kernel_release", {
        "kernel_build": ":prebuilts",
    }),
    ("no_srcs", "//tests/adapters/kleaf:no_srcs has no srcs, and no NAME_filegroup_decl.tar.gz of prebuilts", {
        "srcs": [],
    }),
    ("nothing_prepared", "//tests/adapters/kleaf:prebuilts, which has no modules_prepare_outdir.tar.gz, only", {
        "kernel_build": ":prebuilts",
        "modules_prepare": None,
    }),
    ("no_modules_prepare", "has kernel-headers.tar.gz, expected one modules_prepare_outdir.tar.gz; give NAME_modules_prepare of the kernel_build NAME", {
        "modules_prepare": ":android16_headers",
    }),
]

def rule_errors(name):
    """Tests of what kleaf_kernel refuses.

    Args:
        name: the suite.
    """
    for case, message, attrs in _CASES:
        kleaf_kernel(
            name = case,
            arch = "x86_64",
            tags = ["manual"],
            **({"kernel_build": ":android16", "modules_prepare": ":android16_modules_prepare", "srcs": ["BUILD.bazel"]} | attrs)
        )
        fails_test(name = case + "_test", message = message, target_under_test = ":" + case)
    kheaders_module(name = "no_kheaders_ko", archive = ":android13_archive", kernel = ":android13_kernel", tags = ["manual"])
    fails_test(
        name = "no_kheaders_ko_test",
        message = "android13_kernel outputs no kernel/kheaders.ko, only nothing; with CONFIG_IKHEADERS=m, add it to module_outs",
        target_under_test = ":no_kheaders_ko",
    )
    kheaders_module(name = "no_ko", archive = ":android13_archive", tags = ["manual"])
    fails_test(name = "no_ko_test", message = "has neither of kernel and ko, expected one", target_under_test = ":no_ko")
    kleaf_system_dlkm(name = "no_staging", images = ":prebuilts_dist", modules = [":kheaders"], tags = ["manual"])
    fails_test(
        name = "no_staging_test",
        message = "//tests/adapters/kleaf:prebuilts_dist, which has 0 files system_dlkm_staging_archive.tar.gz; expected one",
        target_under_test = ":no_staging",
    )
    native.test_suite(name = name, tests = [case + "_test" for case in [case for case, _, _ in _CASES] + ["no_kheaders_ko", "no_ko", "no_staging"]])
