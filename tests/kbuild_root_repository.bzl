"Repository rule kbuild_root_repository"

_ROOT = "KHEADERS_KBUILD_ROOT"
_STRACE = "KHEADERS_STRACE"

_DIRECTORIES = [
    "bin",
    "etc/alternatives",
    "lib",
    "lib64",
    "sbin",
    "usr/bin",
    "usr/include",
    "usr/lib/bfd-plugins",
    "usr/lib/gcc",
    "usr/lib/linux",
    "usr/lib/llvm-*",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib64",
    "usr/libexec/gcc",
    "usr/sbin",
    "usr/share/bison",
    "usr/share/perl",
    "usr/share/perl5",
]

# Large, and run by no kernel's make: others' programs, C++, link-time optimization by gcc, sanitizers.
_LEFT_OUT = [
    "cc1plus",
    "libcrypto.a",
    "lib*san.*",
    "libclang-[0-9]*",
    "libgrpc*",
    "libicu*",
    "libproto*",
    "lto1",
    "usr/bin/*lto-dump*",
    "usr/bin/aarch64-*",
    "usr/bin/buildbox*",
    "usr/bin/git*",
    "usr/bin/python*",
    "usr/bin/qemu-*",
]

# Programs by their names, with what of the machine they run.
_PROGRAMS = [
    "ar",
    "as",
    "awk",
    "basename",
    "bash",
    "bc",
    "bison",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "cut",
    "date",
    "diff",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
    "find",
    "flex",
    "gawk",
    "grep",
    "gzip",
    "head",
    "id",
    "install",
    "ld",
    "ld.bfd",
    "ln",
    "ls",
    "m4",
    "make",
    "mawk",
    "mkdir",
    "mktemp",
    "mv",
    "nm",
    "nproc",
    "objcopy",
    "objdump",
    "od",
    "patch",
    "perl",
    "printf",
    "pwd",
    "ranlib",
    "readelf",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sh",
    "sort",
    "stat",
    "strip",
    "tail",
    "tar",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "uname",
    "uniq",
    "wc",
    "which",
    "xargs",
    "xz",
]

def _run(rctx, command):
    made = rctx.execute(command, environment = {"LC_ALL": "C"})
    if made.return_code:
        fail("{}: {}".format(" ".join(command[:2]), made.stderr))

def _strace(rctx):
    "A command that starts strace, which need not be here until it is started."
    directory = rctx.getenv(_STRACE)
    if not directory or not rctx.path(directory).exists:
        program = rctx.which("strace")
        return str(program) if program else "echo no strace: tools/debian/setup {}, or apt-get install strace >&2; false".format(_STRACE)
    libraries = directory + "/usr/lib/x86_64-linux-gnu"
    return "{}/ld-linux-x86-64.so.2 --library-path {} {}/usr/bin/strace".format(libraries, libraries, directory)

def _kbuild_root_repository_impl(rctx):
    given = rctx.getenv(_ROOT)
    if given:
        rctx.symlink(given, "root.tar")
    else:
        # The shell finds what there is of the patterns.
        _run(rctx, ["sh", "-c", "here=$PWD && cd / && tar --create --file=\"$here/root.tar\" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 " +
                                " ".join(["--exclude='{}'".format(p) for p in _LEFT_OUT]) +
                                " $(ls -d " + " ".join(_DIRECTORIES) + " 2>/dev/null)"])
    _run(rctx, ["sh", "-c", "mkdir root && tar --extract --file=root.tar --no-same-owner --directory=root"])
    for name in _PROGRAMS:
        program = rctx.which(name)
        if program:
            _run(rctx, ["sh", "-c", "mkdir -p bin && cp -L \"$1\" bin/\"$2\"", "cp", str(program), name])

    # A compiler does not run from a copy of its program alone. These stand for scripts that call one with its --sysroot.
    for name in ["clang", "gcc"]:
        rctx.file("bin/" + name, "#!/bin/sh\nexec /usr/bin/{} \"$@\"\n".format(name), executable = True)
    rctx.file("strace", "#!/bin/sh\n{} \"$@\"\n".format(_strace(rctx)), executable = True)
    rctx.file("BUILD.bazel", """\
package(default_visibility = ["//visibility:public"])

exports_files([
    "root",
    "root.tar",
    "strace",
])

filegroup(
    name = "programs",
    srcs = glob(["bin/*"]),
)

filegroup(
    name = "few",
    srcs = glob(["bin/*"], exclude = ["bin/make", "bin/sed"]),
)
""")

kbuild_root_repository = repository_rule(
    doc = """What a kernel's make runs, for tests of kbuild_toolchain: a root file system as a tar and as a directory, and a directory of programs;
and strace.

The environment (by `--repo_env`) names a tar by `KHEADERS_KBUILD_ROOT`, and by `KHEADERS_STRACE` a directory with strace and its
libraries; without them both are of this machine's files.
""",
    implementation = _kbuild_root_repository_impl,
    local = True,
)
