"Rule installed_module"

load("//rules/private:install.bzl", "INSTALL_ATTRS", "install", "signing")
load("//rules/private:programs.bzl", "KBUILD_TOOLCHAINS")
load("//rules/private:toolchain.bzl", "TOOLCHAIN_TYPE")

def _installed_module_impl(ctx):
    out = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ctx.file.ko.basename))
    install(ctx, ctx.file.ko, out, signing(ctx))
    return [DefaultInfo(files = depset([out]))]

installed_module = rule(
    doc = "A kernel's module as `make modules_install` leaves it, which is what Kleaf outputs.",
    implementation = _installed_module_impl,
    attrs = INSTALL_ATTRS | {"ko": attr.label(doc = "The module as linked.", allow_single_file = True, mandatory = True)},
    toolchains = [TOOLCHAIN_TYPE] + KBUILD_TOOLCHAINS,
)
