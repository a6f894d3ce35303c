"""Options: what a build is asked to do, and what is told when the words are wrong."""

import duckdb
import pytest

from mimiceye_duck.catalog.options.checking import (
    options,
    releases,
    spill_folder,
    window_seconds,
)
from mimiceye_duck.catalog.options.cohort_choice import subjects_of
from mimiceye_duck.core.errors import UsageError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine, reason


@pytest.mark.parametrize("name", ["file", "file/below/it"])
def test_a_file_is_no_folder_to_spill_into(name, tmp_path, command):
    (tmp_path / "file").touch()
    words = ("--source", tmp_path, "--out", tmp_path / "out", "--temp-dir", tmp_path / name)
    ran = command("build", *words)
    assert ran.code == 2 and not (tmp_path / "out").exists()
    assert "--temp-dir cannot be used" in ran.stderr and "file is not a folder" in ran.stderr


def test_where_nothing_can_be_spilled_no_table_is_at_fault(tmp_path):
    (tmp_path / "file").touch()
    database = Database.open(threads=1, memory_limit="20MB", temp_dir=tmp_path / "file")
    try:
        with pytest.raises(duckdb.Error) as caught:
            database.execute("create table t as select md5(range::text) from range(1000000)")
    finally:
        database.close()
    assert is_of_machine(caught.value) and "--temp-dir" in reason(caught.value)


def test_a_folder_to_spill_into_may_still_have_to_be_made(tmp_path):
    assert spill_folder(tmp_path / "new" / "spill") == tmp_path / "new" / "spill"
    assert spill_folder(None) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 604_800),
        ("36h", 129_600),
        ("90min", 5_400),
        ("30s", 30),
        ("0", 0),
        ("0d", 0),
        ("1.5h", 5_400),
        ("0.5s", 0.5),
        ("7 d", 604_800),
        (" 7d ", 604_800),
        ("10000d", 864_000_000),
    ],
)
def test_a_window_is_a_length_of_time(text, seconds):
    assert window_seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "-1d", "7w", "7dd", "7d12h", "1e3s", "7D5", "nan", "inf", "1,5h", ".5h", "7m"],
)
def test_what_is_no_length_of_time_is_refused_with_an_example(text):
    with pytest.raises(UsageError) as caught:
        window_seconds(text)
    assert f"'{text}'" in str(caught.value)
    assert "36h" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.fixture
def ids(tmp_path):
    def write(data):
        file = tmp_path / "my patients.csv"
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        return file

    return write


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("10000032\n10000048\n", id="one a line"),
        pytest.param("10000032\n10000048", id="no end of the last line"),
        pytest.param("10000032\r\n10000048\r\n", id="lines of Windows"),
        pytest.param("\n10000032\n\n  \n10000048\n\n", id="blank lines"),
        pytest.param(" 10000032 \n10000048\t\n", id="blanks around"),
        pytest.param("10000032\n10000048\n10000032\n", id="one twice"),
        pytest.param("subject_id\n10000032\n10000048\n", id="a column"),
        pytest.param("SUBJECT_ID\n10000032\n10000048\n", id="a column in capitals"),
        pytest.param("sex,subject_id\nF,10000032\nM,10000048\n", id="a later column"),
        pytest.param('"subject_id","note"\n"10000032","a,b"\n10000048,x\n', id="quoted"),
        pytest.param('subject_id,note\n10000032,"a\nb"\n10000048,x\n', id="cells of two lines"),
        pytest.param(b"\xef\xbb\xbfsubject_id\n10000032\n10000048\n", id="a mark of UTF-8"),
    ],
)
def test_a_cohort_file_is_a_list_of_patients(ids, text):
    assert subjects_of(ids(text)) == (10_000_032, 10_000_048)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        pytest.param("10000032\nsecret\n", 2, id="a word"),
        pytest.param("patient\n10000032\n", 1, id="another column"),
        pytest.param("subject_id\n10000032\nsecret\n", 3, id="a word below a header"),
        pytest.param("sex,subject_id\nF\n", 2, id="a short row"),
        pytest.param("subject_id,sex\n,secret\n", 2, id="an empty cell"),
        pytest.param("-5\n", 1, id="a negative number"),
        pytest.param("10000032.0\n", 1, id="a decimal"),
    ],
)
def test_a_record_that_names_nobody_is_told_by_its_number_not_its_value(ids, text, record):
    file = ids(text)
    with pytest.raises(UsageError) as caught:
        subjects_of(file)
    told = str(caught.value)
    assert f"record {record} " in told
    assert str(file) in told
    assert "secret" not in told and "10000032" not in told


@pytest.mark.parametrize("data", ["", "\n\n", "subject_id\n"])
def test_a_cohort_file_must_name_someone(ids, data):
    with pytest.raises(UsageError, match="names no patient"):
        subjects_of(ids(data))


@pytest.mark.parametrize("data", [b"\xff\xfe1\x000\x00", b"1000\xe9\n", b"10000032\x00\n"])
def test_a_cohort_file_that_is_no_text_is_refused(ids, data):
    with pytest.raises(UsageError) as caught:
        subjects_of(ids(data))
    assert "\\x" not in str(caught.value)


def test_the_defaults_are_those_of_the_specification():
    chosen = options()
    assert chosen.cohort == "eye"
    assert chosen.wanted is None
    assert chosen.window_seconds == 604_800
    assert chosen.link_rule == "within-or-after"
    assert chosen.as_published is False
    assert chosen.files == "copy"


@pytest.mark.parametrize("name", ["eye", "cxr", "all"])
def test_a_named_cohort_is_chosen_by_its_name(name):
    assert (options(cohort=name).cohort, options(cohort=name).wanted) == (name, None)


def test_a_file_is_a_cohort(ids):
    chosen = options(cohort=str(ids("10000032\n")))
    assert (chosen.cohort, chosen.wanted) == ("file", (10_000_032,))


def test_a_cohort_that_is_neither_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in ("eyes", "file", "", str(tmp_path)):
        with pytest.raises(UsageError) as caught:
            options(cohort=word)
        assert all(name in str(caught.value) for name in ("all", "cxr", "eye"))


@pytest.mark.parametrize(
    "rule", ["within-or-after", "closed", "egd-date", "nearest", "mimic-eye-1.0"]
)
def test_a_link_rule_is_chosen_by_its_published_name(rule):
    assert options(link_rule=rule).link_rule == rule


@pytest.mark.parametrize("rule", ["mimic_eye_1_0", "Closed", "within", ""])
def test_another_link_rule_is_refused_and_the_known_ones_listed(rule):
    if rule == "":
        # No word at all is the default.
        assert options(link_rule=rule).link_rule == "within-or-after"
        return
    with pytest.raises(UsageError) as caught:
        options(link_rule=rule)
    assert "mimic-eye-1.0" in str(caught.value)


@pytest.mark.parametrize("way", ["copy", "hardlink", "symlink", "none"])
def test_files_are_placed_in_one_of_four_ways(way):
    assert options(files=way).files == way


def test_another_way_to_place_files_is_refused():
    with pytest.raises(UsageError, match="hardlink"):
        options(files="move")


def test_as_published_links_as_published():
    assert options(as_published=True).link_rule == "mimic-eye-1.0"
    assert options(as_published=True, link_rule="mimic-eye-1.0").as_published
    with pytest.raises(UsageError, match=r"mimic-eye-1\.0"):
        options(as_published=True, link_rule="closed")


def test_releases_are_words_of_dataset_and_version():
    assert releases(["mimiciv=2.2", "egd-cxr=1.0.0"]) == {"mimiciv": "2.2", "egd-cxr": "1.0.0"}
    assert releases([]) == {}


@pytest.mark.parametrize("word", ["mimiciv", "mimiciv=", "=2.2", "", "mimiciv 2.2"])
def test_other_words_for_a_release_are_refused(word):
    with pytest.raises(UsageError) as caught:
        releases([word])
    assert f"'{word}'" in str(caught.value)
    assert "mimiciv=2.2" in str(caught.value)
