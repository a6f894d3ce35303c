"""The user's cache folder: what was parsed or checked once and can always be made again."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimiceye_duck.core.files.file_state import state_of
from mimiceye_duck.core.files.privacy import owner_only
from mimiceye_duck.core.files.whole_file import write_whole

if TYPE_CHECKING:
    from jinja2 import BytecodeCache


def cache_folder() -> Path | None:
    """The folder where this user's programs cache; None without a home."""
    try:
        if sys.platform == "win32":
            place = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        elif sys.platform == "darwin":
            place = Path.home() / "Library" / "Caches"
        else:
            place = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None  # as in a container without a user's name
    return Path(place) / "mimiceye-duck"


def write_json(file: Path, content: object) -> None:
    """Write JSON for this user only, the whole file or nothing; without right to, nothing."""
    try:
        with owner_only():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(content), shared=True)
    except OSError:
        return  # a home that may not be written: it is made again the next time


def parsed(name: str, files: Iterable[Path], parse: Callable[[], Any]) -> Any:
    """Return what `parse` makes of the package's own files, as JSON keeps it.

    It is parsed once for each installation and each state of the files: their names, sizes and
    times of change. The module that parses is to be one of them.
    """
    folder = cache_folder()
    if folder is None:
        return parse()
    states = [(str(file), *state_of(file.stat())) for file in files]
    # Installations side by side, each with its own files, do not replace each other's.
    place = hashlib.sha256(os.path.dirname(__file__).encode("utf-8", "surrogateescape"))
    file = folder / f"{name}-{place.hexdigest()[:16]}.json"
    state = hashlib.sha256(repr(states).encode("utf-8", "surrogateescape")).hexdigest()
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["state"] == state:
            return kept["parsed"]
    except (OSError, ValueError, LookupError, TypeError):
        pass
    found = parse()
    write_json(file, {"state": state, "parsed": found})
    return found


@cache
def template_cache(module: str) -> "BytecodeCache | None":
    """Jinja's own cache of compiled templates, which it makes again when a template changes.

    `module` is the file that sets the options, as autoescape, that templates are compiled with.
    """
    from jinja2 import FileSystemBytecodeCache

    folder = cache_folder()
    if folder is None:
        return None
    try:
        with owner_only():
            (folder / "templates").mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    options = hashlib.sha256(Path(module).read_bytes()).hexdigest()[:16]
    return FileSystemBytecodeCache(str(folder / "templates"), f"{options}-%s.cache")
