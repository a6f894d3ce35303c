"""Paths as the system takes them, whatever their length."""

import os
import sys
from pathlib import Path, PurePath, PureWindowsPath

# Names of Windows' devices, whatever follows a dot: no file of any system should have one.
DEVICE = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)"
_VERBATIM = "\\\\?\\"


def extended(path: PurePath | str, platform: str = sys.platform) -> str:
    r"""A path to open, copy, list or rename, which on Windows may then be over 259 characters.

    Short ones too: what lies below a folder may be long. It must be absolute, since nothing in
    it is looked up, neither `..` nor the folder we are in. DuckDB does not take such a path.

    >>> print(extended(PureWindowsPath("D:/mimic-eye/build.json"), "win32"))
    \\?\D:\mimic-eye\build.json
    >>> print(extended(PureWindowsPath("//server/share/build.json"), "win32"))
    \\?\UNC\server\share\build.json
    """
    text = str(path)
    if platform != "win32" or text.startswith(_VERBATIM):
        return text
    whole = PureWindowsPath(path)
    if not whole.is_absolute():
        return text
    if whole.drive.startswith("\\\\"):
        return _VERBATIM + "UNC" + str(whole)[1:]
    return _VERBATIM + str(whole)


def there(folder: Path) -> Path:
    """A folder, or the nearest above it that there is."""
    folder = folder.absolute()
    return next(one for one in (folder, *folder.parents) if one.exists())


def unfit(path: Path) -> str | None:
    """The part of a path that DuckDB takes for something else; None if there is none.

    >>> unfit(Path("why?"))
    'a question mark'
    """
    text = str(path)
    if "?" in text:
        return "a question mark"
    if os.sep != "\\" and "\\" in text:
        return "a backslash"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "bytes that are not UTF-8"
    return None
