"""`export csv`: tables and queries as one file a patient."""

import csv
import errno
import io
import re
import shutil
from pathlib import Path

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.writers import csv_tree

# What the build repairs, or has as many files: here typed rows.
TYPED = ("EyeGaze/eye_gaze", "EyeGaze/fixations", "EyeGaze/master_sheet", "REFLACX/", "cxr_meta")


@pytest.fixture(scope="module")
def source(made_up, tools):
    return tools.source(made_up())


@pytest.fixture(scope="module")
def built_here(built, made_up):
    return built(made_up())


@pytest.fixture(scope="module")
def database(built_here):
    return built_here / "mimiceye.duckdb"


@pytest.fixture
def export(command, database, tmp_path):
    """Run `export csv`; gives how it went and the files, bytes by path below OUT."""

    def export(*words, out="out", database=database):
        ran = command("export", "csv", "--database", database, "--out", tmp_path / out, *words)
        return ran, files(tmp_path / out)

    return export


def files(out):
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file()
    }


def records(data):
    header, *rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def of_patients(tree, tools):
    """The files of patients in the expected tree that hold their source's text."""
    return {
        path: tools.csv_bytes(table)
        for path, table in tree.items()
        if path.startswith("patient_") and not any(typed in path for typed in TYPED)
    }


def test_tables_of_the_cohort_are_the_sources_text_where_the_build_puts_it(export, source, tools):
    wanted = of_patients(source.csv_tree("eye"), tools)
    below = {path.split("/", 1)[1] for path in wanted}
    names = [one.id for one in contracts().values() if one.patient_file in below]
    assert len(names) == len(below) > 30
    ran, found = export("--tables", ",".join(names))
    assert ran.code == 0, ran.stderr
    assert tools.difference(found, wanted) == []


def test_all_patients_are_all_of_the_file(export, source, tools):
    table = source.table("ED/vitalsign")
    place = table.header.index("subject_id")
    rows = {}
    for row in table.rows:
        rows.setdefault(f"patient_{row[place]}/ED/vitalsign.csv", []).append(row)
    ran, found = export("--tables", "mimiciv_ed.vitalsign", "--all-patients")
    assert ran.code == 0, ran.stderr
    wanted = {path: tools.csv_bytes(tools.table(table.header, own)) for path, own in rows.items()}
    assert tools.difference(found, wanted) == []
    assert not {path[8:16] for path in found} <= source.cohort("eye")


def as_numbers(rows, leave_out=()):
    """Cells as the numbers that they stand for, whatever their spelling."""

    def number(cell):
        try:
            return float(cell)
        except ValueError:
            return cell

    return [{k: number(v) for k, v in row.items() if k not in leave_out} for row in rows]


def test_a_repaired_table_is_its_repaired_rows(export, source):
    table, _ = source.gaze("fixations")
    subjects = source.eye_gaze_subjects()
    ran, found = export("--tables", "eye_gaze.fixations")
    assert ran.code == 0, ran.stderr
    assert found
    for path, data in found.items():
        patient = re.fullmatch(r"patient_(\d+)/EyeGaze/fixations\.csv", path).group(1)
        rows = [row for row in table.records() if subjects[row["DICOM_ID"]] == patient]
        assert [list(row.values()) for row in as_numbers(records(data))] == [
            list(row.values()) for row in as_numbers(rows)
        ]


def test_a_file_set_is_one_file_a_patient(export, source, tools):
    ran, found = export("--tables", "reflacx.fixations")
    assert ran.code == 0, ran.stderr
    readings = {row["id"]: row["subject_id"] for row in source.readings()}
    wanted = {}
    for file in source.root.rglob("main_data/*/fixations.csv"):
        path = f"patient_{readings[file.parent.name]}/reflacx/fixations.csv"
        rows = [{"id": file.parent.name, **row} for row in tools.read_csv(file).records()]
        wanted.setdefault(path, []).extend(rows)
    wanted = {path: rows for path, rows in wanted.items() if rows}
    assert found.keys() == wanted.keys()
    for path, rows in wanted.items():
        rows = sorted(rows, key=lambda row: row["id"])
        assert [list(row.values()) for row in as_numbers(records(found[path]))] == [
            list(row.values()) for row in as_numbers(rows)
        ]


def test_a_mart_is_below_its_schema_by_its_key(export, tools, built_here):
    ran, found = export("--tables", "marts.labels")
    assert ran.code == 0, ran.stderr
    rows = tools.query(built_here, "select subject_id, reading_id, label_class from marts.labels")
    for path, data in found.items():
        patient = int(re.fullmatch(r"patient_(\d+)/marts/labels\.csv", path).group(1))
        own = [(row["reading_id"], row["label_class"]) for row in records(data)]
        assert own == sorted(row[1:] for row in rows if row[0] == patient)


def test_marts_say_the_same_as_the_builds_own_files(export, built_here):
    ran, found = export("--tables", "marts.cxr_meta")
    assert ran.code == 0, ran.stderr
    texts = set()
    assert len(found) > 3
    for path, data in found.items():
        patient = path.split("/")[0]
        ours = {row["dicom_id"]: row for row in records(data)}
        theirs = records((built_here / patient / "CXR-JPG" / "cxr_meta.csv").read_bytes())
        assert len(ours) == len(theirs)
        for row in theirs:
            mine = ours[row["dicom_id"]]
            shared = row.keys() & mine.keys()
            assert shared >= {"study_at", "gap_seconds", "stay_id", "in_reflacx", "in_eye_gaze"}
            # A typed number has lost how it was spelt.
            numbers = {"StudyTime"}
            assert {k: mine[k] for k in shared - numbers} == {k: row[k] for k in shared - numbers}
            texts |= {row["gap_seconds"], row["in_reflacx"], row["study_at"][-4:]}
    assert texts >= {"", "0", "True", "False"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("timestamp '2150-01-02 03:04:05' as study_at", "2150-01-02 03:04:05.000"),
        ("timestamp '2150-01-02 03:04:05.12' as study_at", "2150-01-02 03:04:05.120"),
        ("timestamp '2150-01-02 03:04:05' as charttime", "2150-01-02 03:04:05"),
        ("timestamp '2150-01-02 03:04:05.5' as charttime", "2150-01-02 03:04:05.500"),
        ("timestamp '2150-01-02 03:04:05.000001' as charttime", "2150-01-02 03:04:05.000001"),
        ("date '2150-01-02' as a", "2150-01-02"),
        ("true as a", "True"),
        ("1 = 2 as a", "False"),
        ("null::boolean as a", ""),
        ("null as a", ""),
        ("604800.0::double as a", "604800"),
        ("3.5::double as a", "3.5"),
        ("0.0::double as a", "0"),
        ("1e15::double as a", "1000000000000000"),
        ("98.0::float as a", "98"),
        ("9007199254740993 as a", "9007199254740993"),
        ("1.50::decimal(9, 2) as a", "1.50"),
        ("'1.0' as a", "1.0"),
        ("' a ' as a", " a "),
        ("'a,\"b\"' as a", '"a,""b"""'),
        ("['a', 'b'] as a", '"[a, b]"'),
    ],
)
def test_a_value_is_written_as_the_build_writes_it(export, value, text):
    ran, found = export("--query", f"select 90000001 as subject_id, {value}", "--name", "one")
    assert ran.code == 0, ran.stderr
    [data] = found.values()
    assert data.decode().partition("\n")[2] == f"90000001,{text}\n"


def test_a_query_is_written_in_its_own_order(export):
    query = "select i % 2 + 90000000 as subject_id, i from range(200000) t (i) order by hash(i)"
    ran, found = export("--query", f"{query}; -- by chance", "--name", "long")
    assert (ran.code, ran.stderr) == (0, "")
    assert re.fullmatch(r"2 files of 2 patients in .*out\n", ran.stdout)
    lengths = set()
    for patient in (0, 1):
        rows = records(found[f"patient_9000000{patient}/long.csv"])
        numbers = [int(row["i"]) for row in rows]
        assert sorted(numbers) == list(range(patient, 200_000, 2))
        assert numbers != sorted(numbers)
        lengths.add(len(numbers))
    _, again = export("--query", query, "--name", "long", out="again")
    assert found == again


def test_a_descending_query_is_written_so(export):
    query = "select 90000000 as subject_id, i from range(150000) t (i) order by i desc"
    _, found = export("--query", query, "--name", "down")
    lines = found["patient_90000000/down.csv"].decode().splitlines()[1:]
    assert lines == [f"90000000,{i}" for i in range(149_999, -1, -1)]


def test_a_query_may_call_its_columns_anything(export):
    query = '''select 'me' as patient, 7 as source_row, 8 as file_order, 'l' as line,
        90000003 as "Subject_ID", 1 as "a,b", 2 as "say ""x""", 3 as "0", 'é' as ü'''
    _, found = export("--query", query, "--name", "names")
    assert found == {
        "patient_90000003/names.csv": (
            'patient,source_row,file_order,line,Subject_ID,"a,b","say ""x""",0,ü\n'
            "me,7,8,l,90000003,1,2,3,é\n"
        ).encode()
    }


def test_a_query_decides_itself_whose_rows_it_has(export, source):
    everyone = {row["subject_id"] for row in source.records("Hosp/patients")}
    assert not everyone <= source.cohort("eye")
    _, found = export("--query", "from mimiciv_hosp.patients", "--name", "people")
    assert found.keys() == {f"patient_{subject}/people.csv" for subject in everyone}


def test_a_querys_file_names_what_it_writes(export, tmp_path):
    file = tmp_path / "first_day.sql"
    file.write_text("\ufeff-- mine\nselect 90000000 as subject_id -- all\n", encoding="utf-8")
    _, found = export("-f", file)
    _, named = export("-f", file, "--name", "other")
    assert found.keys() == {"patient_90000000/first_day.csv"}
    assert named.keys() - found.keys() == {"patient_90000000/other.csv"}


def test_a_pivot_is_a_query(export):
    query = "pivot (select 90000000 as subject_id, 'x' as k, 2 as v) on k using max(v)"
    assert export("--query", query, "--name", "wide")[1] == {
        "patient_90000000/wide.csv": b"subject_id,x\n90000000,2\n"
    }


def test_subject_ids_may_be_text(export):
    query = "select * from (values ('90000001'), ('90000002')) as t (subject_id)"
    _, found = export("--query", query, "--name", "text")
    assert found.keys() == {"patient_90000001/text.csv", "patient_90000002/text.csv"}


@pytest.mark.parametrize("nobody", ["null", "90000002.5", "'abc'", "''", "'9e99'"])
def test_rows_of_nobody_are_counted_and_nothing_is_written(export, nobody, tmp_path):
    query = f"select unnest(['90000001', {nobody}, {nobody}]) as subject_id"
    ran, found = export("--query", query, "--name", "some")
    assert (ran.code, ran.stdout, found) == (1, "", {})
    assert "2 rows of some name no patient" in ran.stderr
    assert "abc" not in ran.stderr and "90000002" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param([], 2, "--tables", id="nothing asked"),
        pytest.param(["--tables", ","], 2, "--tables", id="no table"),
        pytest.param(["--tables", "marts.labels", "--query", "x"], 2, "one of", id="two asked"),
        pytest.param(["--tables", "marts.labels", "--name", "x"], 2, "--name", id="named table"),
        pytest.param(["--query", "from cohort.subjects"], 2, "--name", id="no name"),
        pytest.param(["--query", "select 1 as a, 2 as b", "--name", "x"], 1, "a, b", id="nobody"),
        pytest.param(["--query", "selec 1", "--name", "x"], 1, "selec", id="syntax"),
        pytest.param(["--query", "select nope", "--name", "x"], 1, "nope", id="no such column"),
        pytest.param(["--query", "", "--name", "x"], 1, "0 statements", id="empty"),
        pytest.param(["--query", "select 1; select 2", "--name", "x"], 1, "2 stat", id="two"),
        pytest.param(["--query", "drop view marts.labels", "--name", "x"], 1, "drop", id="a drop"),
        pytest.param(
            ["--query", "from read_csv('/etc/hosts')", "--name", "x"], 1, "sources", id="a file"
        ),
        pytest.param(["-f", "none.sql"], 2, "none.sql", id="no such file"),
        pytest.param(["--tables", "marts.lables,nope"], 1, "marts.labels", id="nearly a table"),
        pytest.param(["--tables", "mimiciv_icu.d_items"], 1, "subject_id", id="a dictionary"),
        pytest.param(["--tables", "settings.link"], 1, "link_rule", id="columns are named"),
        pytest.param(
            ["--tables", "eye_gaze.fixations", "--all-patients"], 1, "repaired", id="repaired"
        ),
    ],
)
def test_what_cannot_be_written_is_told(export, words, code, says, tmp_path):
    ran, found = export(*words)
    assert (ran.code, ran.stdout, found) == (code, "", {})
    assert says in ran.stderr
    assert ran.stderr.startswith("error: ") and "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "..", "../up", "a/b", "a\\b", "a b", "a:b", "é", "con", "NUL", "com1.x", "a\n"],
)
def test_a_name_that_is_no_plain_name_is_refused(export, name, tmp_path):
    query = "select 90000000 as subject_id"
    ran, found = export("--query", query, "--name", name)
    assert (ran.code, found) == (2, {})
    assert "--name" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["vitals", "a-b_c.2", "_x", "console", "0"])
def test_a_plain_name_is_taken(export, name):
    query = "select 90000000 as subject_id"
    _, found = export("--query", query, "--name", name)
    assert found.keys() == {f"patient_90000000/{name}.csv"}


def test_all_problems_are_told_together(export):
    ran, _ = export("--tables", "nope,mimiciv_icu.d_items", "--tables", "settings.link")
    assert ran.stderr.count("error: ") == 3


def test_files_are_beside_the_database_when_no_folder_is_named(command, database, tmp_path):
    here = Path(shutil.copy(database, tmp_path))
    words = ["--query", "select 90000000 as subject_id", "--name", "x"]
    ran = command("export", "csv", "--database", here, *words)
    assert ran.code == 0, ran.stderr
    assert files(tmp_path / "csv").keys() == {"patient_90000000/x.csv"}
    assert {file.name for file in tmp_path.iterdir()} == {"mimiceye.duckdb", "csv"}


def numbered(*subjects):
    values = ", ".join(f"({subject})" for subject in subjects)
    return f"select * from (values {values}) as t (subject_id)"


def test_files_that_are_there_are_kept(export):
    _, before = export("--query", numbered(90000001), "--name", "x")
    ran, after = export("--query", numbered(90000002), "--name", "x")
    assert ran.code == 1
    assert "--force" in ran.stderr and "patient_90000001/x.csv" in ran.stderr
    assert after == before


def test_force_replaces_the_files_of_this_name_and_no_others(export, tmp_path):
    export("--query", numbered(90000000, 90000001, 90000002), "--name", "x")
    export("--query", numbered(90000001), "--name", "y")
    own = tmp_path / "out" / "patient_90000002" / "notes.txt"
    own.write_text("mine")
    query = f"select *, 5 as a from ({numbered(90000002, 90000003)})"
    ran, found = export("--query", query, "--name", "x", "--force")
    assert ran.code == 0, ran.stderr
    assert found == {
        "patient_90000001/y.csv": b"subject_id\n90000001\n",
        "patient_90000002/notes.txt": b"mine",
        "patient_90000002/x.csv": b"subject_id,a\n90000002,5\n",
        "patient_90000003/x.csv": b"subject_id,a\n90000003,5\n",
    }
    assert not (tmp_path / "out" / "patient_90000000").exists()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(errno.EIO, "no")])
def test_an_export_that_stops_leaves_what_was_there(export, monkeypatch, failure):
    _, before = export("--query", numbered(90000001), "--name", "x")
    written = []

    def write(self, text, rows):
        written.append(rows)
        if len(written) == 3:
            raise failure

    monkeypatch.setattr(csv_tree._File, "write", write)
    query = numbered(90000001, 90000002, 90000003, 90000004)
    ran, after = export("--query", query, "--name", "x", "--force")
    assert (ran.code, ran.stdout, len(written)) == (1, "", 3)
    assert after == before


def test_a_full_disk_is_told_with_what_is_needed(export, monkeypatch, tmp_path):
    query = "select 90000000 + i % 3 as subject_id, repeat('x', 9_990) as a from range(600) t (i)"

    def write(self, text, rows):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(csv_tree._File, "write", write)
    ran, found = export("--query", query, "--name", "x")
    assert (ran.code, ran.stdout, found) == (1, "", {})
    # 600 records of 8 + 1 + 9,990 + 1 bytes.
    assert "the disk is full" in ran.stderr and "6.0 MB needed" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def attached(command, copied, made_up, tmp_path):
    """A database of views only, and its sources, which a test may change."""
    source = copied(made_up())
    database = tmp_path / "views.duckdb"
    ran = command("attach", "--source", source, "--database", database)
    assert ran.code == 0, ran.stderr
    return database, source


def test_views_alone_have_no_cohort(export, attached, tools):
    database, source = attached
    ran, found = export("--tables", "mimiciv_ed.triage", database=database)
    assert (ran.code, found) == (1, {})
    assert "--all-patients" in ran.stderr
    ran, found = export("--tables", "mimiciv_ed.triage", "--all-patients", database=database)
    assert ran.code == 0, ran.stderr
    subjects = tools.source(source).table("ED/triage").column("subject_id")
    assert found.keys() == {f"patient_{subject}/ED/triage.csv" for subject in subjects}


def test_views_alone_do_not_say_whose_gaze_is(export, attached):
    database, _ = attached
    ran, found = export("--tables", "reflacx.fixations", "--all-patients", database=database)
    assert (ran.code, found) == (1, {})
    assert "staging.reflacx_readings" in ran.stderr


def test_a_source_that_is_gone_is_named(export, attached):
    database, source = attached
    [file] = source.rglob("triage.csv.gz")
    file.unlink()
    ran, _ = export("--tables", "mimiciv_ed.triage", "--all-patients", database=database)
    assert ran.code == 1
    assert "mimiciv_ed.triage" in ran.stderr and str(file) in ran.stderr
