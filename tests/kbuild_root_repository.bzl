"Repository rule kbuild_root_repository"

load(":kbuild_root_files.bzl", "DIRECTORIES", "LEFT_OUT", "PROGRAMS")

_ROOT = "KHEADERS_KBUILD_ROOT"
_STRACE = "KHEADERS_STRACE"

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
                                " ".join(["--exclude='{}'".format(p) for p in LEFT_OUT]) +
                                " $(ls -d " + " ".join(DIRECTORIES) + " 2>/dev/null)"])
    _run(rctx, ["sh", "-c", "mkdir root && tar --extract --file=root.tar --no-same-owner --directory=root"])
    for name in PROGRAMS:
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
