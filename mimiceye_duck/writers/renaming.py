"""Files renamed into the folder of an export, all of them, whenever the program ends."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.writers import json_file

_SHAPE = {"going": [str], "coming": [str]}


class Renaming:
    """Renames files and folders of `work`/tree into `out`, and what they replace out of it.

    A renaming that fails is undone. If the program was killed, a list is left in `work`, by which
    the next program completes it: all that it renames was whole before it began.
    """

    def __init__(self, out: Path, work: Path) -> None:
        self._out = out
        self._tree = work / "tree"
        self._old = work / "old"
        self._list = work / "renaming.json"

    @property
    def is_pending(self) -> bool:
        """True if it was begun and is neither done nor undone."""
        return self._list.exists()

    def run(self, going: Sequence[str], coming: Sequence[str]) -> None:
        """Let these names below `out` go, in this order, then these come from the tree."""
        moves: list[tuple[Path, Path]] = []
        try:
            with whole_file(self._list) as part:
                json_file.write(part, {"going": going, "coming": coming})
            self._rename(going, coming, moves)
        except BaseException:
            for path, target in reversed(moves):
                if os.path.lexists(target):
                    os.replace(target, path)
            self._list.unlink(missing_ok=True)
            raise
        self._list.unlink()

    def complete(self) -> None:
        """Do the rest of a renaming that was begun."""
        content = json_file.read(self._list, _SHAPE)
        # Anyone may have written it.
        if content and all(map(self._is_inside, (*content["going"], *content["coming"]))):
            self._rename(content["going"], content["coming"], [])
        self._list.unlink(missing_ok=True)

    def _is_inside(self, name: str) -> bool:
        return self._out in Path(os.path.abspath(self._out / name)).parents

    def _rename(
        self, going: Iterable[str], coming: Sequence[str], moves: list[tuple[Path, Path]]
    ) -> None:
        """Do what of it is not done yet; notes each move."""

        def move(path: Path, target: Path) -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            moves.append((path, target))
            os.replace(path, target)

        new = set(coming)
        for name in going:
            has_come = name in new and not os.path.lexists(self._tree / name)
            if os.path.lexists(self._out / name) and not has_come:
                move(self._out / name, self._old / name)
        for name in coming:
            if os.path.lexists(self._tree / name):
                move(self._tree / name, self._out / name)
