"""Queries in the names of mimic-code's concepts: on all patients, on the cohort, and as tables."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta

import duckdb
import pytest

ICU_AGE = """\
SELECT
  ie.stay_id,
  pt.anchor_age + YEAR(ie.intime) - pt.anchor_year AS age
FROM mimiciv_icu.icustays AS ie
INNER JOIN mimiciv_hosp.patients AS pt
  ON ie.subject_id = pt.subject_id
ORDER BY
  ie.stay_id
"""
FIRST_DAY_ED_VITALSIGN = """\
WITH first_day AS (
  SELECT
    ed.stay_id,
    vs.charttime
  FROM mimiciv_ed.edstays AS ed
  LEFT JOIN mimiciv_ed.vitalsign AS vs
    ON ed.stay_id = vs.stay_id
    AND vs.charttime >= ed.intime
    AND vs.charttime < ed.intime + INTERVAL '24' HOUR
)
SELECT
  stay_id,
  COUNT(charttime) AS n_vitalsign
FROM first_day
GROUP BY
  stay_id
ORDER BY
  stay_id
"""
CONCEPTS = {"icu_age": ICU_AGE, "first_day_ed_vitalsign": FIRST_DAY_ED_VITALSIGN}


def icu_age(source, patients):
    people = {row["subject_id"]: row for row in source.records("Hosp/patients")}
    for stay in source.records("ICU/icustays"):
        subject = stay["subject_id"]
        if subject in people and subject in patients:
            year = datetime.fromisoformat(stay["intime"]).year
            anchor = people[subject]
            age = int(anchor["anchor_age"]) + year - int(anchor["anchor_year"])
            yield int(stay["stay_id"]), age


def first_day_ed_vitalsign(source, patients):
    stays = [row for row in source.records("ED/edstays") if row["subject_id"] in patients]
    arrivals = {row["stay_id"]: row["intime"] for row in stays}
    counted = Counter(dict.fromkeys(arrivals, 0))
    for row in source.records("ED/vitalsign"):
        arrival = arrivals.get(row["stay_id"])
        if arrival and row["charttime"]:
            after = datetime.fromisoformat(row["charttime"]) - datetime.fromisoformat(arrival)
            counted[row["stay_id"]] += timedelta() <= after < timedelta(hours=24)
    return ((int(stay), count) for stay, count in counted.items())


WANTED = {"icu_age": icu_age, "first_day_ed_vitalsign": first_day_ed_vitalsign}
each_concept = pytest.mark.parametrize("concept", CONCEPTS)


@pytest.fixture(scope="module")
def source(made_up, tools):
    return tools.source(made_up())


@pytest.fixture(scope="module")
def database(built, made_up):
    return built(made_up()) / "mimiceye.duckdb"


@pytest.fixture
def wanted(source):
    def give(concept, patients):
        rows = sorted(WANTED[concept](source, patients))
        assert len(rows) > 3 and len({value for _, value in rows}) > 1
        return rows

    return give


@pytest.fixture
def ask(command, tmp_path):
    def ask(concept, *words):
        file = tmp_path / f"{concept}.sql"
        file.write_text(CONCEPTS[concept])
        ran = command("sql", "-f", file, "--format", "csv", *words)
        assert ran.code == 0, ran.stderr
        _, *rows = csv.reader(io.StringIO(ran.stdout))
        return [tuple(map(int, row)) for row in rows]

    return ask


@each_concept
def test_a_concept_is_of_all_patients(concept, ask, wanted, source, database):
    assert ask(concept, "--database", database) == wanted(concept, source.cohort("all"))


@each_concept
def test_a_concept_is_of_the_built_patients_when_asked(concept, ask, wanted, source, database):
    rows = wanted(concept, source.cohort("eye"))
    assert rows != wanted(concept, source.cohort("all"))
    assert ask(concept, "--cohort", "--database", database) == rows


def test_concepts_become_tables_of_an_attached_database(command, wanted, source, made_up, tmp_path):
    concepts = tmp_path / "concepts.duckdb"
    ran = command("attach", "--source", made_up(), "--database", concepts)
    assert ran.code == 0, ran.stderr
    with duckdb.connect(str(concepts)) as client:
        client.execute("create schema mimiciv_derived")
        for name, select in CONCEPTS.items():
            table = f"mimiciv_derived.{name}"
            client.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} AS\n{select}")
    for name in CONCEPTS:
        ran = command(
            "sql", f"from mimiciv_derived.{name}", "--format", "csv", "--database", concepts
        )
        _, *rows = csv.reader(io.StringIO(ran.stdout))
        assert [tuple(map(int, row)) for row in rows] == wanted(name, source.cohort("all"))
