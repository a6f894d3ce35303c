"""The tiny tree, whole and in parts."""

from pathlib import Path

import pytest

from tests.broken import tiny


@pytest.fixture(scope="session")
def tree(shared) -> Path:
    """The tiny tree; read it only."""
    return Path(
        shared.make("tiny", (), lambda folder: tiny.fill_sets(tiny.fill(folder / "source")))
    )


@pytest.fixture(scope="session")
def few(shared) -> Path:
    """The three tables that a link needs; read them only."""
    return Path(shared.make("few", (), lambda folder: tiny.fill(folder / "source", tiny.LINKED)))


@pytest.fixture(scope="session")
def readings(shared) -> Path:
    """Those three, and the readings and recordings; read them only."""

    def make(folder: Path) -> Path:
        return tiny.fill_sets(tiny.fill(folder / "source", tiny.READ_OF))

    return Path(shared.make("readings", (), make))
