"""The benchmark's trees are what the contracts say, and its figures are what happened."""

import ast
import csv
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from tests.bench import section
from tests.bench.measure import FailedError, run
from tests.bench.targets import targets
from tests.bench.tree import Scale, Tree, make
from tests.shared import Shared

SCALE = Scale(scale_mb=6, patients=60, seed=3)
CLINICAL = ("mimiciv_hosp", "mimiciv_icu", "mimiciv_ed")
TABLES = [contract for contract in contracts().values() if contract.schema in CLINICAL]
RELEASED = json.loads((Path(section.__file__).parent / "release_rows.json").read_text())["rows"]


@pytest.fixture(scope="module")
def tree(shared: Shared) -> Tree:
    """A tiny tree in order of patients."""
    return shared.make("bench", (), lambda folder: make(folder, SCALE))


def cells(tree: Tree, name: str) -> Iterator[list[str]]:
    (file,) = tree.source.rglob(f"{name}.csv.gz")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        yield from csv.reader(text)


def sums(tree: Tree) -> dict[str, str]:
    return {
        file.relative_to(tree.root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in tree.root.rglob("*.csv*")
    }


def has_subject(contract: Contract) -> bool:
    return any(column.name == "subject_id" for column in contract.file_columns)


def subjects(tree: Tree, name: str) -> list[str]:
    header, *rows = cells(tree, name)
    return [row[header.index("subject_id")] for row in rows]


def test_all_37_clinical_tables_have_the_columns_of_their_contracts(tree: Tree) -> None:
    wanted = {
        contract.id: [
            column.header.lower() for column in contract.file_columns if column.since <= "2.2"
        ]
        for contract in TABLES
    }
    found = {
        contract.id: [name.lower() for name in next(cells(tree, contract.table))]
        for contract in TABLES
    }
    assert found == wanted
    assert len(found) == 37


def test_the_rows_told_are_the_rows_of_the_files(tree: Tree) -> None:
    found = {contract.id: sum(1 for _ in cells(tree, contract.table)) - 1 for contract in TABLES}
    assert found == {name: tree.rows[name] for name in found}


def test_tables_keep_the_proportions_of_the_release(tree: Tree) -> None:
    largest = sorted(RELEASED, key=RELEASED.__getitem__)[-8:]
    share = tree.rows["mimiciv_icu.chartevents"] / RELEASED["mimiciv_icu.chartevents"]
    found = {name: tree.rows[name] / RELEASED[name] / share for name in largest}
    assert all(0.8 < ratio < 1.25 for ratio in found.values()), found


def test_a_patients_rows_stand_together_unless_they_are_shuffled(
    tree: Tree, tmp_path: Path
) -> None:
    shuffled = make(tmp_path, Scale(SCALE.scale_mb, SCALE.patients, SCALE.seed, shuffled=True))
    for name in ("chartevents", "labevents", "emar_detail", "edstays", "transfers"):
        in_order, others = subjects(tree, name), subjects(shuffled, name)
        assert in_order == sorted(in_order), name
        assert others != in_order and sorted(others) == in_order, name


def test_one_seed_gives_the_same_bytes_and_another_does_not(tree: Tree, tmp_path: Path) -> None:
    assert sums(make(tmp_path / "same", SCALE)) == sums(tree)
    other = make(tmp_path / "other", Scale(SCALE.scale_mb, SCALE.patients, SCALE.seed + 1))
    differ = {name for name, found in sums(tree).items() if sums(other).get(name) != found}
    # Wards, drugs and codes come from lists: only what names nobody may be alike.
    alike = {path.rpartition("/")[2] for path in sums(tree).keys() - differ}
    assert not alike & {f"{contract.table}.csv.gz" for contract in TABLES if has_subject(contract)}


def test_some_cells_are_quoted_and_some_are_not_ascii(tree: Tree) -> None:
    (labs,) = tree.source.rglob("labevents.csv.gz")
    (charts,) = tree.source.rglob("chartevents.csv.gz")
    assert b'"Hemolysis falsely elevates this test, ""moderately""."' in gzip.decompress(
        labs.read_bytes()
    )
    assert "°F".encode() in gzip.decompress(charts.read_bytes())


@pytest.fixture(scope="module")
def both(tree: Tree, command: Callable[..., Any], shared: Shared) -> tuple[Path, Path, str]:
    """A cohort as `build` makes it and as the published method does, and what build said."""

    def build(out: Path) -> tuple[Path, Path, str]:
        cohort = ("--cohort", tree.cohort("20pc"), "--files", "none")
        built = command("build", "--source", tree.source, "--out", out / "ours", *cohort)
        assert built.code == 0, built.stderr
        script = Path(section.__file__).with_name("published.py")
        run([sys.executable, script, tree.source, tree.cohort("20pc"), out / "theirs"])
        return out / "ours", out / "theirs", built.stderr

    return shared.make("both", (), build)


def test_a_tree_is_built_with_no_warning_but_that_it_is_smaller(
    both: tuple[Path, Path, str],
) -> None:
    warnings = [line for line in both[2].splitlines() if line.startswith("warning")]
    assert [line for line in warnings if "published" not in line] == []


def test_the_published_method_writes_the_files_that_a_build_does(
    both: tuple[Path, Path, str],
) -> None:
    def rows(root: Path) -> dict[str, int]:
        found = {}
        for file in root.rglob("patient_*/*/*.csv"):
            if file.parent.name in ("Hosp", "ICU", "ED", "CXR-JPG"):
                with file.open(encoding="utf-8", newline="") as text:
                    found[file.relative_to(root).as_posix()] = sum(1 for _ in csv.reader(text))
        return found

    ours, theirs, _ = both
    assert rows(theirs) == rows(ours)
    assert len(rows(ours)) > 100


def test_a_process_is_measured_by_what_it_does(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(bytes(20_000_000))
    code = f"held = open({str(file)!r}, 'rb').read() * 4; print(len(held))"
    # From a small process, as the benchmark is: a child begins with its parent's memory.
    measuring = (
        "import sys; from dataclasses import asdict; from tests.bench.measure import run; "
        "print([asdict(run([sys.executable, '-c', text])) for text in sys.argv[1:]])"
    )
    told = run([sys.executable, "-c", measuring, "pass", code]).printed
    idle, busy = ast.literal_eval(told)
    assert busy["printed"] == "80000000\n"
    assert busy["peak_bytes"] - idle["peak_bytes"] > 75_000_000
    if busy["read_bytes"] is not None:
        assert 20_000_000 <= busy["read_bytes"] - idle["read_bytes"] < 21_000_000
    with pytest.raises(FailedError, match="3 from"):
        run([sys.executable, "-c", "raise SystemExit(3)"])


def results(**walls: float) -> dict[str, Any]:
    """Results in which each measurement was made once."""
    measured = {}
    for name, wall in walls.items():
        one = {"wall": wall, "gzip_wall": 10.0, "csv_files": 20_000, "peak_bytes": 5e8}
        median = {**one, "ratio": wall / 10}
        measured[name.replace("_", "-")] = {"runs": [one], "median": median}
    tree = {"scale": {"scale_mb": 870}, "packed_bytes": 2e8, "rows": 8e6, "seconds": 9.0}
    return {"measured": measured, "not_measured": {}, "tree": tree}


@pytest.mark.parametrize(
    ("walls", "what", "reached"),
    [
        pytest.param({"build_1000": 11.9}, "build, 1,000 patients", True, id="0.9 G and files"),
        pytest.param({"build_1000": 12.1}, "build, 1,000 patients", False, id="a little more"),
        pytest.param({"again": 1.5}, "build again, nothing changed", True, id="at the limit"),
        pytest.param({"again": 1.6}, "build again, nothing changed", False, id="above it"),
        pytest.param({"export": 13.1}, "export of all patients", False, id="1.3 G and more"),
        pytest.param(
            {"pandas_1000": 70, "build_1000": 10},
            "beside the published method, 1,000 patients",
            True,
            id="seven times as fast",
        ),
        pytest.param(
            {"growth_base": 5, "growth_rows": 12}, "rows doubled", False, id="grows too fast"
        ),
        pytest.param({}, "making the tree", False, id="fewer than a million rows a second"),
        pytest.param({"again": 1}, "link at full size", None, id="not measured"),
    ],
)
def test_a_target_is_reached_or_not(walls: dict[str, float], what: str, reached: bool) -> None:
    found = [target for target in targets(results(**walls)) if target.what == what]
    assert found[0].reached is reached


def test_the_readme_tells_what_was_measured_last() -> None:
    text = section.README.read_text(encoding="utf-8")
    assert section.with_section(text) == text
    last = json.loads(section.RESULTS.read_text(encoding="utf-8"))
    built = last["measured"]["build-1000"]["median"]
    assert re.search(rf"1,000 patients`? +\| {built['wall']:.1f} s", text)
