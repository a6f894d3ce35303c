"""Each image has the stay that the specification gives it, told twice from outside.

Once by the truth that `synth` writes beside its sources, once by the rules stated in plain Python
in `conftest.py`.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import mimiceye_duck
from tests.links import COLUMNS, WEEK, by_image, told_by_rule, told_by_synth, unlike

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

    def make(patients: int) -> Path:
        full = made_up(patients=patients)

        def thin(source: Path) -> Path:
            for name in LINKING:
                for file in full.rglob(f"{name}.csv.gz"):
                    there = source / file.relative_to(full)
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, there)
            return source

        return Path(shared.make("stays_and_images", patients, thin))

    return make


def links(out: Path, tools: Any) -> dict[str, tuple[str, ...]]:
    """links.cxr_stay as text, by dicom_id."""
    return by_image(tools.query(out, f"select {', '.join(COLUMNS)} from links.cxr_stay"))


def test_links_do_not_hang_on_the_cohort_or_on_other_tables(
    made_up, built, stays_and_images, tools
):
    eye = links(built(made_up()), tools)
    assert unlike(eye, links(built(stays_and_images(12), cohort="cxr"), tools)) == {}


@pytest.mark.parametrize(
    ("options", "length"),
    [
        ({"link_rule": "nearest", "window": "36h"}, timedelta(hours=36)),
        ({"link_rule": "mimic-eye-1.0"}, WEEK),
    ],
    ids=["another window", "as published"],
)
def test_a_build_links_by_the_rule_and_window_that_it_is_asked_for(
    options, length, made_up, built, tools
):
    wanted = told_by_rule(made_up(), tools, rule=options["link_rule"], window=length)
    assert unlike(links(built(made_up(), **options), tools), wanted) == {}


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
