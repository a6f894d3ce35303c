"""The nodes of a build: whatever decides what comes of one changes its digest, and nothing else."""

import os
from dataclasses import replace

import pytest

from mimiceye_duck.catalog.options.checking import options
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.readers.discovery import survey
from tests import stays

STAYS = "mimiciv_ed.edstays"


@pytest.fixture
def sources(tmp_path):
    return survey(stays.fill(tmp_path / "source"))


def graph(sources, change, tmp_path):
    """The nodes of a build of which the table of stays is another one."""
    changed = change(replace(sources.tables[STAYS]), tmp_path)
    return Graph(replace(sources, tables={**sources.tables, STAYS: changed}), options())


def as_it_is(source, tmp_path):
    return source


def only_moved(source, tmp_path):
    folder = source.file.parent.rename(tmp_path / "elsewhere")
    return replace(source, file=folder / source.file.name)


def of_another_contract(source, tmp_path):
    text = source.contract.file.read_bytes()
    file = stays.put(tmp_path / "edstays.odcs.yaml", text.replace(b"Key: true", b"Key: false"))
    assert file.read_bytes() != text
    return replace(source, contract=replace(source.contract, file=file))


def of_another_time(source, tmp_path):
    os.utime(source.file, ns=(1, 1))
    return source


def of_another_size(source, tmp_path):
    status = source.file.stat()
    source.file.write_bytes(source.file.read_bytes() + bytes(4))
    os.utime(source.file, ns=(status.st_atime_ns, status.st_mtime_ns))
    return source


def of_another_content(source, tmp_path):
    """Of the same size and time, as an archive that was packed twice may give it."""
    status, content = source.file.stat(), source.file.read_bytes()
    source.file.write_bytes(content[::-1])
    os.utime(source.file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content[::-1] != content
    return source


def of_another_release(source, tmp_path):
    return replace(source, release="2.0")


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        (as_it_is, False),
        (only_moved, False),
        (of_another_contract, True),
        (of_another_time, True),
        (of_another_size, True),
        (of_another_content, True),
        (of_another_release, True),
    ],
)
def test_what_decides_of_a_table_is_in_its_digest(change, is_another, sources, tmp_path):
    before, after = (graph(sources, one, tmp_path) for one in (as_it_is, change))
    for name in (STAYS, sources.tables[STAYS].contract.text_name, "links.cxr_stay"):
        assert (before[name].digest != after[name].digest) == is_another
    assert before["mimiciv_hosp.patients"].digest == after["mimiciv_hosp.patients"].digest


READ = {
    "links.cxr_stay": {"link_rule", "window"},
    "spreadsheets/cxr_meta": {"link_rule", "window", "cohort"},
    "cohort.images": {"cohort"},
    "staging.cxr_images": set(),
}


@pytest.mark.parametrize("name", READ)
def test_an_option_changes_what_reads_it_alone(name, sources):
    changes = {"link_rule": "closed", "window": "1d", "cohort": "all", "files": "none"}
    before = Graph(sources, options())[name].digest
    changed = {
        option
        for option, value in changes.items()
        if Graph(sources, options(**{option: value}))[name].digest != before
    }
    assert changed == READ[name]
