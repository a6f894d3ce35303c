"""A database opened for questions: what they reach, and what they do not."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.database.readonly import located, opened

REFUSED = (duckdb.PermissionException, duckdb.InvalidInputException)
both = pytest.mark.parametrize("cohort", [False, True], ids=["on views", "on the cohort"])


@pytest.fixture(scope="module")
def database(built, made_up):
    return built(made_up()) / "mimiceye.duckdb"


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """A folder with files that are no sources."""
    folder = tmp_path_factory.mktemp("others")
    (folder / "other.csv").write_text("a\n1\n")
    duckdb.connect(str(folder / "other.duckdb")).close()
    return folder


@both
@pytest.mark.parametrize(
    "statement",
    [
        "from read_csv('{others}/other.csv')",
        "from read_text('{others}/other.csv')",
        "from '{others}/other.csv'",
        "from glob('{others}/*')",
        "attach '{others}/other.duckdb'",
        "copy (select 1) to '{others}/new.csv'",
        "copy (select 1) to '{source}'",
        "export database '{others}/new'",
        "set enable_external_access = true",
        "reset enable_external_access",
        "set allowed_directories = ['/']",
        "set temp_directory = '{others}'",
        "from enable_logging(storage = 'file', storage_path = '{others}')",
        "install httpfs",
        "load httpfs",
        "load '{others}/other.csv'",
    ],
)
def test_no_statement_reaches_another_file(database, others, cohort, statement):
    with opened(database, cohort=cohort) as session:
        source = session.value("select path from settings.sources where not is_folder limit 1")
        before = Path(source).read_bytes()
        with pytest.raises(REFUSED):
            session.execute(statement.format(others=others, source=source))
        assert Path(source).read_bytes() == before
    assert sorted(file.name for file in others.iterdir()) == ["other.csv", "other.duckdb"]


@both
def test_files_are_within_reach_when_allowed(database, others, cohort):
    with opened(database, cohort=cohort, allow_files=True) as session:
        assert session.rows(f"from read_csv('{others}/other.csv')") == [(1,)]


def test_the_command_reaches_another_file_when_allowed(database, others, command):
    words = ["sql", f"select a + 1 as b from '{others}/other.csv'", "--database", database]
    refused = command(*words, "--format", "csv")
    assert (refused.code, refused.stdout) == (1, "")
    assert "--allow-files" in refused.stderr
    assert command(*words, "--format", "csv", "--allow-files").stdout == "b\n2\n"


@both
@pytest.mark.parametrize("statement", ["create table made (a int)", "drop view marts.cxr_meta"])
def test_no_statement_changes_the_database(database, cohort, statement):
    before = database.stat()
    with opened(database, cohort=cohort, allow_files=True) as session, pytest.raises(duckdb.Error):
        session.execute(statement)
    after = database.stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


def unanswered(database, **options):
    """Views on sources of which no row comes."""
    with opened(database, **options) as session:
        names = session.rows("select distinct table_name from settings.sources order by 1")
        assert len(names) > 50
        return [name for (name,) in names if len(session.rows(f"from {name} limit 1")) != 1]


@both
def test_every_source_answers(database, cohort):
    assert unanswered(database, cohort=cohort) == []


def test_every_source_answers_whatever_its_folder_is_called(copied, made_up, command, tmp_path):
    source = copied(made_up(), "it's [a] *copy*, größe 심장")
    database = tmp_path / "views.duckdb"
    ran = command("attach", "--source", source, "--database", database)
    assert ran.code == 0, ran.stderr
    assert unanswered(database) == []
    with opened(database) as session, pytest.raises(REFUSED):
        session.execute(f"from read_text('{tmp_path}/*')")


def test_cohort_is_the_stored_rows_under_the_sources_names(database, made_up, tools):
    source = tools.source(made_up())
    patients = source.cohort("eye")
    tables = {
        "mimiciv_hosp.admissions": "Hosp/admissions",
        "mimiciv_icu.chartevents": "ICU/chartevents",
        "mimiciv_ed.triage": "ED/triage",
    }
    with opened(database, cohort=True) as session:
        for name, file in tables.items():
            rows = [row["subject_id"] for row in source.records(file)]
            wanted = Counter(int(subject) for subject in rows if subject in patients)
            assert 0 < wanted.total() < len(rows)
            found = session.rows(f"select subject_id, count(*) from {name} group by subject_id")
            assert dict(found) == wanted


def test_cohort_leaves_the_other_names_as_they_are(database, made_up, tools):
    source = tools.source(made_up())
    with opened(database, cohort=True) as session:
        for name, file in {
            "mimiciv_hosp.d_labitems": "Hosp/d_labitems",
            "mimic_cxr_jpg.metadata": "CXR-JPG/cxr_metadata",
        }.items():
            found = session.value(f"select count(*) from {name}")
            assert found == len(source.records(file))
        assert (
            session.value("select count(*) from marts.cxr_meta")
            == tools.query(database.parent, "select count(*) from marts.cxr_meta")[0][0]
        )


def test_cohort_of_a_database_without_one_is_told(made_up, command, tmp_path):
    database = tmp_path / "views.duckdb"
    command("attach", "--source", made_up(), "--database", database)
    with pytest.raises(UserError, match="holds no cohort"), opened(database, cohort=True):
        pass


@both
def test_what_memory_does_not_hold_goes_where_duckdb_puts_it(database, cohort):
    with duckdb.connect(str(database), read_only=True) as client:
        [(wanted,)] = client.execute("select current_setting('temp_directory')").fetchall()
    with opened(database, cohort=cohort) as session:
        found = session.value("select current_setting('temp_directory')")
    assert Path(found) == Path(wanted).absolute()


@both
def test_what_memory_does_not_hold_goes_where_it_is_told(database, cohort, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    spill = tmp_path / "spill"
    with opened(database, cohort=cohort, allow_files=True, temp_dir=spill) as session:
        session.execute("set memory_limit = '40MB'; set threads = 1")
        rows = session.stream("select hash(i) as h from range(4_000_000) as t (i) order by h")
        next(rows)
        assert [file for file in spill.iterdir() if file.stat().st_size]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("cohort", [False, True])
def test_a_database_that_is_not_there_is_told(tmp_path, cohort):
    with (
        pytest.raises(UserError, match="there is no database"),
        opened(tmp_path / "none.duckdb", cohort=cohort),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_database_that_is_meant(tmp_path, monkeypatch):
    """The one that is named, else the variable's, else the nearest here or above."""
    build, below, other = tmp_path / "a", tmp_path / "a" / "b" / "c", tmp_path / "other.duckdb"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.delenv("MIMICEYE_DATABASE", raising=False)
    assert located("mimiceye.duckdb") == Path("mimiceye.duckdb")
    (build / "mimiceye.duckdb").touch()
    assert located("mimiceye.duckdb") == build / "mimiceye.duckdb"
    assert located("o.duckdb") == Path("o.duckdb")
    (below / "mimiceye.duckdb").touch()
    assert located("mimiceye.duckdb") == below / "mimiceye.duckdb"
    monkeypatch.setenv("MIMICEYE_DATABASE", str(other))
    assert located("mimiceye.duckdb") == other
    assert located(build / "mimiceye.duckdb") == build / "mimiceye.duckdb"


@pytest.mark.parametrize("words", [["sql", "select 1 as a"], ["tables"], ["compare-links"]])
def test_a_command_in_a_folder_of_the_build_finds_it(database, words, command, monkeypatch):
    folder = database.parent / "spreadsheets"
    monkeypatch.chdir(folder if folder.is_dir() else database.parent)
    ran = command(*words)
    assert (ran.code, ran.stderr) == (0, "")


def test_attach_stores_the_tables_that_a_pattern_names(command, made_up, tmp_path, tools):
    source, path = made_up(), tmp_path / "concepts.duckdb"
    words = ("attach", "--source", source, "--database", path)
    said = command(*words, "--store", "mimiciv_hosp.d_*", "--store", "edstays")
    assert said.code == 0, said.stderr
    wanted = {"d_labitems", "d_icd_diagnoses", "d_icd_procedures", "d_hcpcs", "edstays"}
    kinds = "select table_name from duckdb_tables() where schema_name like 'mimiciv%'"
    with duckdb.connect(str(path), read_only=True) as connection:
        stored = {name for (name,) in connection.execute(kinds).fetchall()}
        assert {"edstays", "d_labitems"} <= stored <= wanted
        [(comment,)] = connection.execute(
            "select comment from duckdb_tables() where table_name = 'edstays'"
        ).fetchall()
        ids = connection.execute("select stay_id from mimiciv_ed.edstays").fetchall()
    assert comment
    table = tools.read_csv(tools.source(source).file("ED/edstays"))
    place = table.header.index("stay_id")
    assert [str(stay) for (stay,) in ids] == [row[place] for row in table.rows]
    assert command(*words, "--store", "nothing").code == 1
    assert command(*words).code == 0  # views again
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute(kinds).fetchall() == []
