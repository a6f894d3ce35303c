"""The README: its commands are run, and print what it says they print."""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import readme

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


RECIPES = TEXT.split("## Recipes\n")[1].split("\n## ")[0]
LOOKING = ("report", "page", "browse")
COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
# What only a machine with the registry can do: the wheel's test and `.ci/run` do it.
INSTALLS = [line for line in COMMANDS if line.startswith("python3 -m venv .venv")]
OURS = [
    line.replace(".venv/bin/", "")
    for command in COMMANDS
    for line in command.split("&&")
    for line in [line.strip()]
    if line.replace(".venv/bin/", "").startswith("mimiceye-duck")
]


@pytest.fixture(scope="session")
def place(demo):
    """A folder in which the README's first command was run."""
    return demo


@pytest.fixture
def follow(command, place, monkeypatch, tmp_path):
    """Run a line of the README where its reader is, with the reader's own names put in."""
    folder, _ = place

    def go(line):
        words = shlex.split(line, comments=True)
        assert words[0] == "mimiceye-duck"
        if "--demo" in words:
            return place[1], folder
        here = folder / "mimic-eye"
        writes = (
            words[1] in ("build", "synth", "attach", "export", *LOOKING)
            or "-f" in words
            or "training" in line
        )
        if writes:
            here = tmp_path
        monkeypatch.chdir(here)
        (tmp_path / "training.sql").write_text(recipe("train on")[0])
        (tmp_path / "age.sql").write_text(
            "select subject_id, anchor_age from mimiciv_hosp.patients"
        )
        with open(folder / "mimic-eye" / "source" / "truth" / "cxr_stay.csv") as truth:
            image = truth.read().splitlines()[1].split(",")[0]
        names = {
            "/data/physionet": str(folder / "mimic-eye" / "source"),
            "DIR": str(folder / "mimic-eye" / "source"),
            "FILE": str(tmp_path / "training.sql") if words[1] == "sql" else "views.duckdb",
            "DICOM_ID": image,
            "SUBJECT_ID": max((folder / "mimic-eye").glob("patient_*")).name.split("_")[1],
        }
        if "/data/mimic-iv-demo" in words:
            names["/data/mimic-iv-demo"] = str(folder / "mimic-eye" / "source")
        if here == tmp_path and words[1] in ("export", "sql", *LOOKING):
            words += ["--database", str(folder / "mimic-eye" / "mimiceye.duckdb")]
        if words[1] == "export":
            words += ["--out", words[2]]
        if words[1] in LOOKING:
            names_of = {"report": "report.html", "page": "patient_1.html", "browse": "browse"}
            words += ["--out", names_of[words[1]]]
        return command(*[names.get(word, word) for word in words[1:]]), here

    return go


def promised(line):
    """The paths that the comment behind an export names, as patterns."""
    paths = line.partition("#")[2].replace(",", " ").split()
    return [re.sub(r"\{\w+\}", "*", path) for path in paths]


def lacking(line, here):
    """The promised paths at which nothing was written: no row, no file."""
    return [
        pattern
        for pattern in promised(line)
        if not any(file.is_dir() or file.stat().st_size for file in here.glob(pattern))
    ]


def recipe(about):
    """The SQL of the recipe whose first sentence has these words, and what it prints."""
    [found] = re.findall(
        rf"[^\n]*{re.escape(about)}[^\n]*\n\n```sql\n(.*?)^```$.*?^```text\n(.*?)^```$",
        RECIPES,
        re.MULTILINE | re.DOTALL,
    )
    return found


def test_readme_has_the_commands_that_are_run_here():
    assert {shlex.split(line)[1] for line in OURS} >= {
        "build",
        "tables",
        "sql",
        "explain",
        "compare-links",
        "synth",
        "describe",
        "show",
        "shell",
        "export",
        *LOOKING,
    }
    rest = [line for line in COMMANDS if line not in INSTALLS and line not in OURS]
    assert rest == ["cd mimic-eye"]


# Spark starts in tests/spark alone, with these options.
HERE = [line for line in OURS if "training" not in line and "--engine spark" not in line]


@pytest.mark.parametrize("line", HERE)
def test_command_does_its_work(follow, line, monkeypatch):
    # The shell's reader types nothing but the end.
    monkeypatch.setattr(sys, "stdin", io.StringIO(".tables\n"))
    ran, here = follow(line)
    assert ran.code == 0, ran.stderr
    assert ran.stdout and "error" not in ran.stderr
    words = shlex.split(line, comments=True)
    if words[1] in LOOKING:
        assert promised(line) and lacking(line, here) == []
    if "--out" in words:
        assert any((here / words[words.index("--out") + 1]).iterdir())
    if words[1] == "export":
        assert promised(line) and lacking(line, here) == []


@pytest.mark.parametrize("line", re.findall(r"`(mimiceye-duck [^`]+)`", TEXT))
def test_command_within_a_sentence_does_its_work(follow, line):
    ran, here = follow(line)
    assert ran.code == 0, ran.stderr
    if "--database FILE" in line:
        assert (here / "views.duckdb").is_file()


def stripped(text):
    return [line.rstrip() for line in text.rstrip("\n").splitlines()]


def after(start):
    """The block of text that follows a shell block holding this."""
    found = re.search(
        rf"^```sh\n[^`]*{re.escape(start)}[^`]*^```$.*?^```text\n(.*?)^```$",
        TEXT,
        re.MULTILINE | re.DOTALL,
    )
    return stripped(found.group(1))


def test_first_command_prints_what_is_shown(place):
    _, ran = place
    shown, lines = after("build --demo --out mimic-eye"), stripped(ran.stdout)
    assert len(shown) > 1 and shown == lines[: len(shown)]
    assert re.fullmatch(r"needs up to .* of disk; .* free\n", ran.stderr)


def test_first_query_prints_what_is_shown(follow):
    [line] = [line for line in OURS if "cxr_stay group by all" in line]
    ran, _ = follow(line)
    assert stripped(ran.stdout) == after("cxr_stay group by all")


def test_query_of_the_dropped_zero_finds_what_it_says(follow, tools, place):
    [line] = [line for line in OURS if "hour(study_at) < 10" in line]
    ran, _ = follow(line)
    source = tools.source(place[0] / "mimic-eye" / "source")
    ours, theirs = source.links(), source.links("mimic-eye-1.0")
    lost = {
        row["dicom_id"]
        for row in source.metadata
        if ours[row["dicom_id"]].link == "within"
        and not theirs[row["dicom_id"]].stay_id
        and len(row["StudyTime"].partition(".")[0]) < 6
        and ours[row["dicom_id"]].n_candidates == "1"
    }
    assert set(ran.stdout.split()[1:]) == lost and lost


@pytest.mark.parametrize("about", ["the triage of", "against fixations", "24 hours before"])
def test_recipe_prints_what_is_shown(follow, tmp_path, about):
    query, printed = recipe(about)
    (tmp_path / "recipe.sql").write_text(query)
    ran, _ = follow(f"mimiceye-duck sql -f {(tmp_path / 'recipe.sql').as_posix()}")
    assert ran.code == 0, ran.stderr
    assert stripped(ran.stdout) == stripped(printed)


def test_recipe_of_the_triage_agrees_with_the_sources(place, tools):
    """What it prints, put together from the CSV files by Python."""
    source = tools.source(place[0] / "mimic-eye" / "source")
    triage = {row["stay_id"]: row for row in source.records("ED/triage")}
    links = source.links()
    images = source.reflacx_images() | source.eye_gaze_subjects().keys()
    rows = sorted(
        (links[row["dicom_id"]].study_at, row["dicom_id"], row["ViewPosition"], stay)
        for row in source.metadata
        for stay in [links[row["dicom_id"]].stay_id]
        if row["dicom_id"] in images and stay
    )
    _, printed = recipe("the triage of")
    for line, (at, dicom_id, view, stay) in zip(printed.splitlines()[1:], rows[:5], strict=True):
        cells = [triage[stay][name] for name in ("temperature", "heartrate", "o2sat", "acuity")]
        words = line.split()
        assert " ".join(words[:2]).startswith(at.removesuffix(".000"))
        assert words[2:4] == [view, links[dicom_id].link]
        assert [float(word) for word in words[4:]] == [float(cell) for cell in cells if cell]


def test_recipe_to_train_on_writes_what_it_shows(follow, tools, place, tmp_path):
    lines = [line for line in OURS if "training" in line]
    assert [shlex.split(line)[1] for line in lines] == ["sql", "sql", "export"]
    for line in lines:
        ran, here = follow(line)
        assert ran.code == 0, ran.stderr
        if "export" in line:
            assert promised(line) and lacking(line, here) == []
        if "--allow-files" in line:
            assert stripped(ran.stdout) == stripped(recipe("train on")[1])
    assert (tmp_path / "training.parquet").is_file()


def test_count_of_patients_is_right(place, tools):
    [count] = re.findall(r"makes up (\d+) patients", TEXT)
    source = tools.source(place[0] / "mimic-eye" / "source")
    assert len(source.records("Hosp/patients")) == int(count)


def test_output_folder_holds_what_is_listed(place):
    out = place[0] / "mimic-eye"
    listed = next(block for block in blocks("text") if "manifest.parquet" in block)
    patient, *others = stripped(listed)
    folder, *inside = patient.replace("patient_{subject_id}/", "patient_{subject_id} ").split()
    assert folder == "patient_{subject_id}"
    found = {path.name for one in out.glob("patient_*") for path in one.iterdir()}
    assert found == set(inside)
    names = {line.split()[0].rstrip("/") for line in others}
    top = {path.name for path in out.iterdir() if not path.name.startswith("patient_")}
    assert top - {"source"} == names
    record = json.loads((out / "build.json").read_text("utf-8"))
    assert {"options", "releases", "inputs", "audits"} <= set(record)


def test_named_relations_are_in_the_database(place, tools):
    out = place[0] / "mimic-eye"
    schemas = {row[0] for row in tools.query(out, "select schema_name from duckdb_schemas()")}
    for paragraph in ("The database opens in any DuckDB client", "The source tables:"):
        assert paragraph in TEXT
    bullets = TEXT.split("The database opens in any DuckDB client")[1].split("In a notebook")[0]
    named = set(re.findall(r"`([a-z_]+)`", bullets))
    assert len(named) > 8 and named <= schemas
    for relation in set(re.findall(r"`((?:staging|cohort|links)\.[a-z_]+)`", TEXT)):
        tools.query(out, f"select * from {relation} limit 1")


def test_options_that_are_named_exist(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    helped = {
        name: command(name, "--help").stdout
        for name in ("build", "attach", "sql", "tables", "explain", "compare-links", "synth")
    }
    table = TEXT.split("| option | what it chooses |")[1].split("\n\n")[0]
    options = set(re.findall(r"--[a-z-]+", table.replace("|---|---|", "")))
    assert len(options) > 6
    assert [option for option in options if option not in helped["build"]] == []
    rules = set(re.findall(r"`([a-z0-9.-]+)`", re.search(r".*--link-rule.*", table).group()))
    assert rules == {file.stem for file in (ROOT / "sql" / "choices" / "link_rules").glob("*.sql")}


def test_notebook_example_works(place, tmp_path, monkeypatch):
    [block] = blocks("python")
    monkeypatch.chdir(tmp_path)
    told = block.replace("/data/physionet", (place[0] / "mimic-eye" / "source").as_posix())
    names = {}
    exec(told, names)
    images = names["database"].execute("select count(*) from links.cxr_stay").fetchone()
    names["database"].close()
    assert images[0] > 100 and (tmp_path / "mimic-eye" / "build.json").is_file()


def test_table_list_is_the_one_that_the_contracts_write():
    assert readme.with_tables(TEXT) == TEXT
    contracts = {
        (file.parent.name, file.name.removesuffix(".odcs.yaml"))
        for file in (ROOT / "data_contracts").glob("*/*.odcs.yaml")
    }
    listed = {
        (row.split("`")[1], table)
        for row in TEXT.split(readme.BEGIN)[1].split(readme.END)[0].splitlines()
        if row.startswith("| `")
        for table in re.findall(r"`(\w+)`", row.rsplit("|", 2)[1])
    }
    assert listed == contracts


def test_folders_that_are_named_exist():
    table = TEXT.split("## How it is made")[1].split("\n\n")[1]
    for row in table.splitlines()[2:]:
        for name in re.findall(r"`([\w/]+)`", row.split("|")[1]):
            parent = "sql" if "`sql/" in row and not name.startswith("sql/") else "."
            assert (ROOT / parent / name).is_dir(), name


STUB = """#!/usr/bin/env bash
echo "$(basename "$0")${*:+ $*}" >> "$LOG"
if [ "$(basename "$0")" = python3 ]; then
    mkdir -p .venv/bin
    for name in pip just; do cp "$0" .venv/bin/$name; done
fi
"""


@pytest.mark.skipif(sys.platform == "win32", reason="CI runs bash")
@pytest.mark.parametrize("failing", [None, "pip", "just"])
def test_ci_runs_the_readmes_test_command(tmp_path, failing):
    """With stand-ins for python3, pip and just, which note what they are asked."""
    checkout, bin = tmp_path / "checkout", tmp_path / "bin"
    (checkout / ".ci").mkdir(parents=True)
    bin.mkdir()
    shutil.copy(ROOT / ".ci" / "run", checkout / ".ci" / "run")
    shutil.copy(ROOT / "README.md", checkout)
    stub = STUB + (f'[ "$(basename "$0")" != {failing} ]\n' if failing else "")
    for name in ("chromium", "apt-get"):
        (bin / name).write_text(STUB)
        (bin / name).chmod(0o755)
    (bin / "python3").write_text(stub)
    (bin / "python3").chmod(0o755)
    log = tmp_path / "log"
    ran = subprocess.run(
        ["bash", str(checkout / ".ci" / "run")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "LOG": str(log)},
        check=False,
    )
    asked = log.read_text().splitlines()
    [line] = [line for line in INSTALLS if line.endswith("just check")]
    wanted = [" ".join(shlex.split(part)).removeprefix(".venv/bin/") for part in line.split(" && ")]
    assert asked == wanted[: len(asked)]
    assert (ran.returncode == 0) == (failing is None)
    if failing is None:
        assert asked == wanted
        assert not (tmp_path / ".venv").exists()
