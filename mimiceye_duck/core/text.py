"""Text that is safe to print; sizes, durations and moments as text."""

import re
from datetime import datetime

# Controls of a terminal, signs that turn the direction of writing, halves of a character.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Text of any origin on one line, which neither commands a terminal nor fails to encode.

    >>> print(printable("a\nb \x1b[31m \u202e \udcff"))
    a\nb \x1b[31m \u202e \udcff
    """
    return _UNSAFE.sub(lambda match: repr(match.group())[1:-1], text)


def shortened(name: str) -> str:
    """A file's name that is printable and not too long for a message."""
    name = name if len(name) <= 300 else f"{name[:150]}...{name[-100:]}"
    return printable(name)


def size(n_bytes: int) -> str:
    """Bytes with one decimal of a decimal unit.

    >>> size(1_234_567), size(999)
    ('1.2 MB', '999 B')
    """
    amount, unit = float(n_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit != "B" else f"{n_bytes} B"


def duration(seconds: float | None) -> str:
    """Seconds as days and a clock; empty for none.

    >>> duration(-93784.5), duration(7 * 86_400)
    ('-1d 02:03:04.5', '7d 00:00:00')
    """
    if seconds is None:
        return ""
    days, milliseconds = divmod(round(abs(seconds) * 1000), 86_400_000)
    minutes, rest = divmod(milliseconds, 60_000)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}"
    fraction = f"{rest % 1000 / 1000:.3f}"[1:].rstrip("0").rstrip(".")
    return ("-" if seconds < 0 else "") + (f"{days}d " if days else "") + clock + fraction


def moment(value: datetime | None) -> str:
    """A date and time, to the millisecond where it has no more; none is said to be none.

    >>> moment(datetime(2150, 1, 2, 3, 4, 5, 678000)), moment(datetime(2150, 1, 2))
    ('2150-01-02 03:04:05.678', '2150-01-02 00:00:00')
    """
    if value is None:
        return "no valid date and time"
    text = value.isoformat(sep=" ")
    return text.removesuffix("000") if value.microsecond else text


def yes_no(value: bool) -> str:
    """Return yes or no."""
    return "yes" if value else "no"
