"Rule on_platform: a target, built for a platform as `--platforms` on the command line would have it; without one, as it is."

load("//rules:defs.bzl", "KheadersArchiveInfo", "KheadersKernelInfo")

_PLATFORMS = "//command_line_option:platforms"

def _platform_impl(settings, attr):
    return {_PLATFORMS: str(attr.platform) if attr.platform else settings[_PLATFORMS]}

_platform = transition(
    implementation = _platform_impl,
    inputs = [_PLATFORMS],
    outputs = [_PLATFORMS],
)

def _on_platform_impl(ctx):
    target = ctx.attr.target[0] if type(ctx.attr.target) == "list" else ctx.attr.target
    providers = [target[p] for p in [KheadersArchiveInfo, KheadersKernelInfo, OutputGroupInfo] if p in target]
    return providers + [DefaultInfo(files = target[DefaultInfo].files)]

on_platform = rule(
    implementation = _on_platform_impl,
    attrs = {
        "platform": attr.label(),
        "target": attr.label(cfg = _platform, mandatory = True),
    },
)
