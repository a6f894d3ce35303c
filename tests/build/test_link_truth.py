"""Each image has the stay that the specification gives it, told twice from outside.

Once by the truth that `synth` writes beside its sources, once by the rules stated in plain Python
in `conftest.py`.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import mimiceye_duck

COLUMNS = [
    "dicom_id",
    "study_id",
    "subject_id",
    "study_at",
    "stay_id",
    "link",
    "gap_seconds",
    "n_candidates",
    "hadm_id",
    "icu_stay_id",
]
WEEK = timedelta(days=7)
LINKING = [
    "hosp/patients",
    "hosp/admissions",
    "icu/icustays",
    "ed/edstays",
    "mimic-cxr-2.0.0-metadata",
]


@pytest.fixture(scope="session")
def stays_and_images(made_up, shared) -> Callable[..., Path]:
    """A made-up tree with nothing in it but what linking reads."""

    def make(patients: int = 40, seed: int = 0) -> Path:
        full = made_up(patients=patients, seed=seed)

        def thin(source: Path) -> Path:
            for name in LINKING:
                for file in full.rglob(f"{name}.csv.gz"):
                    there = source / file.relative_to(full)
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, there)
            return source

        return Path(shared.make("stays_and_images", (patients, seed), thin))

    return make


def links(out: Path, tools: Any) -> dict[str, tuple[str, ...]]:
    """links.cxr_stay as text, by dicom_id."""
    rows = tools.query(out, f"select {', '.join(COLUMNS)} from links.cxr_stay")
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: tuple(map(text, row[1:])) for row in rows}


def text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, (float, Decimal)):
        number = format(Decimal(str(value)), "f")
        return number.rstrip("0").rstrip(".") if "." in number else number
    return "" if value is None else str(value)


def told_by_synth(truth: Path, tools: Any) -> dict[str, tuple[str, ...]]:
    rows = tools.read_csv(truth / "cxr_stay.csv").records()
    return {row["dicom_id"]: tuple(row[name] for name in COLUMNS[1:]) for row in rows}


def told_by_rule(source: Path, tools: Any, **rule: Any) -> dict[str, tuple[str, ...]]:
    view = tools.source(source)
    images = {row["dicom_id"]: (row["study_id"], row["subject_id"]) for row in view.metadata}
    return {image: (*images[image], *link) for image, link in view.links(**rule).items()}


def unlike(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        image: (found.get(image), wanted.get(image))
        for image in found.keys() | wanted.keys()
        if found.get(image) != wanted.get(image)
    }


@pytest.mark.parametrize(
    ("patients", "seed"), [(40, 0), (12, 0), (12, 1), (12, 7), (25, 123), (6, 2024)]
)
def test_links_are_those_of_the_truth(patients, seed, made_up, stays_and_images, built, tools):
    source = stays_and_images(patients, seed)
    found = links(built(source, cohort="cxr"), tools)
    truth = told_by_synth(made_up(patients=patients, seed=seed) / "truth", tools)
    assert unlike(found, truth) == {}
    assert unlike(told_by_rule(source, tools), truth) == {}


def test_links_do_not_hang_on_the_cohort_or_on_other_tables(
    made_up, built, stays_and_images, tools
):
    eye = links(built(made_up(), cohort="eye"), tools)
    assert unlike(eye, links(built(stays_and_images(12), cohort="cxr"), tools)) == {}


@pytest.mark.parametrize(
    ("rule", "window", "length"),
    [
        ("within-or-after", "0", timedelta(0)),
        ("within-or-after", "0h", timedelta(0)),
        ("within-or-after", "36h", timedelta(hours=36)),
        ("within-or-after", "1.5d", timedelta(hours=36)),
        ("within-or-after", "90min", timedelta(minutes=90)),
        ("within-or-after", "1s", timedelta(seconds=1)),
        ("within-or-after", "400d", timedelta(days=400)),
        ("nearest", "7d", WEEK),
        ("nearest", "36h", timedelta(hours=36)),
        ("nearest", "0", timedelta(0)),
        ("closed", "7d", WEEK),
        ("egd-date", "7d", WEEK),
        ("mimic-eye-1.0", "7d", WEEK),
    ],
)
def test_links_are_those_of_the_rule_and_window(
    rule, window, length, stays_and_images, built, tools
):
    source = stays_and_images()
    out = built(source, cohort="cxr", link_rule=rule, window=window)
    wanted = told_by_rule(source, tools, rule=rule, window=length)
    assert unlike(links(out, tools), wanted) == {}
    assert {link[4] for link in wanted.values()} >= {"within", ""}


def test_rules_differ_on_what_was_made_up(stays_and_images, tools):
    rules = ["within-or-after", "nearest", "closed", "egd-date", "mimic-eye-1.0"]
    told = [told_by_rule(stays_and_images(), tools, rule=rule) for rule in rules]
    assert all(one != other for at, one in enumerate(told) for other in told[:at])


def test_images_made_up_around_real_stays_are_linked_as_the_truth_says(around_demos, built, tools):
    found = links(built(around_demos, files="none"), tools)
    truth = told_by_synth(around_demos.parent / "truth", tools)
    assert len({link[1] for link in truth.values()}) > 20
    assert unlike(found, truth) == {}
    assert unlike(told_by_rule(around_demos, tools), truth) == {}


def test_real_rows_go_through_unchanged_beside_made_up_images(around_demos, built, tools):
    out = built(around_demos, files="none")
    wanted = tools.source(around_demos).csv_tree("eye")
    assert len(wanted) > 500
    differing = [
        path
        for path, table in wanted.items()
        if not path.endswith("REFLACX/metadata.csv")
        and (out / path).read_bytes() != tools.csv_bytes(table)
    ]
    assert differing == []
    assert wanted.keys() == tools.tree_bytes(out).keys()


def test_the_same_stay_stands_in_every_table_that_names_it(made_up, built, tools):
    out = built(made_up())
    found = links(out, tools)
    sheet = tools.read_csv(out / "spreadsheets/cxr_meta.csv").records()
    master = tools.read_csv(out / "spreadsheets/EyeGaze/master_sheet_with_updated_stayId.csv")
    assert {row["dicom_id"]: row["stay_id"] for row in sheet} == {
        row["dicom_id"]: found[row["dicom_id"]][3] for row in sheet
    }
    assert {row["dicom_id"]: row["stay_id"] for row in master.records()} == {
        row["dicom_id"]: found[row["dicom_id"]][3] for row in master.records()
    }
    stays = {
        row["stay_id"]: row["subject_id"]
        for row in tools.read_csv(out / "spreadsheets/ED/triage.csv").records()
    }
    assert all(stays[row["stay_id"]] == row["subject_id"] for row in sheet if row["stay_id"])


def test_without_stays_no_image_has_one(stays_and_images, tmp_path, tools):
    source = tmp_path / "source"
    shutil.copytree(stays_and_images(12), source)
    next(source.rglob("edstays.csv.gz")).unlink()
    mimiceye_duck.build(source=source, out=tmp_path / "out", cohort="cxr")
    found = links(tmp_path / "out", tools)
    assert unlike(found, told_by_rule(source, tools)) == {}
    assert {link[3:7] for link in found.values()} == {("", "", "", "0")}
    assert any(link[7] for link in found.values())
    assert any(link[8] for link in found.values())
