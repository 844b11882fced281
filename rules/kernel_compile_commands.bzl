"Rule kernel_compile_commands"

load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE", "optional_tool")
load("//rules/providers:module_info.bzl", "KernelModuleInfo")

DOC = """Writes compile_commands.json of modules into the workspace, so that clangd and editors know their sources.

```starlark
kernel_compile_commands(
    name = "compile_commands",
    modules = [":hello"],
)
```

`bazel run :compile_commands` builds the modules and writes the file. It names the archive's headers by the link `bazel-out`.
"""

def _kernel_compile_commands_impl(ctx):
    infos = [m[KernelModuleInfo] for m in ctx.attr.modules]
    commands = [i.compile_commands for i in infos]
    tool = optional_tool(ctx, "kmodule")
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = tool.executable, is_executable = True)
    return [
        # The trees, because a run makes what is here and what the program reads, and editors read the trees.
        DefaultInfo(
            executable = program,
            files = depset(commands + [i.tree for i in infos]),
            runfiles = ctx.runfiles(commands),
        ),
        RunEnvironmentInfo(environment = {"KMODULE_COMPILE_COMMANDS": "\n".join([f.short_path for f in commands])}),
    ]

kernel_compile_commands = rule(
    doc = DOC,
    implementation = _kernel_compile_commands_impl,
    attrs = {
        "modules": attr.label_list(doc = "The modules.", mandatory = True, providers = [KernelModuleInfo]),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
