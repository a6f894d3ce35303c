"""`sql/outputs/meds/`: events, codes, splits and files of a MEDS dataset."""

from datetime import datetime

import pytest
from mart_world import STORED

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.models.reading import read

NOON, LATER = "2180-03-10 12:00:00", "2180-03-11 08:30:00"
MEDS = {
    f"meds.{file.stem}": read(file, f"meds.{file.stem}") for file in SQL.glob("outputs/meds/*.sql")
}
PARTS = ("source_table", "event", "vocabulary", "source_code", "unit")
IDS = ("subject_id", "hadm_id", "stay_id", "icu_stay_id", "study_id")
SOURCES = {
    **STORED,
    **{
        contract.id: {column.name: column.type for column in contract.columns}
        for contract in contracts().values()
    },
    "marts.patient_timeline": dict.fromkeys(IDS, "integer")
    | dict.fromkeys(("event", "source_table", "dicom_id", "code", "unit", "detail"), "varchar")
    | {"event_at": "timestamp", "has_time": "boolean", "numeric_value": "double"},
    "marts.readings": dict.fromkeys(("dataset", "reading_id", "dicom_id"), "varchar")
    | dict.fromkeys(("subject_id", "study_id", "phase"), "integer"),
    "links.cxr_stay": dict.fromkeys(IDS, "integer")
    | {"dicom_id": "varchar", "study_at": "timestamp"},
    "meds.events": {"subject_id": "integer", **dict.fromkeys(("code", *PARTS), "varchar")},
}


def at(text):
    return datetime.fromisoformat(text)


class Meds:
    """A world in which the models find what they read: empty, unless given."""

    def __init__(self, world):
        self.world = world
        self.database = world.database
        world.made.update(("information_schema.columns", "information_schema.tables"))
        world.models = dict(MEDS)

    def _make(self, name):
        if name not in self.world.made | self.world.models.keys():
            columns = ", ".join(f'null::{kind} as "{one}"' for one, kind in SOURCES[name].items())
            self.world.define(name, f"select {columns} where false")

    def given(self, name, table):
        """Replace a relation by rows, a model too."""
        self.world.models.pop(name, None)
        self._make(name)
        self.world.given(name, table)

    def rows(self, name, columns, where="true"):
        self.make(name)
        return self.database.rows(f"select {columns} from {name} where {where} order by all")

    def make(self, name):
        waiting = [name]
        while waiting:
            here = waiting.pop()
            waiting += self.world.models[here].reads if here in self.world.models else []
            self._make(here)
        self.world.make(name)


@pytest.fixture
def model(world):
    return Meds(world)


@pytest.mark.parametrize(
    ("age", "year", "born"),
    [
        pytest.param(52, 2180, "2128-01-01", id="in the year that age and year tell"),
        pytest.param(0, 2180, "2180-01-01", id="in the anchor year itself"),
        pytest.param(89, 2180, "2091-01-01", id="the last age that is told"),
        pytest.param(91, 2180, None, id="any age above 89"),
        pytest.param("", 2180, None, id="age unknown"),
    ],
)
def test_birth_is_the_start_of_the_year(model, age, year, born):
    model.given(
        "cohort.hosp_patients", f"subject_id | anchor_age | anchor_year\n1 | {age} | {year}"
    )
    found = model.rows("meds.events", "subject_id, time, has_time", "code = 'MEDS_BIRTH'")
    assert found == ([(1, at(born), False)] if born else [])


@pytest.mark.parametrize(
    ("rows", "death"),
    [
        (["death in hospital | 2180-03-10 12:00 | true | 20"], (at(NOON), True, 20)),
        (["death | 2180-03-10 | false | "], (at("2180-03-10"), False, None)),
        (
            ["death | 2180-03-10 | false | ", "death in hospital | 2180-03-10 12:00 | true | 20"],
            (at(NOON), True, 20),
        ),
        (
            [
                "death in hospital | 2180-03-11 08:30 | true | 20",
                "death in hospital | 2180-03-10 12:00 | true | 21",
            ],
            (at(NOON), True, 21),
        ),
    ],
    ids=["in hospital", "on a day", "a time before a day", "the first of two"],
)
def test_a_patient_dies_once(model, rows, death):
    header = "subject_id | event | event_at | has_time | hadm_id"
    lines = "\n".join([header, *(f"1 | {row}" for row in rows)])
    model.given("marts.patient_timeline", lines)
    assert model.rows("meds.events", "code, time, has_time, hadm_id") == [("MEDS_DEATH", *death)]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (
            "lab result | mimiciv_hosp.labevents | 50912 | mg/dL | 7.1",
            "mimiciv_hosp.labevents//lab result//50912//mg/dL",
        ),
        (
            "lab result | mimiciv_hosp.labevents | 50912 | | ___",
            "mimiciv_hosp.labevents//lab result//50912",
        ),
        (
            "procedure | mimiciv_hosp.procedures_icd | 0039 | | ICD-9",
            "mimiciv_hosp.procedures_icd//procedure//ICD-9//0039",
        ),
        (
            "discharge | mimiciv_hosp.admissions | | | HOME",
            "mimiciv_hosp.admissions//discharge",
        ),
    ],
)
def test_a_code_is_its_parts_without_those_that_are_null(model, event, code):
    header = "subject_id | event | source_table | code | unit | detail"
    model.given("marts.patient_timeline", f"{header}\n1 | {event}")
    assert model.rows("meds.events", "code, text_value") == [(code, event.split()[-1])]


@pytest.mark.parametrize(
    ("source_code", "unit", "code"),
    [
        ("a//mg", "", "a/mg"),
        ("a", "mg", "a//mg"),
        ("a///b", "mg//h", "a/b//mg/h"),
        ("a/b", "mg/h", "a/b//mg/h"),
    ],
)
def test_two_slashes_part_a_code_only(model, source_code, unit, code):
    header = "subject_id | event | source_table | code | unit"
    model.given("marts.patient_timeline", f"{header}\n1 | e | t | {source_code} | {unit}")
    columns = "code, source_code, unit"
    assert model.rows("meds.events", columns) == [(f"t//e//{code}", source_code, unit or None)]


def test_a_code_of_which_parts_differ_is_explained_once(model):
    model.given(
        "meds.events",
        """
        code        | source_table | event | source_code | unit
        t//e//a///b | t            | e     | a/          | b
        t//e//a///b | t            | e     | a           | /b
        t//e//c     | t            | e     | c           |
        """,
    )
    assert model.rows("meds.codes", "code, source_code, unit") == [
        ("t//e//a///b", "a", "/b"),
        ("t//e//c", "c", None),
    ]


def test_an_event_of_the_timeline_keeps_its_time_its_number_and_its_ids(model):
    model.given(
        "marts.patient_timeline",
        """
        subject_id | event_at            | has_time | event | source_table | hadm_id | stay_id | icu_stay_id | study_id | dicom_id | numeric_value | detail
        1          | 2180-03-10 12:00:00 | true     | e     | t            | 20      | 30      | 40          | 50       | d        | 1.5           | x
        """,  # noqa: E501
    )
    columns = (
        "subject_id, time, code, numeric_value, text_value, has_time, hadm_id, stay_id,"
        " icu_stay_id, study_id, dicom_id, reading_id"
    )
    assert model.rows("meds.data", columns) == [
        (1, at(NOON), "t//e", 1.5, "x", True, 20, 30, 40, 50, "d", None)
    ]


def test_what_is_always_true_of_a_patient_has_no_time(model):
    model.given(
        "cohort.hosp_patients",
        """
        subject_id | gender | anchor_age | anchor_year | anchor_year_group
        1          | F      | 91         | 2180        | 2011 - 2013
        """,
    )
    table = "mimiciv_hosp.patients"
    assert model.rows("meds.data", "subject_id, time, code, numeric_value") == [
        (1, None, f"{table}//anchor_age", 91.0),
        (1, None, f"{table}//anchor_year", 2180.0),
        (1, None, f"{table}//anchor_year_group//2011 - 2013", None),
        (1, None, f"{table}//gender//F", None),
    ]


@pytest.mark.parametrize("study_at", [NOON, ""])
@pytest.mark.parametrize(
    ("dataset", "phase", "table"),
    [
        ("REFLACX", 2, "reflacx.metadata_phase_2"),
        ("EyeGaze", "", "eye_gaze.master_sheet"),
    ],
)
def test_a_reading_stands_at_its_image_and_without_a_time_nowhere(
    model, dataset, phase, table, study_at
):
    model.given(
        "marts.readings",
        f"dataset | phase | reading_id | dicom_id | study_id\n{dataset} | {phase} | r | a | 50",
    )
    model.given(
        "links.cxr_stay",
        f"dicom_id | study_at | stay_id | hadm_id | icu_stay_id\na | {study_at} | 30 | 20 | 40",
    )
    columns = "code, time, reading_id, dicom_id, study_id, hadm_id, stay_id, icu_stay_id"
    found = model.rows("meds.events", columns)
    wanted = (f"{table}//reading", at(NOON), "r", "a", 50, 20, 30, 40)
    assert found == ([wanted] if study_at else [])


# What `struct` makes of each number in 32 bits.
@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("1e300", None),
        ("0.1", 0.10000000149011612),
        ("7.38", 7.380000114440918),
        ("-0.0625", -0.0625),
    ],
)
def test_a_number_has_32_bits_and_is_null_beyond_them(model, number, kept):
    model.given(
        "marts.patient_timeline",
        f"subject_id | event | numeric_value | detail\n1 | e | {number} | {number}",
    )
    assert model.rows("meds.data", "numeric_value, text_value") == [(kept, number)]


LAB = "mimiciv_hosp.labevents"


@pytest.mark.parametrize(
    ("dictionary", "entry", "event", "description", "parents"),
    [
        ("mimiciv_hosp.d_labitems",
         "itemid | label | fluid | category\n7 | Glucose | Blood | Chemistry",
         (LAB, "lab result", None, "7", "mg/dL"),
         "lab result: Glucose, Blood, Chemistry [mg/dL]", None),
        ("mimiciv_hosp.d_labitems", "itemid | label\n8 | Glucose",
         (LAB, "lab result", None, "7", None), "lab result: 7", None),
        ("mimiciv_icu.d_items",
         "itemid | label | category | linksto\n9 | Heart Rate | Vital Signs | chartevents",
         ("mimiciv_icu.chartevents", "charted observation", None, "9", "bpm"),
         "charted observation: Heart Rate, Vital Signs [bpm]", None),
        ("mimiciv_hosp.d_icd_procedures",
         "icd_code | icd_version | long_title\n0039 | 9 | Surgery\n0039 | 10 | Other",
         ("mimiciv_hosp.procedures_icd", "procedure", "ICD-9", "0039", None),
         "procedure: Surgery", ["ICD9Proc/00.39"]),
        ("mimiciv_hosp.d_icd_procedures",
         "icd_code | icd_version | long_title\n009600Z | 10 | Drainage",
         ("mimiciv_hosp.procedures_icd", "procedure", "ICD-10", "009600Z", None),
         "procedure: Drainage", ["ICD10PCS/009600Z"]),
        ("mimiciv_hosp.d_hcpcs", "code | short_description\n93454 | Heart",
         ("mimiciv_hosp.hcpcsevents", "billed service", None, "93454", None),
         "billed service: Heart", ["CPT4/93454"]),
        ("mimiciv_hosp.d_hcpcs", "code | long_description | short_description\nG0378 | By hour | H",
         ("mimiciv_hosp.hcpcsevents", "billed service", None, "G0378", None),
         "billed service: By hour", ["HCPCS/G0378"]),
        ("cohort.hosp_microbiologyevents",
         "test_itemid | test_name\n5 | URINE CULTURE\n5 | URINE CULTURE",
         ("mimiciv_hosp.microbiologyevents", "microbiology", None, "5", None),
         "microbiology: URINE CULTURE", None),
        ("mimiciv_hosp.d_labitems", "itemid | label\n7 | Glucose",
         ("mimiciv_hosp.emar", "medication administration", None, "Heparin", None),
         "medication administration: Heparin", None),
    ],
)  # fmt: skip
def test_a_code_means_what_its_own_dictionary_says(
    model, dictionary, entry, event, description, parents
):
    model.given(dictionary, entry)
    parts = " | ".join(part or "" for part in event)
    # Twice, since events share a code and a code is explained once.
    lines = [f"code | {' | '.join(PARTS)}", *[f"the code | {parts}"] * 2]
    model.given("meds.events", "\n".join(lines))
    found = model.rows("meds.codes", "code, description, parent_codes")
    assert found == [("the code", description, parents)]


@pytest.mark.parametrize(
    ("event", "code", "unit", "comment", "description"),
    [
        ("triage", "sbp", "mmHg",
         "column s.triage.sbp is 'Pressure. [mmHg]'", "triage: Pressure. [mmHg]"),
        ("gender", "F", "",
         "column s.triage.gender is 'Sex.'", "gender: F. Sex."),
        ("gender", "", "",
         "column s.triage.gender is 'Sex.'", "gender: Sex."),
        ("discharge", "", "",
         "table s.triage is 'Stays.'", "discharge: Stays."),
        ("discharge", "HOME", "",
         "table s.triage is 'Stays.'", "discharge: HOME"),
    ],
)  # fmt: skip
def test_without_a_dictionary_a_code_means_what_the_contract_says(
    model, event, code, unit, comment, description
):
    header = "code | source_table | event | source_code | unit"
    model.given("meds.events", f"{header}\nx | s.triage | {event} | {code} | {unit}")
    model.database.execute("create schema s")
    model.database.execute("create table s.triage (sbp double, gender varchar)")
    model.database.execute(f"comment on {comment}")
    assert model.rows("meds.codes", "description") == [(description,)]


@pytest.mark.parametrize(
    ("splits", "split"),
    [
        (["train"], "train"),
        (["validate", "validate"], "tuning"),
        (["test"], "held_out"),
        (["train", "validate"], "tuning"),
        (["train", "test", "validate"], "held_out"),
        (["other"], None),
    ],
)
def test_a_patient_is_in_the_strictest_split_of_the_images(model, splits, split):
    rows = "\n".join(f"1 | {number} | {one}" for number, one in enumerate(splits))
    model.given("cohort.cxr_jpg_split", f"subject_id | dicom_id | split\n{rows}")
    found = model.rows("meds.subject_splits", "subject_id, split")
    assert found == ([(1, split)] if split else [])


def test_a_file_of_events_ends_with_the_patient_who_reaches_two_million(model):
    model.world.models.pop("meds.events")
    counts = "values (1, 1999999), (2, 2), (3, 1000000), (4, 999999), (5, 4)"
    model.world.define(
        "meds.events",
        f"select subject_id from ({counts}) as counts (subject_id, n_events), range(n_events)",
    )
    found = model.rows("meds.shards", "first_subject_id, last_subject_id, n_events")
    assert found == [(1, 2, 2000001), (3, 4, 1999999), (5, 5, 4)]


@pytest.mark.parametrize("name", ["meds.data", "meds.codes", "meds.subject_splits"])
def test_every_column_that_is_written_is_described(model, name):
    model.make(name)
    assert list(MEDS[name].columns) == model.database.columns(name)
