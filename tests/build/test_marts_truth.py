"""The marts of gaze, labs, vital signs, labels and outcomes: by truth, and once more in Python."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import read_csv

DAY = timedelta(days=1)
Row = dict[str, str]


def truth(tree: Path, name: str) -> list[Row]:
    return read_csv(tree / "truth" / f"{name}.csv").records()


@pytest.fixture(scope="module")
def tree(made_up: Callable[..., Path]) -> Path:
    return made_up()


@pytest.fixture(scope="module")
def out(tree, built) -> Path:
    return built(tree)


@pytest.fixture(scope="module")
def ask(out, tools) -> Callable[[str], list[Any]]:
    return lambda sql: tools.query(out, sql)


@pytest.fixture(scope="module")
def source(tree, tools) -> Any:
    return tools.source(tree)


@pytest.fixture(scope="module")
def images(tree, ask) -> list[Row]:
    """The truth of each built image that has a time."""
    built = {row[0] for row in ask("select dicom_id from cohort.images")}
    found = [row for row in truth(tree, "cxr_stay") if row["dicom_id"] in built]
    assert len(found) == len(built)
    return found


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def test_fixations_lie_in_the_ellipses_that_truth_says(tree, ask):
    wanted = Counter(
        (
            row["reading_id"],
            *(int(row[name]) for name in ("fixation", "xmin", "ymin", "xmax", "ymax")),
        )
        for row in truth(tree, "fixations_in_lesions")
    )
    found = Counter(
        ask(
            "select inside.reading_id, fixation, xmin, ymin, xmax, ymax"
            " from marts.fixations_in_lesions as inside"
            " inner join marts.lesions using (reading_id, ellipse)"
        )
    )
    assert found == wanted and len(found) > 100


def test_words_are_on_the_fixations_that_truth_says(tree, ask):
    found = {
        tuple(row[:3]): row[3]
        for row in ask(
            "select reading_id, place, fixation, overlap_seconds from marts.words_and_fixations"
        )
    }
    wanted = {
        (row["reading_id"], int(row["place"]), int(row["fixation"])): float(row["overlap_seconds"])
        for row in truth(tree, "words_and_fixations")
    }
    assert found.keys() == wanted.keys() and len(found) > 500
    assert all(abs(found[key] - wanted[key]) < 1e-9 for key in found)


def test_labs_near_an_image_are_those_of_the_source(source, images, ask):
    wanted = {}
    events = sorted(source.records("Hosp/labevents"), key=lambda row: int(row["labevent_id"]))
    for image in images:
        at = moment(image["study_at"])
        near: dict[tuple[str, str], list[Row]] = {}
        for row in events:
            taken = moment(row["charttime"])
            is_own = row["subject_id"] == image["subject_id"] and (row["value"] or row["valuenum"])
            if is_own and at and taken and abs(taken - at) <= DAY:
                near.setdefault((row["itemid"], row["valueuom"]), []).append(row)
        for (itemid, unit), own in near.items():
            own.sort(key=lambda row: row["charttime"])
            values = (own[0]["valuenum"], own[0]["value"], own[-1]["valuenum"], own[-1]["value"])
            wanted[image["dicom_id"], int(itemid), unit] = (len(own), *values)
    found = {
        (row[0], row[1], row[2] or ""): (row[3], *("" if x is None else x for x in row[4:]))
        for row in ask(
            "select dicom_id, itemid, unit, n_results, first_value, first_text, last_value,"
            " last_text from marts.labs_near_image"
        )
    }
    numbered = {
        key: (n, float(a) if a else "", b, float(c) if c else "", d)
        for key, (n, a, b, c, d) in wanted.items()
    }
    assert found == numbered and found


def test_vital_signs_near_an_image_are_those_of_the_source(source, images, ask):
    stays = {row["stay_id"]: row for row in source.records("ED/edstays")}
    taken = [
        (row["subject_id"], moment(stays[row["stay_id"]]["intime"]), row)
        for row in source.records("ED/triage")
    ]
    taken += [
        (row["subject_id"], moment(row["charttime"]), row) for row in source.records("ED/vitalsign")
    ]
    wanted = Counter()
    for image in images:
        at = moment(image["study_at"])
        for subject, when, row in taken:
            if subject == image["subject_id"] and at and when and abs(when - at) <= DAY:
                for name in ("temperature", "heartrate", "resprate", "o2sat", "sbp", "dbp"):
                    wanted[image["dicom_id"], name] += bool(row[name])
    found = ask("select dicom_id, vital_sign, n_values from marts.vitals_near_image")
    assert {row[:2]: row[2] for row in found} == {key: n for key, n in wanted.items() if n}


def test_outcomes_are_those_of_the_source(source, images, ask):
    stays = {row["stay_id"]: row for row in source.records("ED/edstays")}
    admissions = {row["hadm_id"]: row for row in source.records("Hosp/admissions")}
    patients = {row["subject_id"]: row for row in source.records("Hosp/patients")}
    icu = source.records("ICU/icustays")
    wanted = {}
    for image in images:
        at, patient = moment(image["study_at"]), patients.get(image["subject_id"])
        hadm = image["hadm_id"] or stays.get(image["stay_id"], {}).get("hadm_id", "")
        if not at or not patient:
            wanted[image["dicom_id"]] = (None, None, None)
            continue
        own = [
            row
            for row in icu
            if row["subject_id"] == image["subject_id"]
            and moment(row["intime"]) <= at + DAY
            and max(moment(row["intime"]), moment(row["outtime"]) or datetime.min) >= at
        ]
        dead = moment(patient["dod"]) or moment(admissions.get(hadm, {}).get("deathtime", ""))
        days = (dead.date() - at.date()).days if dead else None
        wanted[image["dicom_id"]] = (bool(hadm), bool(own), days)
    found = ask(
        "select dicom_id, is_admitted, has_icu_within_24h, days_to_death from marts.outcomes"
    )
    assert {row[0]: row[1:] for row in found} == wanted


def test_prior_images_are_those_of_the_metadata(tree, source, images, ask):
    views = {row["dicom_id"]: row["ViewPosition"] for row in source.metadata}
    every = truth(tree, "cxr_stay")
    wanted = {
        (image["dicom_id"], other["dicom_id"]): views[image["dicom_id"]] == views[other["dicom_id"]]
        for image in images
        for other in every
        if image["subject_id"] == other["subject_id"] and "" < other["study_at"] < image["study_at"]
    }
    found = ask("select dicom_id, prior_dicom_id, is_same_view from marts.prior_images")
    assert {row[:2]: row[2] for row in found} == wanted and wanted


def test_the_test_sets_labels_are_there_since_2_1_0(made_up, built, tools):
    source = made_up(release="3.1")
    out = built(source, cohort="cxr")
    (file,) = source.rglob("mimic-cxr-2.1.0-test-set-labeled.csv")
    rows = read_csv(file).records()
    wanted = {
        (int(row["study_id"]), label.replace("Airspace", "Lung"), float(cell) if cell else None)
        for row in rows
        for label, cell in row.items()
        if label != "study_id"
    }
    found = tools.query(
        out,
        "select distinct study_id, label, value from marts.image_labels"
        " where labeler = 'radiologist'",
    )
    assert set(found) == wanted and rows


def test_the_window_of_what_is_near_is_an_option(made_up, built, tools, ask):
    out = built(made_up(), near_window="1h")
    assert tools.query(out, "from settings.near_image") == [(3600.0,)]
    total = "select sum(n_values) from marts.vitals_near_image"
    assert (0,) < tools.query(out, total)[0] < ask(total)[0]
    widest = "select max(abs(first_gap_seconds)) from marts.vitals_near_image"
    assert tools.query(out, widest)[0] <= (3600.0,) < ask(widest)[0]
