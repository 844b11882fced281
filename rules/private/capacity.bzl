"What the attribute `capacity` of several rules may be."

visibility("//rules/...")

CAPACITY_DOC = "a number of bytes, as `8388608`, or with a unit of 1024 or 1024 * 1024, as `8192K` or `8M`"

_UNITS = {"K": 1 << 10, "M": 1 << 20}

def capacity_bytes(label, text):
    """A capacity in bytes.

    Args:
        label: (Label) of the target, for the error.
        text: (string) the attribute.

    Returns:
        (int)
    """
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    if not number.isdigit():
        fail("capacity of {} is {}; expected bytes, as 8388608, 8192K or 8M".format(label, repr(text)))
    if int(number) * unit % 4:
        fail("capacity of {} is {}; expected a multiple of 4: an xz stream's size always is one".format(label, text))
    return int(number) * unit
