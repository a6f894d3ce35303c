"""Whatever the cells that are no keys hold, all that a build makes and shows of them is made."""

import json
import re
import shutil
import warnings
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from mimiceye_duck.catalog.contracts.forms import forms
from mimiceye_duck.catalog.contracts.reading import contracts
from tests.broken.spoiling import spoil
from tests.cells import CELLS, reading
from tests.conftest import read_csv, run

TABLES = "marts.cxr_clinical,marts.labels,links.cxr_stay,cohort.hosp_labevents"

# A build stores none of these rows, a thousand for each second: queries read them in place.
NOT_STORED = "reflacx.gaze"
MISFITS = "select table_name, column_name, n_cells from run.misfits"

KINDS = [
    pytest.param(("empty", False), id="empty"),
    pytest.param(("empty", True), id="empty, but for links"),
    pytest.param(("misfits", False), id="misfits"),
    pytest.param(("misfits", True), id="misfits, but for links"),
    pytest.param(("ends", False), id="ends"),
    pytest.param(("ends", True), id="ends, but for links"),
]


@pytest.fixture(scope="module", params=KINDS)
def spoilt(request, made_up, tmp_path_factory):
    """A build of a tree whose cells are spoilt, what was spoilt, and what the build said."""
    kind, links = request.param
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(made_up(patients=6), folder / "source")
    changed = spoil(folder / "source", kind, links)
    words = ["--cohort", "all", "--files", "none", "--accept-misfits"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = run("build", "--source", folder / "source", "--out", folder / "out", *words)
    assert done.code == 0, done.stderr
    yield kind, changed, folder, done
    shutil.rmtree(folder, ignore_errors=True)


def answer(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "out" / "mimiceye.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def ran(*words: object) -> None:
    """A command ends well, and no library warns meanwhile."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = run(*words)
    said = done.stdout + done.stderr
    assert done.code == 0, said
    assert "Warning" not in said and "Traceback" not in said


def test_every_mart_and_link_is_whole_and_has_no_nan(spoilt):
    *_, folder, _ = spoilt
    with duckdb.connect(str(folder / "out" / "mimiceye.duckdb"), read_only=True) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select schema_name || '.' || t from (select schema_name, table_name as t"
                " from duckdb_tables() union all select schema_name, view_name from duckdb_views()"
                " where not internal)"
            ).fetchall()
        ]
        assert {"marts.labels", "links.cxr_stay", "summary.facts", "run.misfits"} <= set(names)
        for name in names:
            relation = connection.execute(f"select * from {name}")
            numbers = [one[0] for one in relation.description if str(one[1]) in ("DOUBLE", "FLOAT")]
            assert relation.fetchall() is not None
            for column in numbers:
                query = f'select count(*) from {name} where not isfinite("{column}")'
                assert connection.execute(query).fetchall() == [(0,)], (name, column)


def test_every_misfit_is_told_by_column_with_its_number_and_never_shown(spoilt):
    kind, changed, folder, done = spoilt
    counted = {(table, column): cells for table, column, cells in answer(folder, MISFITS)}
    if kind != "misfits":
        assert counted == {}
        return
    known = {
        (contract.id, column.name)
        for contract in contracts().values()
        for column in contract.columns
        if column.form
    }
    whole = answer(folder, "select subject_id from cohort.subjects")
    assert whole
    assert counted.keys() == {
        key for key, n in changed.items() if key in known and n and key[0] != NOT_STORED
    }
    assert {"reflacx.fixations", "eye_gaze.fixations"} <= {table for table, _ in counted}
    record = json.loads((folder / "out" / "build.json").read_text("utf-8"))
    assert {(one["table"], one["column"]): one["n_cells"] for one in record["misfits"]} == counted
    said = done.stdout + done.stderr
    assert f"cells of {len(counted)} columns cannot be read" in said
    shown = " ".join(form.says for form in forms().values())
    long = [c for c in CELLS if len(c) > 8 and c.isprintable() and not c.startswith("-")]
    assert [cell for cell in long if cell in said and cell not in shown] == []


def test_pages_and_the_report_are_made_of_it(spoilt):
    *_, folder, _ = spoilt
    database = folder / "out" / "mimiceye.duckdb"
    ran("browse", "--database", database, "--out", folder / "browse")
    pages = list((folder / "browse").rglob("*.html"))
    assert len(pages) > 5
    ran("report", "--database", database, "--out", folder / "report.html", "--small-cells")
    ran("report", "--database", database, "--out", folder / "few.html")
    for page in [*pages, folder / "report.html", folder / "few.html"]:
        text = re.sub(
            r"(?s)<script.*?</script>|<style.*?</style>|<[^>]*>", " ", page.read_text("utf-8")
        )
        if spoilt[0] != "misfits":  # a text may say so
            assert not re.search(r"\b(nan|inf)\b", text), page
        attributes = re.findall(
            r'\b(?:x|y|cx|cy|r|rx|ry|width|height)="([^"]*)"', page.read_text("utf-8")
        )
        assert not [one for one in attributes if re.search("nan|inf|None", one)]


@pytest.mark.parametrize(
    "words", [("parquet",), ("csv", "--tables", TABLES), ("meds",)], ids=["parquet", "csv", "meds"]
)
def test_every_export_is_made_of_it(spoilt, words):
    *_, folder, _ = spoilt
    out = folder / words[0]
    ran("export", *words, "--database", folder / "out" / "mimiceye.duckdb", "--out", out)
    for file in out.rglob("*.parquet"):
        with pyarrow.parquet.ParquetFile(file) as opened:
            numbers = [
                one.name for one in opened.schema_arrow if pyarrow.types.is_floating(one.type)
            ]
        for column in numbers:
            query = f"select count(*) from '{file}' where not isfinite(\"{column}\")"
            assert duckdb.sql(query).fetchall() == [(0,)], (file.name, column)


def test_every_image_is_explained(spoilt):
    *_, folder, _ = spoilt
    for (image,) in answer(folder, "select dicom_id from links.cxr_stay")[:20]:
        ran("explain", image, "--database", folder / "out" / "mimiceye.duckdb")


def checked(folder: Path, patch: pytest.MonkeyPatch) -> dict[tuple[str, str], int]:
    """The misfits that `check --deep` counts, by column."""
    patch.setattr("mimiceye_duck.checks.deep.check_cache.cache_folder", lambda: folder / "cache")
    done = run("check", "--source", folder / "source", "--deep", "--format", "json")
    return {
        (match[1], match[2]): int(match[3].replace(",", ""))
        for one in json.loads(done.stdout)["checks"]
        if one["check"] == "type" and one["status"] == "failed"
        for match in [re.match(r"(\w+\.\w+)\.(\w+): no \w+ in ([\d,]+) of", one["message"])]
        if match[1] != NOT_STORED
    }


def test_the_deep_check_counts_the_same_misfits(spoilt, monkeypatch):
    kind, _, folder, _ = spoilt
    if kind == "ends":
        return  # what is a number refers to nothing, or is none of the values that are listed
    found = checked(folder, monkeypatch)
    assert found == {(table, column): n for table, column, n in answer(folder, MISFITS)}


def test_build_check_and_python_agree_on_cells_that_are_drawn(made_up, tmp_path, monkeypatch):
    shutil.copytree(made_up(patients=6), tmp_path / "source")
    drawn = spoil(tmp_path / "source", "drawn", links=True)
    words = ["--cohort", "all", "--files", "none"]
    done = run("build", "--source", tmp_path / "source", "--out", tmp_path / "out", *words)
    assert done.code == 0, done.stderr
    wanted = {key: n for key, n in drawn.items() if n and key[0] != NOT_STORED}
    assert len({table for table, _ in wanted}) > 40
    assert {(table, column): n for table, column, n in answer(tmp_path, MISFITS)} == wanted
    assert checked(tmp_path, monkeypatch) == wanted
    # Of a set the first file by its name is named.
    sql = "select first_record, path from run.misfits where column_name = 'x_position'"
    assert answer(tmp_path, f"{sql} and table_name = 'reflacx.fixations'") == [
        first_of(tmp_path / "source", "fixations.csv", "x_position")
    ]


def first_of(source: Path, name: str, column: str) -> tuple[int, str]:
    """The record and the file of REFLACX's first cell that is no whole number."""
    for file in sorted(source.glob(f"physionet.org/files/reflacx*/*/main_data/*/{name}")):
        for number, row in enumerate(read_csv(file).records(), 1):
            if row[column] and reading("INTEGER", row[column]) is None:
                return number, f"{file.parent.name}/{name}"
    raise AssertionError
