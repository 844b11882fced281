"The action that strips and signs a module, and the attributes that it reads."

load("//rules/providers:kernel_info.bzl", "KheadersKernelInfo")
load(":compiler.bzl", "COMPILERS_ATTR", "strip_args")
load(":programs.bzl", "run_with_programs")
load(":toolchain.bzl", "NO_NETWORK", "optional_tool")

visibility(["//rules/...", "//tests/adapters/kleaf"])

# A kernel's own files, by their path in its tree.
_SIGN_FILE = "scripts/sign-file"
_KEY = "certs/signing_key.pem"
_CERT = "certs/signing_key.x509"

# A private key is an input: it goes to no other machine.
_NO_REMOTE = {"no-remote": "1"}

INSTALL_ATTRS = COMPILERS_ATTR | {
    "sign_file": attr.label(
        doc = "The kernel's scripts/sign-file; without it the module stays unsigned.",
        allow_single_file = True,
    ),
    "signing_cert": attr.label(doc = "The certificate of `signing_key`, as certs/signing_key.x509.", allow_single_file = True),
    "signing_hash": attr.string(doc = "CONFIG_MODULE_SIG_HASH.", default = "sha256"),
    "signing_key": attr.label(
        doc = "The private key, as certs/signing_key.pem. It stays on this machine: the action that signs neither runs nor is cached " +
              "remotely, unless --modify_execution_info=KernelModuleInstall=-no-remote asks for it.",
        allow_single_file = True,
    ),
    "strip": attr.bool(doc = "Strip debug information, as INSTALL_MOD_STRIP=1 does."),
}

def signing(ctx, kernel = None):
    """What a module is signed with.

    Args:
        ctx: the context of a rule with INSTALL_ATTRS.
        kernel: (Target) the kernel whose files are taken for what the attributes do not say, or None.

    Returns:
        (struct) sign_file, key and cert, or None when nothing is signed.
    """
    outs = kernel[KheadersKernelInfo].outs if kernel else {}
    sign_file = ctx.file.sign_file or outs.get(_SIGN_FILE)
    if not sign_file:
        return None
    key = ctx.file.signing_key or outs.get(_KEY)
    cert = ctx.file.signing_cert or outs.get(_CERT)
    lacks = [name for name, file in {_KEY: key, _CERT: cert}.items() if not file]
    if lacks and not ctx.file.sign_file:
        fail("{} outputs {} and lacks {}: add what it lacks to its outs, or set signing_key and signing_cert of {}".format(
            kernel.label,
            _SIGN_FILE,
            " and ".join(lacks),
            ctx.label,
        ))
    if lacks:
        fail("{} has sign_file, so it needs signing_key and signing_cert too".format(ctx.label))
    return struct(cert = cert, key = key, sign_file = sign_file)

def install(ctx, module, out, sign, compiler = False):
    """Declares the stripping and signing of a module.

    Args:
        ctx: the context of a rule with INSTALL_ATTRS, the toolchain and KBUILD_TOOLCHAINS.
        module: (File) the module as it was linked, and stamped if it carries an archive.
        out: (File) the module to install.
        sign: (struct) what `signing` returned.
        compiler: (bool) whether the rule declares CC_TOOLCHAINS and CC_FRAGMENTS, by which strip is found then.
    """
    args = ctx.actions.args()
    args.add("install")
    args.add("--module", module)
    inputs = [module]
    programs = depset()
    if ctx.attr.strip:
        args.add("--strip")
        if compiler:
            programs = strip_args(ctx, args)
    if sign:
        args.add("--sign-file", sign.sign_file)
        args.add("--key", sign.key)
        args.add("--cert", sign.cert)
        args.add("--hash", ctx.attr.signing_hash)
        inputs += [sign.sign_file, sign.key, sign.cert]
    args.add("--out", out)
    run_with_programs(
        ctx,
        optional_tool(ctx, "kmodule"),
        arguments = [args],
        inputs = inputs,
        machine = ctx.files._compilers,
        transitive = [programs],
        outputs = [out],
        mnemonic = "KernelModuleInstall",
        progress_message = "Finishing %{output}",
        execution_requirements = NO_NETWORK | (_NO_REMOTE if sign else {}),
    )
