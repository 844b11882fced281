"Rule bpf_min_core_btf"

load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS", "run_with_programs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool", "param_file")
load("//rules/providers:bpf_info.bzl", "KernelBpfInfo")

DOC = """Reduces a kernel's BTF to the types that eBPF objects ask for when they are loaded.

```starlark
bpf_min_core_btf(
    name = "device_btf",
    bpftool = "@bpftool//:bpftool",
    btf = "device.btf",
    objects = [":connects"],
)
```

The result is `device_btf.btf`, some kilobytes: programs for a kernel without BTF of its own carry it with them.
"""

def _bpf_min_core_btf_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".btf")
    objects = [target[KernelBpfInfo].object for target in ctx.attr.objects]
    args = param_file(ctx)
    args.add("bpf-btf")
    args.add("--bpftool", ctx.executable.bpftool)
    args.add("--btf", ctx.file.btf)
    args.add_all(objects, before_each = "--object")
    args.add("--out", out)
    args.add(out, format = "--scratch=%s.scratch")
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [ctx.file.btf] + objects,
        tools = [ctx.attr.bpftool[DefaultInfo].files_to_run],
        outputs = [out],
        mnemonic = "BpfMinCoreBtf",
        progress_message = "Reducing BTF for %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

bpf_min_core_btf = rule(
    doc = DOC,
    implementation = _bpf_min_core_btf_impl,
    attrs = {
        "bpftool": attr.label(doc = "The program bpftool.", allow_files = True, cfg = "exec", executable = True, mandatory = True),
        "btf": attr.label(doc = "The kernel's BTF: its /sys/kernel/btf/vmlinux, or vmlinux.", allow_single_file = True, mandatory = True),
        "objects": attr.label_list(doc = "The objects, compiled with `headers = \"btf\"`.", mandatory = True, providers = [KernelBpfInfo]),
    },
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
