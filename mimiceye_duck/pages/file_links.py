"""Links to files from the page that shows them."""

import os
from pathlib import Path, PurePath
from types import ModuleType
from urllib.parse import quote


def relative(file: str, folder: str, paths: ModuleType = os.path) -> str:
    """A link to `file` from a page in `folder`; both absolute, in the words of one system.

    >>> import ntpath, posixpath
    >>> relative("/out/patient_1/a #1?.jpg", "/out/pages", posixpath)
    '../patient_1/a%20%231%3F.jpg'
    >>> relative("C:\\\\out\\\\patient_1\\\\a.jpg", "C:\\\\out\\\\pages", ntpath)
    '../patient_1/a.jpg'
    >>> relative("D:\\\\my images\\\\a.jpg", "C:\\\\out", ntpath)
    'file:///D:/my%20images/a.jpg'
    """
    try:
        way = paths.relpath(file, folder)
    except ValueError:  # on another drive
        from pathlib import PureWindowsPath

        return PureWindowsPath(file).as_uri()
    parts = way.replace(paths.sep, "/").split("/")
    # A name with a colon would be taken for an address.
    return ("./" if ":" in parts[0] else "") + "/".join(map(quote, parts))


def place(out: Path, path: str | None, source: str | None) -> Path | None:
    """The path of a placed file: in OUT, or in the download; None where it is in an archive."""
    for found in (out / path if path else None, Path(source) if source else None):
        if found is not None and found.is_file():
            return found
    return None


def link(file: Path | None, folder: PurePath) -> str | None:
    """A link to a file from a page in this folder, None to none."""
    return relative(os.path.abspath(file), os.path.abspath(folder)) if file else None
