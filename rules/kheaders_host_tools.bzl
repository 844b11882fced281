"Rule kheaders_host_tools"

load("//rules/private:compiler.bzl", "CC_TOOLCHAINS", "COMPILERS_ATTR", "compiler_args")
load("//rules/private:source.bzl", "source_args", "source_inputs")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo")
load("//rules/providers:source_info.bzl", "LinuxSourceInfo")

DOC = """Gives an archive the programs that a module's build runs, made from the kernel's source for the machine that builds.

```starlark
kheaders_host_tools(
    name = "archive_for_here",
    archive = ":archive",
    source = "@linux//:source",
)
```

`fixdep`, `modpost`, `genksyms`, and as the kernel is configured `objtool` and `resolve_btfids`, run where modules are built. An
archive from a machine of another kind, or one that was packed without them, has none that do. The source must be of the
archive's kernel release; it is unpacked and configured as the archive says, once for all modules.
"""

def _kheaders_host_tools_impl(ctx):
    archive = ctx.attr.archive[KheadersArchiveInfo]
    source = ctx.attr.source[LinuxSourceInfo]
    tools = ctx.actions.declare_directory(ctx.label.name + ".host_tools")
    args = ctx.actions.args()
    args.add("host-tools")
    files = compiler_args(ctx, args)
    args.add_all("--tree", [archive.tree], expand_directories = False)
    source_args(args, source)
    args.add_all("--out", [tools], expand_directories = False)
    ctx.actions.run(
        executable = optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = depset([archive.tree] + source_inputs(source) + ctx.files._compilers, transitive = [files]),
        outputs = [tools],
        mnemonic = "KheadersHostTools",
        progress_message = "Making the host tools of %{label}",
        use_default_shell_env = True,
        toolchain = TOOLCHAIN_TYPE,
    )
    return [
        DefaultInfo(files = depset([tools])),
        KheadersArchiveInfo(
            archive = archive.archive,
            host_tools = tools,
            manifest = archive.manifest,
            report = archive.report,
            tree = archive.tree,
        ),
    ]

kheaders_host_tools = rule(
    doc = DOC,
    implementation = _kheaders_host_tools_impl,
    attrs = COMPILERS_ATTR | {
        "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
        "source": attr.label(doc = "The kernel's source.", mandatory = True, providers = [LinuxSourceInfo]),
    },
    provides = [KheadersArchiveInfo],
    toolchains = [TOOLCHAIN_TYPE] + CC_TOOLCHAINS,
)
