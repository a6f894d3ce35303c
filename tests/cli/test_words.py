"""Wrong words and wrong folders: told with those there are, and nothing is touched."""

import json
import os

import pytest

import mimiceye_duck
from tests.broken.tiny import assert_told, looks_unfinished


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--link-rule", "nearby"], ["nearby", "nearest", "within-or-after", "mimic-eye-1.0"]),
        (["--window", "soon"], ["soon", "36h"]),
        (["--window", "-1d"], ["-1d"]),
        (["--window", "7"], ["7"]),
        (["--cohort", "ey"], ["ey", "eye", "cxr", "all"]),
        (["--files", "move"], ["move", "hardlink"]),
        (["--release", "mimiciv"], ["mimiciv"]),
        (["--release", "mimic4=2.2"], ["mimic4", "mimiciv"]),
        (["--skip", "labevent"], ["labevent"]),
        (["--as-published", "--link-rule", "closed"], ["mimic-eye-1.0"]),
        (["--memory-limit", "lots"], ["lots"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_wrong_word_is_told_with_those_there_are(words, told, few, tmp_path, command):
    run = command("build", "--source", few, "--out", tmp_path / "out", *words)
    assert_told(run, *told)
    assert run.code == 2
    assert looks_unfinished(tmp_path / "out")


def test_a_release_that_is_not_there_is_told_with_those_that_are(few, tmp_path, command):
    run = command("build", "--source", few, "--out", tmp_path / "out", "--release", "mimiciv=9.9")
    assert_told(run, "9.9", "2.2")
    assert run.code in (1, 2)
    assert looks_unfinished(tmp_path / "out")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--out", "OUT"],
        ["--source", "SOURCE"],
        ["--source", "SOURCE", "--demo", "--out", "OUT"],
        ["--source", "SOURCE", "--out", "OUT", "--threads", "0"],
        ["--source", "SOURCE", "--out", "OUT", "--no-such-option"],
    ],
    ids=lambda words: " ".join(words) or "none",
)
def test_words_that_are_missing_or_too_many_are_wrong_usage(words, few, tmp_path, command):
    given = {"OUT": tmp_path / "out", "SOURCE": few}
    run = command("build", *(given.get(word, word) for word in words))
    assert run.code == 2
    assert run.stderr.strip() and "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()


COHORT_FILES = {
    "words": b"first\nsecond\n",
    "empty": b"",
    "only a header": b"subject_id\n",
    "another column": b"patient,name\n90000001,x\n",
    "numbers with points": b"90000001.0\n",
    "not UTF-8": b"\xff\xfe9\x000\x00",
    "binary": bytes(range(256)),
    "a hole": b"subject_id,sex\n90000001,F\n,M\n",
}


@pytest.mark.parametrize("content", COHORT_FILES.values(), ids=COHORT_FILES.keys())
def test_a_wrong_cohort_file_is_told(content, few, tmp_path, command):
    file = tmp_path / "ids"
    file.write_bytes(content)
    run = command("build", "--source", few, "--out", tmp_path / "out", "--cohort", file)
    assert_told(run, str(file))
    assert run.code in (1, 2)
    assert looks_unfinished(tmp_path / "out")


def test_a_cohort_of_nobody_known_is_told(few, tmp_path, command):
    file = tmp_path / "ids"
    file.write_text("12345678\n87654321\n")
    run = command("build", "--source", few, "--out", tmp_path / "out", "--cohort", file)
    assert "12345678" in run.stdout + run.stderr and "87654321" in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    assert run.code in (0, 1, 2)
    assert [*(tmp_path / "out").glob("patient_*")] == []


# Folders


def test_a_source_that_is_not_there_is_told(tmp_path, command):
    run = command("build", "--source", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert_told(run, str(tmp_path / "nowhere"), "--source")
    assert run.code in (1, 2)
    assert looks_unfinished(tmp_path / "out")


@pytest.mark.parametrize("content", [[], ["index.html"], ["other/data.csv", "photo.jpg"]], ids=str)
def test_a_source_without_any_dataset_is_told(content, tmp_path, command):
    source = tmp_path / "source"
    source.mkdir()
    for name in content:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("a,b\n1,2\n")
    run = command("build", "--source", source, "--out", tmp_path / "out")
    assert_told(run, str(source))
    assert run.code in (1, 2)
    assert looks_unfinished(tmp_path / "out")


def test_a_source_that_is_a_file_is_told(tmp_path, command):
    (tmp_path / "source").write_text("")
    run = command("build", "--source", tmp_path / "source", "--out", tmp_path / "out")
    assert_told(run, str(tmp_path / "source"))
    assert run.code in (1, 2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"thesis.docx": "mine"}, id="a file"),
        pytest.param({"patient_90000001/notes.txt": "mine"}, id="a folder named like ours"),
        pytest.param({"spreadsheets/budget.csv": "mine"}, id="spreadsheets of another kind"),
        pytest.param({"build.json": "{}", "a.txt": "mine"}, id="a build.json of another tool"),
        pytest.param({"build.json": "[1, 2]", "a.txt": "mine"}, id="a build.json that is a list"),
        pytest.param({".hidden": "mine"}, id="a hidden file"),
    ],
)
@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
def test_a_folder_that_is_no_build_of_ours_is_left_alone(content, force, few, tmp_path, command):
    for name, text in content.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    run = command("build", "--source", few, "--out", tmp_path, *force)
    assert_told(run, str(tmp_path))
    assert run.code in (1, 2)
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_text()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert found == content


def test_the_source_is_not_taken_for_out(few, copied, command, tools):
    source = copied(few)
    before = tools.tree_bytes(source, below=".*")
    run = command("build", "--source", source, "--out", source)
    assert run.code in (1, 2)
    assert_told(run)
    assert tools.tree_bytes(source, below=".*") == before


def test_out_that_is_a_file_is_told(few, tmp_path, command):
    (tmp_path / "out").write_text("mine")
    run = command("build", "--source", few, "--out", tmp_path / "out")
    assert_told(run, str(tmp_path / "out"))
    assert run.code in (1, 2)
    assert (tmp_path / "out").read_text() == "mine"


def test_out_may_be_an_empty_folder_or_a_new_one_deep_down(few, tmp_path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "new" / "and" / "deep"):
        mimiceye_duck.build(source=few, out=out)
        assert json.loads((out / "build.json").read_text())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_out_that_may_not_be_written_is_told(few, tmp_path, command):
    tmp_path.chmod(0o500)
    run = command("build", "--source", few, "--out", tmp_path / "out")
    tmp_path.chmod(0o700)
    assert_told(run, str(tmp_path / "out"))
    assert run.code == 1
