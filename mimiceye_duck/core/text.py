"""Text that is safe to print, and amounts as people read them."""

import re


def shown(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / 1e9:,.1f} GB" if size >= 5e8 else f"{size / 1e6:,.1f} MB"


def one_line(text: str) -> str:
    r"""Text that stays on its line: whatever a terminal would not show as it is, escaped.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


# Controls of a terminal, and those that turn the direction of writing.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def escaped(text: str) -> str:
    r"""Text that cannot command a terminal.

    >>> escaped("red \x1b[31m") == r"red \x1b[31m"
    True
    """
    return _CONTROLS.sub(lambda match: repr(match.group())[1:-1], text)


def size(n_bytes: int) -> str:
    """An amount of bytes as people read it.

    >>> size(1_234_567), size(999)
    ('1.2 MB', '999 B')
    """
    amount, unit = float(n_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit != "B" else f"{n_bytes} B"
