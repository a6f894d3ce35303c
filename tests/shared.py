"""What many tests read, made once for all processes of a test run and then left alone."""

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock


class Shared:
    """A folder of folders that the processes of a test run have in common."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, Any] = {}

    def make(self, name: str, key: object, work: Callable[[Path], Any]) -> Any:
        """What `work` returns after it has filled the folder that it is given.

        It runs once a test run for a name and key, in the process that asks first; the others wait
        for it and read what it returned. Where it fails, it fails for all, and is not tried again.
        """
        name += "-" + hashlib.sha256(repr(key).encode()).hexdigest()[:10]
        if name not in self._known:
            self.root.mkdir(exist_ok=True)
            done = self.root / f"{name}.done"
            with filelock.FileLock(self.root / f"{name}.lock"):
                if not done.exists():
                    self._work(name, work, done)
            self._known[name] = pickle.loads(done.read_bytes())
        found = self._known[name]
        if isinstance(found, Exception):
            raise AssertionError(f"{name} could not be made: {found}") from found
        return found

    def _work(self, name: str, work: Callable[[Path], Any], done: Path) -> None:
        folder = self.root / name
        folder.mkdir()
        try:
            found = work(folder)
        except Exception as error:
            found = AssertionError(f"{type(error).__name__}: {error}")
        (self.root / f"{name}.state").write_bytes(pickle.dumps(state(folder)))
        part = self.root / f"{name}.part"
        part.write_bytes(pickle.dumps(found))
        part.replace(done)


def state(folder: Path) -> dict[str, tuple[int, int] | None]:
    """What a look from outside says of each file in a folder: size, time of the last change."""
    found: dict[str, tuple[int, int] | None] = {}
    for here, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(here, name), folder)] = None
        for name in files:
            path = os.path.join(here, name)
            status = os.lstat(path)
            found[os.path.relpath(path, folder)] = status.st_size, status.st_mtime_ns
    return found


def changed(root: Path) -> list[str]:
    """The files and folders below `root` that are no longer what they were when they were made."""
    found = []
    for file in sorted(root.glob("*.state")):
        before = pickle.loads(file.read_bytes())
        after = state(file.with_suffix(""))
        found += [
            f"{file.stem}/{path}"
            for path in sorted(before.keys() | after.keys())
            if before.get(path, "") != after.get(path, "")
        ]
    return found
