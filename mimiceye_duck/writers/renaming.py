"""Files renamed into the folder of an export, all of them, whenever the program ends."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mimiceye_duck.core.files.output_folder import OutputFolder, is_below
from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.writers import json_file

_SHAPE = {"going": [str], "coming": [str]}
# From a folder to another, under this name.
_Move = tuple[OutputFolder, OutputFolder, str]


class Renaming:
    """Renames files and folders of `work`/tree into `out`, and what they replace out of it.

    A renaming that fails is undone. If the program was killed, a list is left in `work`, by which
    the next program completes it: all that it renames was whole before it began. Raises
    `UserError` before anything is renamed where a link is in the place of a folder.
    """

    def __init__(self, out: Path, work: Path) -> None:
        self._out = OutputFolder(out)
        self._tree = OutputFolder(work / "tree")
        self._old = OutputFolder(work / "old")
        self._list = work / "renaming.json"

    @property
    def is_pending(self) -> bool:
        """True if it was begun and is neither done nor undone."""
        return self._list.exists()

    def run(self, going: Sequence[str], coming: Sequence[str]) -> None:
        """Let these names below `out` go, in this order, then these come from the tree."""
        moves: list[_Move] = []
        try:
            with whole_file(self._list) as part:
                json_file.write(part, {"going": going, "coming": coming})
            self._rename(going, coming, moves)
        except BaseException:
            for source, target, name in reversed(moves):
                if os.path.lexists(target.root / name):
                    with source, target:
                        source.take(name, target)
            self._list.unlink(missing_ok=True)
            raise
        self._list.unlink()

    def complete(self) -> None:
        """Do the rest of a renaming that was begun."""
        content = json_file.read(self._list, _SHAPE)
        # Anyone may have written it.
        if content and all(map(is_below, (*content["going"], *content["coming"]))):
            self._rename(content["going"], content["coming"], [])
        self._list.unlink(missing_ok=True)

    def _rename(self, going: Iterable[str], coming: Sequence[str], moves: list[_Move]) -> None:
        """Do what of it is not done yet; notes each move."""
        new, going = set(coming), list(going)
        for folder in (self._out, self._tree, self._old):
            folder.refuse_links([*going, *coming])

        def move(source: OutputFolder, target: OutputFolder, name: str) -> None:
            (target.root / name).parent.mkdir(parents=True, exist_ok=True)
            moves.append((source, target, name))
            target.take(name, source)

        with self._out, self._tree, self._old:
            for name in going:
                has_come = name in new and not os.path.lexists(self._tree.root / name)
                if os.path.lexists(self._out.root / name) and not has_come:
                    move(self._out, self._old, name)
            for name in coming:
                if os.path.lexists(self._tree.root / name):
                    move(self._tree, self._out, name)
