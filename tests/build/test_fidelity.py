"""Every cell of every CSV is the source's, but for what the specification names."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shared import Shared

SOME = (90000000, 90000004, 90000007, 90000010)
COHORTS = ["eye", "cxr", "all", "file"]


@pytest.fixture(scope="session")
def wanted_and_found(
    made_up: Callable[..., Path],
    built: Callable[..., Path],
    tools: Any,
    shared: Shared,
) -> Callable[[str], tuple[dict[str, Any], Path]]:
    """What a cohort's build must hold, and the build."""

    def write(folder: Path) -> Path:
        (folder / "ids.txt").write_text("".join(f"{subject}\n" for subject in SOME))
        return folder / "ids.txt"

    cohort_file = shared.make("cohort", (), write)
    wanted: dict[str, Any] = {}

    def give(cohort: str) -> tuple[dict[str, Any], Path]:
        source = made_up(patients=40)
        if cohort not in wanted:
            wanted[cohort] = tools.source(source).csv_tree(SOME if cohort == "file" else cohort)
        named = str(cohort_file) if cohort == "file" else cohort
        return wanted[cohort], built(source, cohort=named)

    return give


def csv_files(out: Path) -> set[str]:
    """The CSV that a build writes, by path below OUT; those it only copies are not among them."""
    patients = {
        file.relative_to(out).as_posix()
        for folder in ("Hosp", "ICU", "ED", "CXR-JPG", "REFLACX", "EyeGaze")
        for file in out.glob(f"patient_*/{folder}/*.csv")
    }
    return patients | {file.relative_to(out).as_posix() for file in out.glob("spreadsheets/**/*.*")}


def differing(wanted: dict[str, Any], out: Path, pattern: str, tools: Any) -> list[str]:
    """The files of `pattern` whose bytes are not those of a minimal CSV writer."""
    paths = [path for path in wanted if re.fullmatch(pattern, path)]
    assert paths
    return [
        path
        for path in paths
        if not (out / path).is_file() or (out / path).read_bytes() != tools.csv_bytes(wanted[path])
    ]


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_csv_is_there_exactly_when_it_has_a_row(cohort, wanted_and_found):
    wanted, out = wanted_and_found(cohort)
    assert csv_files(out) == set(wanted)


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"patient_\d+/Hosp/.*", id="Hosp"),
        pytest.param(r"patient_\d+/ICU/.*", id="ICU"),
        pytest.param(r"patient_\d+/ED/.*", id="ED"),
        pytest.param(r"patient_\d+/CXR-JPG/cxr_(chexpert|negbio|split).csv", id="labels"),
        pytest.param(r"patient_\d+/EyeGaze/bounding_boxes.csv", id="boxes"),
        pytest.param(r"spreadsheets/(Hosp|ICU|ED|CXR-JPG)/.*|.*sheets/EyeGaze/bound.*", id="whole"),
    ],
)
def test_rows_of_a_parent_are_those_of_the_source_byte_for_byte(
    cohort, pattern, wanted_and_found, tools
):
    wanted, out = wanted_and_found(cohort)
    assert differing(wanted, out, pattern, tools) == []


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r".*/cxr_meta(_with_stay_id_only)?.csv", id="cxr_meta"),
        pytest.param(r".*EyeGaze/(eye_gaze|fixations).csv", id="gaze"),
        pytest.param(r".*EyeGaze/master_sheet.*", id="master_sheet"),
    ],
)
def test_repaired_rows_are_as_the_specification_says(cohort, pattern, wanted_and_found, tools):
    wanted, out = wanted_and_found(cohort)
    assert differing(wanted, out, pattern, tools) == []


@pytest.mark.parametrize("cohort", COHORTS)
def test_reflacx_metadata_is_the_three_phases_merged_to_21_classes(cohort, wanted_and_found, tools):
    wanted, out = wanted_and_found(cohort)
    paths = [path for path in wanted if path.endswith("REFLACX/metadata.csv")]
    assert len(paths) > 1
    for path in paths:
        found = tools.read_csv(out / path)
        assert tools.csv_bytes(found) == (out / path).read_bytes(), path
        assert len(found.header) == 8 + 1 + 21
        for row in found.rows:
            row[8] = ""
        assert found == wanted[path], path


def test_label_version_tells_phase_1_from_the_others(wanted_and_found, tools):
    _, out = wanted_and_found("eye")
    sheet = tools.read_csv(out / "spreadsheets/REFLACX/metadata.csv")
    versions = {
        (id[:2] == "P1", version)
        for id, version in zip(sheet.column("id"), sheet.column("label_version"), strict=True)
    }
    assert len(versions) == len(dict(versions)) == len({version for _, version in versions}) == 2


def test_cxr_meta_spells_what_it_adds(wanted_and_found, tools):
    _, out = wanted_and_found("cxr")
    sheet = tools.read_csv(out / "spreadsheets/cxr_meta.csv")
    assert sheet.header[-7:] == [
        "stay_id",
        "in_reflacx",
        "in_eye_gaze",
        "link",
        "gap_seconds",
        "n_candidates",
        "study_at",
    ]
    spelling = {
        "stay_id": r"\d*",
        "in_reflacx": "True|False",
        "in_eye_gaze": "True|False",
        "link": "within|after|",
        "gap_seconds": r"(0|[1-9]\d*)(\.\d*[1-9])?|",
        "n_candidates": r"\d+",
        "study_at": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}|",
    }
    for name, pattern in spelling.items():
        assert all(re.fullmatch(pattern, cell) for cell in sheet.column(name)), name
    gaps, studies = sheet.column("gap_seconds"), sheet.column("study_at")
    assert {"", "0", "604800"} <= set(gaps) and any("." in gap for gap in gaps)
    assert "" in studies and any(at and not at.endswith(".000") for at in studies)


def test_what_was_made_up_has_the_hard_cells(wanted_and_found):
    wanted, _ = wanted_and_found("all")
    cells = {
        cell
        for path, table in wanted.items()
        if path.startswith("patient_")
        for row in table.rows
        for cell in row
    }
    assert {"0389", "37.0", "1.10", "___", ""} <= cells
    assert any(cell != cell.strip() for cell in cells)
    assert any('"' in cell for table in wanted.values() for row in table.rows for cell in row)
    assert any("\n" in cell for cell in cells)
    assert any(
        not cell.isascii() for table in wanted.values() for row in table.rows for cell in row
    )


def test_open_demos_go_through_unchanged(open_demos, built, tools):
    out = built(open_demos, cohort="all")
    wanted = tools.source(open_demos).csv_tree("all")
    assert len({path.split("/")[0] for path in wanted}) == 101
    assert csv_files(out) == set(wanted)
    assert differing(wanted, out, ".*", tools) == []


HARD = {
    "leading zero": "0389",
    "trailing zero": "1.10",
    "scientific": "1E5",
    "plus": "+1",
    "blanks around": "  both  ",
    "tab": "\tx\t",
    "only blanks": "   ",
    "comma": "a,b",
    "quotes": '"quoted" and ""',
    "one quote": '"',
    "newline": "first\nsecond",
    "CR LF": "a\r\nb",
    "lone CR": "a\rb",
    "NULL": "NULL",
    "nan": "nan",
    "None": "None",
    "NA": "NA",
    "true": "true",
    "backslash": "\\N",
    "backslash quote": '\\"',
    "apostrophe": "it's",
    "hash": "# no comment",
    "dash": "--",
    "brace": "{{ x }}",
    "percent": "100 %s",
    "non-ASCII": "Grüße 心 é",
    "emoji": "🫁",
    "no-break space": "\u00a0x\u00a0",
    "line separator": "a\u2028b",
    "BOM inside": "a\ufeffb",
    "long": "x" * 70_000,
    "big integer": "123456789012345678901234567890",
    "date": "2150-1-1",
    "formula": "=1+1",
    "semicolon": "a;b",
    "pipe": "a|b",
    "control": "a\x01b\x7f",
}


def test_any_text_in_a_cell_goes_through(made_up, copied, tmp_path, tools):
    import mimiceye_duck

    source = copied(made_up())
    view = tools.source(source)
    changed = {
        "Hosp/labevents": "comments",
        "ED/triage": "chiefcomplaint",
        "EyeGaze/master_sheet": "cxr_exam_indication",
        "Hosp/d_icd_diagnoses": "long_title",
    }
    for name, column in changed.items():
        file = view.file(name)
        table = tools.read_csv(file)
        place = table.header.index(column)
        texts = list(HARD.values())
        rows = [
            [*row[:place], texts[number % len(texts)], *row[place + 1 :]]
            for number, row in enumerate([*table.rows])
        ]
        text = tools.csv_bytes(tools.table(table.header, rows))
        file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    out = tmp_path / "out"
    mimiceye_duck.build(source=source, out=out, cohort="all", files="none")
    wanted = view.csv_tree("all")
    for name in changed:
        assert differing(wanted, out, rf"patient_\d+/{name}.csv|spreadsheets/{name}.*", tools) == []
