"Rule kleaf_layout"

load("//rules:defs.bzl", "KheadersKernelInfo")

def _kleaf_layout_impl(ctx):
    kernel = ctx.attr.kernel[KheadersKernelInfo]
    prepare = ctx.actions.declare_file(ctx.label.name + "/modules_prepare_outdir.tar.gz")
    headers = ctx.actions.declare_file(ctx.label.name + "/kernel-headers.tar.gz")
    out_dir = ctx.actions.declare_directory(ctx.label.name + "/out_dir")
    vmlinux = ctx.actions.declare_file(ctx.label.name + "/vmlinux.symvers")
    modules = ctx.actions.declare_file(ctx.label.name + "/modules.symvers")
    declaration = ctx.actions.declare_file(ctx.label.name + "/filegroup_decl.tar.gz")
    gki_info = ctx.actions.declare_file(ctx.label.name + "/gki-info.txt")
    args = ctx.actions.args()
    args.add("--generation", ctx.attr.generation)
    args.add_all(kernel.headers, before_each = "--headers")
    args.add("--config", kernel.config)
    args.add("--symvers", kernel.module_symvers)
    args.add("--modules-prepare", prepare)
    args.add("--kernel-headers", headers)
    args.add_all("--out-dir", [out_dir], expand_directories = False)
    args.add("--symvers-vmlinux", vmlinux)
    args.add("--symvers-modules", modules)
    args.add("--release", kernel.kernel_release)
    args.add("--declaration", declaration)
    args.add("--gki-info", gki_info)
    ctx.actions.run(
        executable = ctx.executable._layout,
        arguments = [args],
        inputs = depset([kernel.config, kernel.kernel_release, kernel.module_symvers], transitive = [kernel.headers]),
        outputs = [prepare, headers, out_dir, vmlinux, modules, declaration, gki_info],
        mnemonic = "KleafLayout",
    )
    return [OutputGroupInfo(
        config = depset([kernel.config]),
        declaration = depset([declaration]),
        gki_info = depset([gki_info]),
        headers = depset([headers]),
        modules_prepare = depset([prepare]),
        modules_symvers = depset([modules]),
        out_dir = depset([out_dir]),
        release = depset([kernel.kernel_release]),
        symvers = depset([kernel.module_symvers]),
        vmlinux_symvers = depset([vmlinux]),
    )]

kleaf_layout = rule(
    doc = "The outputs of a kernel built here, as Kleaf lays out its own.",
    implementation = _kleaf_layout_impl,
    attrs = {
        "generation": attr.int(doc = "Kleaf of android13, 14, 15 or 16.", mandatory = True),
        "kernel": attr.label(doc = "The kernel.", mandatory = True, providers = [KheadersKernelInfo]),
        "_layout": attr.label(default = Label("//tests/adapters/kleaf/layout"), executable = True, cfg = "exec"),
    },
)
