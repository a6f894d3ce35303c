"""The made-up source tree: what must be in it, told from outside the code that makes it."""

import csv
import gzip
import hashlib
import io
import json
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.errors import UsageError, UserError
from mimiceye_duck.synthetic import synth

Row = dict[str, str]

CASES = """
    inside at_intime at_outtime one_second_before_intime one_second_after_intime
    one_second_before_outtime one_second_after_outtime fractional_gap millisecond_gap
    seven_days_after_outtime seven_days_and_one_second_after
    at_09_59_59 at_10_00_00 study_time_5 study_time_214 study_time_83045_515
    study_time_0_at_midnight null_study_time impossible_study_time impossible_study_date
    inside_two_overlapping_stays inside_two_stays_same_intime at_touching_point_of_two_stays
    inside_second_of_touching_stays at_zero_length_stay after_zero_length_stay
    between_inverted_times after_inverted_stay null_intime null_intime_after_outtime null_outtime
    day_boundary two_stays_before_nearest_wins equal_gap_latest_intime_wins
    equal_gap_and_intime_smallest_id within_one_and_after_another before_the_only_stay
    midway_between_two_stays two_stays_of_one_admission in_admission_and_icu at_admittime
    at_dischtime at_icu_intime at_icu_outtime between_touching_admissions in_inverted_admission
    no_stay_at_all patient_absent ordinary_inside ordinary_after ordinary_far_away
"""

# Section 8 of the schemas asks for something to be injected for each of these.
ISSUES = """
    Q-GEN-01 Q-GEN-02 Q-GEN-03 Q-GEN-04 Q-GEN-05 Q-GEN-06 Q-GEN-07 Q-GEN-08
    Q-IV-01 Q-IV-02 Q-IV-04 Q-IV-05 Q-IV-06 Q-IV-11 Q-IV-12
    Q-ED-01 Q-ED-02 Q-ED-03 Q-ED-04 Q-ED-05 Q-ED-06 Q-ED-07
    Q-CXR-01 Q-CXR-02 Q-CXR-03 Q-CXR-04 Q-CXR-05
    Q-RFX-01 Q-RFX-02 Q-RFX-03 Q-RFX-04 Q-EGD-01 Q-EGD-02 Q-EGD-06 Q-LINK-01
"""

RELEASES = {
    "2.0": {"mimiciv": "2.0", "mimic-iv-ed": "2.0", "cxr": "2.0.0"},
    "2.2": {"mimiciv": "2.2", "mimic-iv-ed": "2.2", "cxr": "2.0.0"},
    "3.1": {"mimiciv": "3.1", "mimic-iv-ed": "2.2", "cxr": "2.1.0"},
}


@pytest.fixture(scope="module")
def trees(made_up: Callable[..., Path]) -> Callable[[str], Path]:
    """A small tree of a release."""
    return lambda release: made_up(release=release)


@pytest.fixture(scope="module")
def tree(trees: Callable[[str], Path]) -> Path:
    return trees("2.2")


def text(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode()


def rows(tree: Path, pattern: str) -> list[Row]:
    (file,) = tree.glob(f"physionet.org/files/{pattern}")
    return list(csv.DictReader(io.StringIO(text(file), newline="")))


def truth(tree: Path, name: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text(tree / "truth" / f"{name}.csv"))))


def digests(tree: Path) -> dict[str, tuple[str, float]]:
    return {
        file.relative_to(tree).as_posix(): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime,
        )
        for file in tree.rglob("*")
        if file.is_file()
    }


def version(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


def test_the_same_seed_makes_the_same_bytes_and_another_does_not(
    tree: Path, tmp_path: Path
) -> None:
    synth(tmp_path / "again", patients=12)
    synth(tmp_path / "other", patients=12, seed=1)
    assert digests(tmp_path / "again") == digests(tree)
    assert digests(tmp_path / "other") != digests(tree)


def has_table(contract: Contract, releases: dict[str, str]) -> bool:
    release = releases.get(contract.dataset, releases["cxr"])
    if contract.dataset in ("reflacx-xray-localization", "egd-cxr"):
        release = "1.0.0"
    return version(contract.since) <= version(release)


@pytest.mark.parametrize("release", RELEASES)
def test_every_contract_has_its_file_with_the_columns_of_the_release(
    trees: Callable[[str], Path], release: str
) -> None:
    tree, releases = trees(release), RELEASES[release]
    for contract in contracts().values():
        root = tree / "physionet.org/files" / contract.dataset
        pattern = re.sub(r"\{[^}]*\}", "*", contract.path)
        files = [*root.glob(f"*/{pattern}"), *root.glob(f"*/{pattern}.gz")]
        assert bool(files) == has_table(contract, releases), contract.id
        if contract.format != "csv" or not files or contract.is_file_set:
            continue
        (file,) = files
        dataset_release = releases.get(contract.dataset, "9")
        header = next(csv.reader(io.StringIO(text(file), newline="")))
        expected = [
            column.header
            for column in contract.file_columns
            if version(column.since) <= version(dataset_release)
        ]
        assert [name.lower() for name in header] == [name.lower() for name in expected]


def test_releases_differ_where_the_changelog_says(trees: Callable[[str], Path]) -> None:
    headers = {
        release: rows(trees(release), "mimiciv/*/icu/procedureevents.csv.gz")[0].keys()
        for release in RELEASES
    }
    assert "caregiver_id" not in headers["2.0"]
    assert {"caregiver_id", "ORIGINALRATE"} <= headers["2.2"]
    assert {"caregiver_id", "originalrate"} <= headers["3.1"]
    languages = {row["language"] for row in rows(trees("3.1"), "mimiciv/*/hosp/admissions.csv.gz")}
    assert "ENGLISH" not in languages and "English" in languages
    assert not list(trees("2.0").rglob("provider.csv.gz"))


def test_no_id_can_be_a_real_patients(tree: Path) -> None:
    bands = {"subject_id": "90", "hadm_id": "92", "stay_id": "93", "study_id": "95"}
    checked: Counter[str] = Counter()
    for file in tree.glob("physionet.org/files/mimic*/**/*.csv.gz"):
        for row in csv.DictReader(io.StringIO(text(file), newline="")):
            for name, band in bands.items():
                if value := row.get(name):
                    assert len(value) == 8 and value.startswith(band), (file.name, name)
                    checked[name] += 1
    assert set(checked) == set(bands)
    for row in rows(tree, "mimic-cxr-jpg/*/*-metadata.csv.gz"):
        assert re.fullmatch(r"90000000(-[0-9a-f]{8}){4}", row["dicom_id"])


def test_keys_point_at_rows(tree: Path) -> None:
    keys: dict[tuple[str, str], set[str]] = {}

    def values(table: str, column: str) -> set[str]:
        contract = contracts()[table]
        if (table, column) not in keys:
            found = rows(tree, f"{contract.dataset}/*/{contract.path}.gz")
            keys[table, column] = {row[column] for row in found if row[column]}
        return keys[table, column]

    for contract in contracts().values():
        if contract.schema.startswith("mimiciv"):
            for column in contract.columns:
                for to in column.references:
                    if to.enforced:
                        mine = values(contract.id, column.name)
                        assert mine <= values(to.contract_id, to.column), (contract.id, to)
    assert values("mimiciv_ed.edstays", "stay_id") <= values(
        "mimiciv_hosp.transfers", "transfer_id"
    )


def test_every_case_and_every_issue_is_there(tree: Path) -> None:
    assert {row["case"] for row in truth(tree, "cxr_stay")} == set(CASES.split())
    assert {row["issue"] for row in truth(tree, "injected")} == set(ISSUES.split())


def test_truth_has_a_row_for_every_image_with_its_time(tree: Path) -> None:
    images = rows(tree, "mimic-cxr-jpg/*/*-metadata.csv.gz")
    found = truth(tree, "cxr_stay")
    assert [row["dicom_id"] for row in found] == [row["dicom_id"] for row in images]
    for image, row in zip(images, found, strict=True):
        if row["study_at"]:
            moment = datetime.fromisoformat(row["study_at"])
            number = float(moment.strftime("%H%M%S")) + moment.microsecond / 10**6
            assert image["StudyDate"] == f"{moment:%Y%m%d}"
            assert float(image["StudyTime"]) == pytest.approx(number, abs=1e-6)
    time_of = {row["case"]: image["StudyTime"] for image, row in zip(images, found, strict=True)}
    assert time_of["study_time_5"] == "5.0"
    assert time_of["study_time_214"] == "214.0"
    assert time_of["study_time_83045_515"] == "83045.515"
    assert time_of["null_study_time"] == ""


@pytest.mark.parametrize(
    ("case", "link", "gap_seconds", "n_candidates"),
    [
        ("inside", "within", "0", "1"),
        ("at_intime", "", "", "0"),
        ("at_outtime", "after", "0", "1"),
        ("one_second_before_intime", "", "", "0"),
        ("one_second_after_outtime", "after", "1", "1"),
        ("fractional_gap", "after", "3.5", "1"),
        ("millisecond_gap", "after", "0.001", "1"),
        ("seven_days_after_outtime", "after", "604800", "1"),
        ("seven_days_and_one_second_after", "", "", "0"),
        ("at_09_59_59", "within", "0", "1"),
        ("inside_two_overlapping_stays", "within", "0", "2"),
        ("at_touching_point_of_two_stays", "after", "0", "1"),
        ("at_zero_length_stay", "", "", "0"),
        ("between_inverted_times", "", "", "0"),
        ("null_outtime", "", "", "0"),
        ("two_stays_before_nearest_wins", "after", "28800", "2"),
        ("equal_gap_latest_intime_wins", "after", "7200", "2"),
        ("within_one_and_after_another", "within", "0", "1"),
        ("patient_absent", "", "", "0"),
        ("impossible_study_time", "", "", "0"),
    ],
)
def test_a_case_comes_out_as_the_specification_says(
    tree: Path, case: str, link: str, gap_seconds: str, n_candidates: str
) -> None:
    row = next(row for row in truth(tree, "cxr_stay") if row["case"] == case)
    found = row["link"], row["gap_seconds"], row["n_candidates"]
    assert found == (link, gap_seconds, n_candidates)


def test_truth_is_what_the_files_say(tree: Path) -> None:
    """The rule once more, from the written files and with nothing of the package."""

    def moment(cell: str) -> datetime | None:
        return datetime.fromisoformat(cell) if cell else None

    stays = rows(tree, "mimic-iv-ed/*/ed/edstays.csv.gz")
    for row in truth(tree, "cxr_stay"):
        at = moment(row["study_at"])
        found = []
        for stay in stays:
            start, end = moment(stay["intime"]), moment(stay["outtime"])
            if at and start and end and end > start and stay["subject_id"] == row["subject_id"]:
                if start < at < end:
                    found.append((0, timedelta(0), at - start, stay["stay_id"]))
                elif end <= at <= end + timedelta(days=7):
                    found.append((1, at - end, at - start, stay["stay_id"]))
        best = min(found, default=(0, timedelta(0), timedelta(0), ""))
        assert row["stay_id"] == best[3], row["case"]
        assert int(row["n_candidates"]) == sum(one[0] == best[0] for one in found)


def test_pictures_have_the_size_that_the_metadata_says(tree: Path) -> None:
    kinds = set()
    for row in rows(tree, "mimic-cxr-jpg/*/*-metadata.csv.gz"):
        path = f"files/p90/p{row['subject_id']}/s{row['study_id']}/{row['dicom_id']}"
        (jpg,) = tree.glob(f"physionet.org/files/mimic-cxr-jpg/*/{path}.jpg")
        (dcm,) = tree.glob(f"physionet.org/files/mimic-cxr/*/{path}.dcm")
        with Image.open(jpg) as picture:
            assert picture.size == (int(row["Columns"]), int(row["Rows"]))
        header = pydicom.dcmread(dcm)
        with warnings.catch_warnings():
            # MIMIC-CXR's own ids are no valid UIDs, and two of the times no times.
            warnings.simplefilter("ignore")
            assert header.SOPInstanceUID == row["dicom_id"]
            kinds.add(header.PhotometricInterpretation)
        assert header.pixel_array.shape == (int(row["Rows"]), int(row["Columns"]))
    assert kinds == {"MONOCHROME1", "MONOCHROME2"}


def test_reports_are_loose_and_packed(tree: Path) -> None:
    (archive,) = tree.glob("physionet.org/files/mimic-cxr/*/mimic-cxr-reports.zip")
    studies = rows(tree, "mimic-cxr/*/cxr-study-list.csv.gz")
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == [row["path"] for row in studies]
        for name in packed.namelist():
            assert packed.read(name) == (archive.parent / name).read_bytes()


def test_cells_keep_what_a_careless_reader_would_lose(tree: Path) -> None:
    files = tree / "physionet.org/files/mimiciv/2.2"
    prescriptions = text(files / "hosp/prescriptions.csv.gz")
    assert ',"",' in prescriptions and ",," in prescriptions
    hcpcs = text(files / "hosp/d_hcpcs.csv.gz")
    assert '"""y set"" tubing, ' in hcpcs and not hcpcs.isascii()
    assert ",<=        ," in text(files / "hosp/microbiologyevents.csv.gz")
    assert ",0389,9\n" in text(files / "hosp/diagnoses_icd.csv.gz")
    assert re.search(r",1\.10,", text(files / "hosp/emar_detail.csv.gz"))
    assert re.search(r":\d\d\.123,", text(files / "icu/procedureevents.csv.gz"))
    assert re.search(r",4\.9+8E-5,", text(files / "icu/ingredientevents.csv.gz"))
    (sheet,) = tree.glob("physionet.org/files/egd-cxr/*/master_sheet.csv")
    assert text(sheet).count("\n") > 1 + len(rows(tree, "egd-cxr/*/master_sheet.csv"))


def test_readings_have_the_files_that_their_flag_promises(tree: Path) -> None:
    (root,) = tree.glob("physionet.org/files/reflacx-xray-localization/1.0.0")
    readings = [
        row
        for phase in (1, 2, 3)
        for row in rows(tree, f"reflacx-*/*/main_data/metadata_phase_{phase}.csv")
    ]
    assert b"\r\n" in (root / "main_data/metadata_phase_1.csv").read_bytes()
    assert max(Counter(row["dicom_id"] for row in readings).values()) == 5
    discarded = [row for row in readings if row["eye_tracking_data_discarded"] == "True"]
    assert len(discarded) == 1
    for row in readings:
        files = {file.name for file in (root / "main_data" / row["id"]).iterdir()}
        whole = {"fixations.csv", "timestamps_transcription.csv", "transcription.txt"}
        assert {"anomaly_location_ellipses.csv", "chest_bounding_box.csv"} <= files
        assert (whole <= files) == (row not in discarded)
        gaze = list((root / "gaze_data" / row["id"]).glob("gaze.csv"))
        assert bool(gaze) == (row not in discarded)


def test_the_repairs_of_eye_gaze_ids_are_what_the_rule_gives(tree: Path) -> None:
    valid = {row["dicom_id"] for row in rows(tree, "egd-cxr/*/master_sheet.csv")}
    expected = []
    for file in ("eye_gaze.csv", "fixations.csv"):
        counts = Counter(row["DICOM_ID"] for row in rows(tree, f"egd-cxr/*/{file}"))
        for id_found, n_rows in counts.items():
            fits = [one for one in valid if id_found and one.startswith(id_found)]
            if id_found in valid:
                continue
            if len(fits) == 1:
                action = "deleted" if fits[0] in counts else "replaced"
                expected.append((file, id_found, action, fits[0], str(n_rows)))
            else:
                expected.append((file, id_found, "set_aside", "", str(n_rows)))
    found = [tuple(row.values()) for row in truth(tree, "eye_gaze_id_repairs")]
    assert sorted(found) == sorted(expected)
    assert {len(row[1]) for row in found} == {0, 35, 39, 44, 56}
    assert {row[2] for row in found} == {"deleted", "replaced", "set_aside"}


def test_transcripts_are_json_and_one_has_no_phrases(tree: Path) -> None:
    spoken = [
        json.loads(file.read_text())
        for file in tree.glob("physionet.org/files/egd-cxr/*/audio_*/*/transcript.json")
    ]
    assert sum(not one["time_stamped_text"] for one in spoken) == 1
    # One folder more than the master sheet has images.
    assert len(spoken) == 1 + len(rows(tree, "egd-cxr/*/master_sheet.csv"))


def test_sums_are_those_of_the_files(tree: Path) -> None:
    for sums in tree.rglob("SHA256SUMS.txt"):
        lines = sums.read_text().splitlines()
        assert lines
        for line in lines:
            digest, name = line.split(" ", 1)
            assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == digest


def test_images_are_placed_around_the_stays_of_another_tree(tree: Path, tmp_path: Path) -> None:
    synth(tmp_path / "around", around=tree)
    slugs = {file.name for file in (tmp_path / "around/physionet.org/files").iterdir()}
    assert slugs == {
        "index.html",
        "mimic-cxr",
        "mimic-cxr-jpg",
        "reflacx-xray-localization",
        "egd-cxr",
    }
    stays = {row["stay_id"] for row in rows(tree, "mimic-iv-ed/*/ed/edstays.csv.gz")}
    found = truth(tmp_path / "around", "cxr_stay")
    assert {row["stay_id"] for row in found if row["stay_id"]} <= stays
    assert {"inside", "at_outtime", "study_time_5", "patient_absent"} <= {
        row["case"] for row in found
    }
    hadm_ids = {row["hadm_id"] for row in rows(tree, "mimiciv/*/hosp/admissions.csv.gz")}
    assert set() < {row["hadm_id"] for row in found if row["hadm_id"]} <= hadm_ids


def test_a_folder_in_use_and_a_tree_without_stays_are_refused(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used/mine.txt").write_text("keep")
    with pytest.raises(UserError, match="not empty"):
        synth(tmp_path / "used")
    with pytest.raises(UserError, match="no ED stays"):
        synth(tmp_path / "new", around=tmp_path / "used")
    assert not (tmp_path / "new").exists()
    for wrong in ({"release": "1.0"}, {"patients": 0}):
        with pytest.raises(UsageError):
            synth(tmp_path / "new", **wrong)  # type: ignore[arg-type]


def test_a_stopped_run_is_completed_by_the_next(tree: Path, tmp_path: Path) -> None:
    def stop(name: str) -> None:
        if name == "egd-cxr":
            raise KeyboardInterrupt

    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        synth(out, patients=12, progress=stop)
    assert not (out / "physionet.org").exists()
    synth(out, patients=12)
    assert digests(out) == digests(tree)
