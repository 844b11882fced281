"Provider RequiredProgramsInfo"

RequiredProgramsInfo = provider(
    doc = "What a kbuild_required_programs target asks for.",
    fields = {
        "machine": "(dict[string, string]) programs of the machine, whatever toolchain there is, and the Debian package of each.",
        "programs": "(dict[string, string]) programs, and C headers by a name with .h, and the Debian package of each.",
    },
)
