"Provider KheadersPlaceholderInfo"

KheadersPlaceholderInfo = provider(
    doc = "A placeholder: the archive that a kernel is linked with, to be replaced by stamping.",
    fields = {
        "capacity": "(int) bytes that are reserved, a multiple of 4.",
        "placeholder": "(File) a valid tar.xz of exactly `capacity` bytes that says it is not stamped.",
    },
)
