"""Files that appear whole: written beside their place and renamed into it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mimiceye_duck.core.files.paths import extended


@contextmanager
def whole_file(file: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield a new file to write, which takes the place of `file` when the block ends well.

    It has one name, so that a program that is killed leaves no more than one, and what is there
    already goes first: it may be a link, behind which nothing is to be written. In a `shared`
    folder, where another program may write the same file, the name is this thread's own.
    """
    own = f".{file.name}.{os.getpid()}-{threading.get_ident()}.part"
    part = file.with_name(own if shared else file.name + ".part")
    remove(part)
    try:
        yield part
        os.replace(extended(part), extended(file))
    except BaseException as error:
        with suppress(OSError):
            remove(part)
        if isinstance(error, OSError) and error.errno and not error.filename:
            error.filename = str(file)  # a write that fails does not say where
        raise


def write_whole(file: Path, content: bytes | str, *, shared: bool = False) -> None:
    """Write a file that appears whole; text is UTF-8 with LF."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    # The file is closed before it is renamed: Windows renames no open file.
    with whole_file(file, shared=shared) as part, open(extended(part), "wb") as opened:
        opened.write(data)


def remove(file: Path) -> None:
    """Remove a file, if it is there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(extended(file))
