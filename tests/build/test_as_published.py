"""`--as-published`: every CSV as MIMIC-Eye 1.0.0 wrote it, restated with the csv module alone."""

import json
import re
from datetime import datetime

import pytest

from tests.conftest import ED, HOSP, ICU, LABELS

THREE = ["stay_id", "in_reflacx", "in_eye_gaze"]


@pytest.fixture(scope="session")
def source(made_up, tools):
    return tools.source(made_up(patients=40))


@pytest.fixture(scope="session")
def out(built, source):
    return built(source.root, as_published=True, files="none")


@pytest.fixture(scope="session")
def plain(built, source):
    return built(source.root, cohort="eye")


def digits(moment):
    """The notebooks' number of a date and a time: their digits one after another."""
    return float(moment.replace("-", "").replace(" ", "").replace(":", ""))


def is_moment(date, time):
    """Whether a calendar and a clock have this; what they lack never matches, by any rule."""
    whole = time.partition(".")[0]
    try:
        datetime.strptime(date + whole.zfill(6), "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return bool(whole)


def published_stay(row, stays):
    """The only stay around an image, its time as written: before ten o'clock 13 digits, not 14."""
    if not is_moment(row["StudyDate"], row["StudyTime"]):
        return ""
    study = float(row["StudyDate"] + row["StudyTime"])
    found = [
        stay["stay_id"]
        for stay in stays
        if stay["intime"]
        and digits(stay["intime"]) < study
        and (not stay["outtime"] or study < digits(stay["outtime"]))
    ]
    return found[0] if len(found) == 1 else ""


@pytest.fixture(scope="session")
def stay_of(source):
    """The stay that the published rule gives each image."""
    stays = {}
    for row in source.records("ED/edstays"):
        ends = not row["outtime"] or row["intime"] < row["outtime"]
        if ends:
            stays.setdefault(row["subject_id"], []).append(row)
    return {
        row["dicom_id"]: published_stay(row, stays.get(row["subject_id"], []))
        for row in source.metadata
    }


@pytest.fixture(scope="session")
def tables(source, stay_of):
    """Every source table as published, its rows in order: what `position` counts is their place.

    By path below a patient's folder: header, rows with their position, and whose each row is.
    """

    def parent(name):
        table = source.table(name)
        return table.header, list(enumerate(table.rows))

    found = {}
    for folder, names in (("Hosp", HOSP), ("ICU", ICU), ("ED", ED)):
        for name in names:
            found[f"{folder}/{name}"] = parent(f"{folder}/{name}")
    for name in LABELS:
        found[f"CXR-JPG/cxr_{name}"] = parent(f"CXR-JPG/cxr_{name}")
    reflacx, eye_gaze = source.reflacx_images(), set(source.eye_gaze_subjects())
    header, rows = parent("CXR-JPG/cxr_metadata")
    image = header.index("dicom_id")
    found["CXR-JPG/cxr_meta"] = (
        [*header, *THREE],
        [
            (
                place,
                [
                    *row,
                    stay_of[row[image]],
                    str(row[image] in reflacx),
                    str(row[image] in eye_gaze),
                ],
            )
            for place, row in rows
            if row[image] in reflacx | eye_gaze
        ],
    )
    header, rows = parent("EyeGaze/master_sheet")
    image, stay = header.index("dicom_id"), header.index("stay_id")
    found["EyeGaze/master_sheet"] = (
        header,
        [
            (place, [*row[:stay], stay_of.get(row[image], ""), *row[stay + 1 :]])
            for place, row in rows
        ],
    )
    found["EyeGaze/bounding_boxes"] = parent("EyeGaze/bounding_boxes")
    for name in ("eye_gaze", "fixations"):
        repaired = source.gaze(name)[0]
        found[f"EyeGaze/{name}"] = repaired.header, list(enumerate(repaired.rows))
    return found


def same(table, header, rows):
    """Whether a CSV is the unnamed positions, then these columns and rows."""
    return table.header == ["", *header] and table.rows == [[str(n), *row] for n, row in rows]


def owners(source):
    images = source.eye_gaze_subjects()
    return {
        "EyeGaze/master_sheet": ("patient_id", None),
        "EyeGaze/bounding_boxes": ("dicom_id", images),
        "EyeGaze/eye_gaze": ("DICOM_ID", images),
        "EyeGaze/fixations": ("DICOM_ID", images),
    }


def test_patient_files_are_the_sources_rows_with_their_positions(out, source, tables, tools):
    wrong, seen = [], set()
    patients = source.cohort("eye")
    for name, (header, rows) in tables.items():
        if "subject_id" not in header and name not in owners(source):
            continue
        column, subjects = owners(source).get(name, ("subject_id", None))
        place = header.index(column)
        for subject in patients:
            own = [
                (n, row)
                for n, row in rows
                if (subjects.get(row[place]) if subjects else row[place]) == subject
            ]
            file = out / f"patient_{subject}" / f"{name}.csv"
            if file.exists() != bool(own) or own and not same(tools.read_csv(file), header, own):
                wrong.append(file.relative_to(out).as_posix())
            if own and own[0][0] > 0:
                seen.add(name)
    assert wrong == []
    assert len(seen) > 30  # files of which some do not begin with the table's first row


SHEETS = {
    **{f"CXR-JPG/cxr_{name}": f"CXR-JPG/cxr_{name}" for name in LABELS},
    **{f"Hosp/{name}": f"Hosp/{name}" for name in HOSP if name.startswith("d_")},
    **{
        name: name
        for name in (
            "Hosp/provider",
            "Hosp/patients",
            "ICU/d_items",
            "ICU/caregiver",
            "ED/triage",
            "EyeGaze/bounding_boxes",
            "EyeGaze/eye_gaze",
            "EyeGaze/fixations",
        )
    },
    "EyeGaze/master_sheet_with_updated_stayId": "EyeGaze/master_sheet",
    "cxr_meta": "CXR-JPG/cxr_meta",
}


@pytest.mark.parametrize("sheet", SHEETS)
def test_spreadsheet_is_its_table_with_positions(out, tables, tools, sheet):
    header, rows = tables[SHEETS[sheet]]
    assert rows
    assert same(tools.read_csv(out / "spreadsheets" / f"{sheet}.csv"), header, rows)


def test_spreadsheet_of_images_with_a_stay_keeps_the_metadatas_positions(out, tables, tools):
    header, rows = tables["CXR-JPG/cxr_meta"]
    stay = header.index("stay_id")
    linked = [(n, row) for n, row in rows if row[stay]]
    assert 0 < len(linked) < len(rows)
    found = tools.read_csv(out / "spreadsheets" / "cxr_meta_with_stay_id_only.csv")
    assert same(found, header, linked)


def test_positions_of_images_leave_gaps(tables):
    places = [n for n, _ in tables["CXR-JPG/cxr_meta"][1]]
    assert places != list(range(len(places))) and places == sorted(places)


def test_published_rule_loses_images_that_the_default_links(source, stay_of):
    links = source.links()
    lost = [
        row
        for row in source.metadata
        if links[row["dicom_id"]].link == "within" and not stay_of[row["dicom_id"]]
    ]
    early = [row for row in lost if len(row["StudyTime"].partition(".")[0]) < 6]
    assert 0 < len(early) < len(lost)
    won = [image for image, stay in stay_of.items() if stay and not links[image].stay_id]
    assert won  # in a stay without an end


@pytest.fixture(scope="session")
def readings(source):
    """The three phases one after another: each row's position in its phase, and cells by name."""
    return [
        (str(place), dict(zip(table.header, row, strict=True)))
        for phase in (1, 2, 3)
        for table in [source.table(f"REFLACX/phase_{phase}")]
        for place, row in enumerate(table.rows)
    ]


def named(table):
    return [(row[0], dict(zip(table.header[1:], row[1:], strict=True))) for row in table.rows]


def filled(rows, names):
    return [(place, {name: row.get(name, "") for name in names}) for place, row in rows]


def test_reflacx_metadata_has_34_columns_by_name(out, source, readings, tools):
    table = tools.read_csv(out / "spreadsheets" / "REFLACX" / "metadata.csv")
    first = source.table("REFLACX/phase_1").header
    names = {name for _, row in readings for name in row}
    assert table.header[0] == "" and table.header[1:9] == first[:8]
    assert len(table.header) == 1 + 34 and set(table.header[1:]) == names
    assert named(table) == filled(readings, names)


def test_reflacx_positions_begin_anew_in_each_phase(out, readings, tools):
    table = tools.read_csv(out / "spreadsheets" / "REFLACX" / "metadata.csv")
    assert [row[0] for row in table.rows].count("0") == 3
    assert [row[0] for row in table.rows] == [place for place, _ in readings]


def test_patients_reflacx_metadata_is_the_patients_readings(out, source, readings, tools):
    names = {name for _, row in readings for name in row}
    compared = 0
    for subject in source.cohort("eye"):
        own = [(place, row) for place, row in readings if row["subject_id"] == subject]
        file = out / f"patient_{subject}" / "REFLACX" / "metadata.csv"
        assert file.exists() == bool(own)
        if own:
            table = tools.read_csv(file)
            assert len(table.header) == 35 and named(table) == filled(own, names)
            compared += own[0][0] != "0"
    assert compared > 1


def written(out):
    """CSV that we write, not those that are copied."""
    return [
        *out.glob("spreadsheets/**/*.csv"),
        *(
            file
            for folder in ("Hosp", "ICU", "ED", "CXR-JPG", "REFLACX", "EyeGaze")
            for file in out.glob(f"patient_*/{folder}/*.csv")
        ),
    ]


def test_every_csv_begins_with_an_unnamed_position(out, tools):
    files = written(out)
    assert len(files) > 300
    for file in files:
        table = tools.read_csv(file)
        assert table.header[0] == "" and "" not in table.header[1:], file.name
        assert all(re.fullmatch(r"0|[1-9]\d*", row[0]) for row in table.rows), file.name
        assert tools.csv_bytes(table) == file.read_bytes(), file.name


def test_every_table_and_column_stays(out, plain, tools):
    paths = {file.relative_to(plain).as_posix() for file in written(plain)}
    assert {file.relative_to(out).as_posix() for file in written(out)} == paths
    for path in paths - {path for path in paths if path.endswith("REFLACX/metadata.csv")}:
        found, default = tools.read_csv(out / path), tools.read_csv(plain / path)
        ours = ["link", "gap_seconds", "n_candidates", "study_at"] if "cxr_meta" in path else []
        assert found.header[1:] == [name for name in default.header if name not in ours], path


def test_no_integer_becomes_a_float(out, tools):
    for path in (
        "spreadsheets/cxr_meta.csv",
        "spreadsheets/EyeGaze/master_sheet_with_updated_stayId.csv",
    ):
        cells = tools.read_csv(out / path).column("stay_id")
        assert "" in cells and any(cells)
        assert all(re.fullmatch(r"\d*", cell) for cell in cells)


@pytest.fixture(scope="session")
def with_files(made_up, built):
    """A build with all its files whose rule was named."""
    return built(made_up(), as_published=True, link_rule="mimic-eye-1.0")


def test_files_that_are_copied_keep_their_bytes(with_files, made_up, tools):
    out = with_files
    placed = tools.source(made_up()).placed_files("eye")
    copies = [path for path in placed if path.endswith(".csv")]
    assert len(copies) > 10
    assert all((out / path).read_bytes() == placed[path].read_bytes() for path in copies)


def test_record_says_the_rule(out, tools):
    assert tools.query(out, "select link_rule from settings.link") == [("mimic-eye-1.0",)]
    assert set(tools.query(out, "select distinct link, gap_seconds from links.cxr_stay")) == {
        ("within", 0.0),
        (None, None),
    }


@pytest.mark.parametrize("rule", ["within-or-after", "closed", "egd-date", "nearest"])
def test_another_rule_as_published_is_wrong_usage(command, made_up, tmp_path, rule):
    ran = command(
        "build",
        "--source",
        made_up(),
        "--out",
        tmp_path / "out",
        "--as-published",
        "--link-rule",
        rule,
    )
    assert (ran.code, ran.stdout) == (2, "")
    assert "--as-published" in ran.stderr and "mimic-eye-1.0" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_its_own_rule_may_be_named(with_files):
    options = json.loads((with_files / "build.json").read_text(encoding="utf-8"))["options"]
    assert (options["as_published"], options["link_rule"]) == (True, "mimic-eye-1.0")


def test_cohort_of_all_images_is_numbered_too(built, source, stay_of, tools):
    out = built(source.root, as_published=True, cohort="cxr", files="none")
    table = tools.read_csv(out / "spreadsheets" / "cxr_meta.csv")
    assert [row[0] for row in table.rows] == [str(n) for n in range(len(source.metadata))]
    assert table.column("stay_id") == [stay_of[row["dicom_id"]] for row in source.metadata]
