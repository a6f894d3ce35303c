"""The tiny tree, builds of it, and what every build that fails must leave as it was."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.broken import tiny
from tests.broken.damage import Damage
from tests.broken.trees import readings, tree
from tests.conftest import Run, csv_bytes

# Tables of the patients that nothing but their own files need, and that hold texts.
CLINICAL = """
mimiciv_ed.diagnosis mimiciv_ed.medrecon mimiciv_ed.pyxis mimiciv_ed.vitalsign
mimiciv_hosp.diagnoses_icd mimiciv_hosp.drgcodes mimiciv_hosp.emar mimiciv_hosp.emar_detail
mimiciv_hosp.hcpcsevents mimiciv_hosp.labevents mimiciv_hosp.microbiologyevents mimiciv_hosp.omr
mimiciv_hosp.pharmacy mimiciv_hosp.poe mimiciv_hosp.poe_detail mimiciv_hosp.prescriptions
mimiciv_hosp.procedures_icd mimiciv_hosp.services mimiciv_hosp.transfers mimiciv_icu.chartevents
mimiciv_icu.datetimeevents mimiciv_icu.ingredientevents mimiciv_icu.inputevents
mimiciv_icu.outputevents mimiciv_icu.procedureevents
""".split()  # noqa: SIM905


@pytest.fixture(scope="session")
def wide(tree, shared) -> Path:
    """The tiny tree with all clinical tables; read it only."""

    def make(folder: Path) -> Path:
        source = Path(shutil.copytree(tree, folder / "source"))
        for name in CLINICAL:
            table = tiny.table(name, tiny.BOTH * 2)
            tiny.put(source / tiny.place(name), csv_bytes(table))
        return source

    return Path(shared.make("wide", (), make))


@pytest.fixture(scope="session")
def whole(tree, built) -> Path:
    """A build of the tiny tree; read it only."""
    return Path(built(tree))


@pytest.fixture
def source(tree, tmp_path) -> Path:
    """A copy of the tiny tree that a test may break."""
    return Path(shutil.copytree(tree, tmp_path / "source"))


class Attempt(NamedTuple):
    """A build that was tried: what it said, its source and its OUT."""

    run: Run
    source: Path
    out: Path

    @property
    def said(self) -> str:
        return self.run.stdout + self.run.stderr

    def told_of(self, file: Path | str) -> str:
        """The problems that name a file, each with all of its lines."""
        problems = ["error: " + one for one in self.run.stderr.split("error: ")[1:]]
        return "".join(one for one in problems if str(file) in one)

    def assert_refused(self, *words: str) -> None:
        tiny.assert_told(self.run, *words)
        assert self.run.code == 1
        assert tiny.looks_unfinished(self.out)


@pytest.fixture(scope="session")
def attempt(command, tmp_path_factory, shared) -> Callable[..., Attempt]:
    """Break files of a copy of a tree by their paths, and build it.

    Whatever comes of it, no row is told, and the sources and all else stay as they were. What is
    given a name is made once, and read only.
    """

    def build(
        tree: Path, damages: dict[str, Damage], *words: object, name: str | None = None
    ) -> Attempt:
        if name:
            made = shared.make("attempt", name, lambda folder: within(folder, tree, damages, words))
            return Attempt(*made)
        return within(tmp_path_factory.mktemp("attempt"), tree, damages, words)

    def within(
        folder: Path, tree: Path, damages: dict[str, Damage], words: tuple[object, ...]
    ) -> Attempt:
        source = Path(shutil.copytree(tree, folder / "here" / "source"))
        for path, damage in damages.items():
            damage(source / path)
        out = folder / "here" / "out"
        before = tiny.contents(folder, out)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            run = command("build", "--source", source, "--out", out, "--threads", 1, *words)
        assert tiny.contents(folder, out) == before
        tiny.assert_silent(run, out)
        assert (out / "build.json").exists() == (run.code == 0)
        return Attempt(run, source, out)

    return build
