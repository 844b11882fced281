"Rule kheaders_host_tools"

load("//rules/private:compiler.bzl", "CC_FRAGMENTS", "CC_TOOLCHAINS", "COMPILERS_ATTR", "compiler_args")
load("//rules/private:host_tools.bzl", "compile_host_tools")
load("//rules/private:programs.bzl", "HOST_PROGRAMS", "KBUILD_TOOLCHAINS", "SOURCE_PROGRAMS", "run_with_programs")
load("//rules/private:source.bzl", "source_args", "source_inputs")
load("//rules/private:toolchain.bzl", "NO_NETWORK", "TOOLCHAIN_TYPE", "optional_tool")
load("//rules/providers:archive_info.bzl", "KheadersArchiveInfo", "with_host_tools")
load("//rules/providers:source_info.bzl", "LinuxSourceInfo")

DOC = """Gives an archive the programs that a module's build runs, made for the machine that builds.

```starlark
kheaders_host_tools(
    name = "archive_for_here",
    archive = ":archive",
)
```

`fixdep`, `modpost`, `genksyms`, and as the kernel is configured `objtool`, `resolve_btfids` and gcc's plugins, run where modules are
built. An archive of `kheaders_archive` that holds their sources needs no such rule. One that was read out of a carrier or downloaded does:
its host tools are then compiled once and not by each module. An archive without sources, from a machine of another kind or
packed without host tools, needs `source`, the kernel's source of the same release. It is unpacked and configured as the archive
says, and makes all of them.
"""

def _from_source(ctx, archive, source):
    out = ctx.actions.declare_directory(ctx.label.name + ".host_tools")
    args = ctx.actions.args()
    args.add("host-tools")
    files = compiler_args(ctx, args)
    args.add_all("--tree", [archive.tree], expand_directories = False)
    source_args(args, source)
    args.add_all("--out", [out], expand_directories = False)
    args.add_all(["{}={}".format(k, v) for k, v in ctx.attr.make_variables.items()])
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = [archive.tree] + source_inputs(source),
        machine = ctx.files._compilers,
        transitive = [files],
        needs = HOST_PROGRAMS | SOURCE_PROGRAMS,
        outputs = [out],
        mnemonic = "KheadersHostTools",
        progress_message = "Making the host tools of %{label}",
        execution_requirements = NO_NETWORK,
    )
    return out

def _kheaders_host_tools_impl(ctx):
    archive = ctx.attr.archive[KheadersArchiveInfo]
    optional_tool(ctx, "kmodule")  # or an error that says what to set
    if ctx.attr.source:
        out = _from_source(ctx, archive, ctx.attr.source[LinuxSourceInfo])
    else:
        out = compile_host_tools(ctx, archive.tree)
    return [
        DefaultInfo(files = depset([out])),
        with_host_tools(archive, out),
    ]

kheaders_host_tools = rule(
    doc = DOC,
    implementation = _kheaders_host_tools_impl,
    attrs = COMPILERS_ATTR | {
        "archive": attr.label(doc = "The archive.", mandatory = True, providers = [KheadersArchiveInfo]),
        "make_variables": attr.string_dict(
            doc = "Further variables for make, as `{\"HOSTCFLAGS\": \"-Wno-discarded-qualifiers\"}` for a compiler that is newer than the kernel.",
        ),
        "source": attr.label(doc = "The kernel's source, for an archive that holds no sources of host tools.", providers = [LinuxSourceInfo]),
    },
    fragments = CC_FRAGMENTS,
    provides = [KheadersArchiveInfo],
    toolchains = [TOOLCHAIN_TYPE] + CC_TOOLCHAINS + KBUILD_TOOLCHAINS,
)
