"""Finding the sources: whatever way they were downloaded, and what is told of broken ones."""

import gzip
import os
import re

import pytest

from mimiceye_duck.catalog.contracts.contract import version_key
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core.errors import UsageError, UserError
from mimiceye_duck.readers.discovery import find
from mimiceye_duck.readers.listing import list_files

SECRET = "SECRET-CELL"


def header(name, release=None):
    """The header of a table's file, as of a release."""
    releases = list(datasets()[contracts()[name].dataset].releases)
    columns = contracts()[name].file_columns
    last = releases.index(release) if release else len(releases)
    return ",".join(one.header for one in columns if releases.index(one.since) <= last)


def write(file, text):
    """A file, packed when its name says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


@pytest.fixture
def root(tmp_path):
    """A folder whose name has a blank and letters beyond ASCII."""
    folder = tmp_path / "Läs mich [1]"
    folder.mkdir()
    return folder


@pytest.fixture
def stays(root):
    """Write ED's stays below a folder of the given name."""

    def make(folder, name="edstays.csv.gz", text=None):
        text = header("mimiciv_ed.edstays") + "\n" if text is None else text
        return write(root / folder / "ed" / name, text)

    return make


def told(error):
    return str(error.value)


@pytest.mark.parametrize(
    ("folder", "release"),
    [
        ("physionet.org/files/mimic-iv-ed/2.2", "2.2"),
        ("files/mimic-iv-ed/2.2", "2.2"),
        ("mimic-iv-ed/2.0", "2.0"),
        ("mimic-iv-ed-2.2", "2.2"),
        ("physionet.org/files/mimic-iv-ed-demo/2.2", "2.2"),
        ("a/b/c/mimic-iv-ed-2.2/mimic-iv-ed-2.2", "2.2"),
        ("my downloads", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("name", ["edstays.csv", "edstays.csv.gz"])
def test_a_table_is_found_however_it_was_downloaded(root, stays, folder, release, name):
    file = stays(folder, name)
    source = find(root).get("mimiciv_ed.edstays")
    assert source.file == file
    assert source.file.is_absolute()
    assert source.release == release
    assert find(root).releases["mimic-iv-ed"].version == release


def test_the_source_may_be_the_release_itself(root, stays):
    file = stays("mimic-iv-ed/2.2")
    assert find(root / "mimic-iv-ed" / "2.2").get("mimiciv_ed.edstays").file == file


def test_a_relative_folder_is_made_absolute(root, stays, monkeypatch):
    file = stays("mimic-iv-ed/2.2")
    monkeypatch.chdir(root)
    here = type(root)(".")
    assert find(here).get("mimiciv_ed.edstays").file == file
    assert find(here).folder == root


def test_the_packed_file_is_read_when_both_are_there_and_that_is_said(root, stays):
    packed, _ = stays("mimic-iv-ed/2.2"), stays("mimic-iv-ed/2.2", "edstays.csv")
    found = find(root)
    assert found.get("mimiciv_ed.edstays").file == packed
    assert any("edstays.csv" in warning for warning in found.warnings)


def test_the_newest_release_is_used_and_the_others_are_named(root, stays):
    stays("mimic-iv-ed/2.0"), stays("mimic-iv-ed-2.2")
    found = find(root)
    assert found.releases["mimic-iv-ed"].version == "2.2"
    assert any("2.0" in warning and "--release" in warning for warning in found.warnings)


def test_the_release_that_is_asked_for_is_used(root, stays):
    stays("mimic-iv-ed/2.0"), stays("mimic-iv-ed-2.2")
    found = find(root, releases={"mimic-iv-ed": "2.0"})
    assert found.releases["mimic-iv-ed"].version == "2.0"
    assert found.get("mimiciv_ed.edstays").release == "2.0"


def test_the_full_dataset_is_used_before_the_demo_though_the_demo_is_newer(root, stays):
    stays("mimic-iv-ed/2.0"), stays("mimic-iv-ed-demo/2.2")
    chosen = find(root).releases["mimic-iv-ed"]
    assert (chosen.version, chosen.demo) == ("2.0", False)


@pytest.mark.parametrize("folder", ["mimic-iv-ed-demo/2.2", "mimic-iv-ed-demo-2.2"])
def test_a_demo_is_known_by_its_folder(root, stays, folder):
    stays(folder)
    chosen = find(root).releases["mimic-iv-ed"]
    assert chosen.demo
    assert "demo" in str(chosen)


def test_a_demo_can_be_asked_for_by_its_release(root, stays):
    stays("mimic-iv-ed/2.0"), stays("mimic-iv-ed-demo/2.2")
    assert find(root, releases={"mimic-iv-ed": "2.2"}).releases["mimic-iv-ed"].demo


def test_releases_are_ordered_by_their_numbers():
    versions = ["10.0", "2.2", None, "2.0.0", "3.1", "2.10", "2.0"]
    assert sorted(versions, key=version_key) == [None, "2.0", "2.0.0", "2.2", "2.10", "3.1", "10.0"]


def test_a_release_that_is_not_there_is_told_with_those_that_are(root, stays):
    stays("mimic-iv-ed/2.0"), stays("mimic-iv-ed/2.2")
    with pytest.raises(UserError) as caught:
        find(root, releases={"mimic-iv-ed": "1.0"})
    assert "1.0" in told(caught) and "2.0" in told(caught) and "2.2" in told(caught)


def test_a_dataset_that_nobody_knows_is_refused(root, stays):
    stays("mimic-iv-ed/2.2")
    with pytest.raises(UsageError) as caught:
        find(root, releases={"mimic-ed": "2.2"})
    assert "'mimic-ed'" in told(caught) and "mimic-iv-ed" in told(caught)


def patients(root, version):
    write(root / f"mimiciv/{version}/hosp/patients.csv.gz", header("mimiciv_hosp.patients") + "\n")


@pytest.mark.parametrize(
    ("ed", "iv", "warned"),
    [
        ("2.2", "2.0", True),
        ("2.0", "2.2", True),
        ("2.0", "3.1", True),
        ("2.2", "2.1", True),
        ("2.0", "2.0", False),
        ("2.2", "2.2", False),
        ("2.2", "3.0", False),
        ("2.2", "3.1", False),
    ],
)
def test_releases_that_do_not_match_give_a_warning(root, stays, ed, iv, warned):
    stays(f"mimic-iv-ed/{ed}"), patients(root, iv)
    warnings = find(root).warnings
    about = [one for one in warnings if ed in one and iv in one and "belong" in one]
    assert len(about) == warned
    assert all("without admissions" in one for one in about)


def test_what_is_absent_is_known(root, stays):
    stays("mimic-iv-ed/2.2")
    absent = [dataset.key for dataset in find(root).absent]
    assert absent == [key for key in datasets() if key != "mimic-iv-ed"]
    assert find(root).get("mimiciv_hosp.patients") is None


def test_tables_are_skipped_by_either_name(root, stays):
    stays("mimic-iv-ed/2.2")
    write(root / "mimic-iv-ed/2.2/ed/triage.csv", header("mimiciv_ed.triage") + "\n")
    for word in ("triage", "mimiciv_ed.triage"):
        found = find(root, skip=[word])
        assert found.get("mimiciv_ed.triage") is None
        assert found.get("mimiciv_ed.edstays")
        assert found.skipped == ("mimiciv_ed.triage",)


def test_a_name_of_two_tables_skips_both(root, stays):
    stays("mimic-iv-ed/2.2")
    assert find(root, skip=["fixations"]).skipped == ("eye_gaze.fixations", "reflacx.fixations")


def test_a_broken_table_can_be_skipped(root, stays):
    stays("mimic-iv-ed/2.2")
    write(root / "mimic-iv-ed/2.2/ed/triage.csv", "")
    with pytest.raises(UserError):
        find(root)
    assert find(root, skip=["triage"]).get("mimiciv_ed.edstays")


def test_a_table_that_nobody_knows_is_not_skipped(root, stays):
    stays("mimic-iv-ed/2.2")
    with pytest.raises(UsageError) as caught:
        find(root, skip=["chartevent"])
    assert "'chartevent'" in told(caught) and "chartevents" in told(caught)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError) as caught:
        find(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in told(caught)


def test_a_folder_without_any_dataset(root):
    write(root / "notes.csv", "a,b\n1,2\n")
    with pytest.raises(UserError) as caught:
        find(root)
    assert str(root) in told(caught)
    assert all(dataset.title in told(caught) for dataset in datasets().values())


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        pytest.param("edstays.csv", "", "empty", id="empty"),
        pytest.param("edstays.csv.gz", b"", "empty", id="empty and packed"),
        pytest.param("edstays.csv", "<!DOCTYPE html>\n<html></html>", "web page", id="a web page"),
        pytest.param("edstays.csv.gz", "<html>\nlog in", "web page", id="a packed web page"),
        pytest.param("edstays.csv", b"subject_id,\xff\xfe\n", "UTF-8", id="not UTF-8"),
    ],
)
def test_a_file_that_is_no_table(root, stays, name, data, words):
    file = stays("mimic-iv-ed/2.2", name, data)
    with pytest.raises(UserError) as caught:
        find(root)
    assert "mimiciv_ed.edstays" in told(caught)
    assert words in told(caught)
    assert str(file) in told(caught)
    assert caught.value.exit_code == 1


def test_a_file_that_is_not_packed_though_its_name_says_so(root):
    file = root / "mimic-iv-ed/2.2/ed/edstays.csv.gz"
    file.parent.mkdir(parents=True)
    file.write_text(header("mimiciv_ed.edstays") + "\n")
    with pytest.raises(UserError, match="is not gzip"):
        find(root)


def test_a_packed_file_that_is_cut_short(root, stays):
    file = stays("mimic-iv-ed/2.2")
    file.write_bytes(file.read_bytes()[:30])
    with pytest.raises(UserError, match="cut short"):
        find(root)


def test_a_column_that_is_missing_is_told_with_what_was_found(root, stays):
    text = header("mimiciv_ed.edstays").replace("outtime", "out_time") + f"\n{SECRET}\n"
    stays("mimic-iv-ed/2.2", "edstays.csv", text)
    with pytest.raises(UserError) as caught:
        find(root)
    message = told(caught)
    assert re.search("mimiciv_ed.edstays:? has no column 'outtime'", message)
    assert "edstays.odcs.yaml" in message
    assert "did you mean 'out_time'?" in message
    assert "stay_id, intime, out_time" in message
    assert SECRET not in message


def test_all_problems_are_told_together(root, stays):
    stays("mimic-iv-ed/2.2", "edstays.csv", "subject_id,stay_id\n")
    write(root / "mimic-iv-ed/2.2/ed/triage.csv", "")
    write(root / "mimiciv/2.2/hosp/patients.csv", "<html>")
    with pytest.raises(UserError) as caught:
        find(root)
    message = told(caught)
    assert re.search("mimiciv_ed.triage:? is empty", message)
    assert re.search("mimiciv_hosp.patients:? is a web page", message)
    for column in ("intime", "outtime", "gender", "race", "arrival_transport", "disposition"):
        assert f"no column '{column}'" in message


def test_a_column_that_stands_twice_is_told(root, stays):
    stays("mimic-iv-ed/2.2", "edstays.csv", header("mimiciv_ed.edstays") + ",Race\n")
    with pytest.raises(UserError, match="'race' twice"):
        find(root)


def test_columns_are_bound_by_name_whatever_case_and_order(root, stays):
    names = [" " + one.upper() for one in reversed(header("mimiciv_ed.edstays").split(","))]
    stays("mimic-iv-ed/2.2", "edstays.csv", ",".join(names) + "\n")
    found = find(root).get("mimiciv_ed.edstays").found()
    assert [(column.name, spelled) for column, spelled in found] == [
        (name, name.upper()) for name in header("mimiciv_ed.edstays").split(",")
    ]


def test_a_mark_of_utf_8_is_no_part_of_the_first_column(root, stays):
    stays("mimic-iv-ed/2.2", "edstays.csv", "\ufeff" + header("mimiciv_ed.edstays") + "\n")
    assert find(root).get("mimiciv_ed.edstays").header[0] == "subject_id"


def test_a_column_more_is_kept_and_told(root, stays):
    stays("mimic-iv-ed/2.2", "edstays.csv", header("mimiciv_ed.edstays") + ",extra\n")
    found = find(root)
    assert found.get("mimiciv_ed.edstays").header[-1] == "extra"
    assert any("extra" in warning and "mimiciv_ed.edstays" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("version", "columns", "missing"),
    [
        ("2.0", "2.0", False),
        ("2.1", "2.0", False),
        ("2.2", "2.2", False),
        ("2.2", "2.0", True),
        ("3.1", "2.0", True),
    ],
)
def test_a_column_may_be_missing_in_releases_before_it(root, version, columns, missing):
    name = "mimiciv_hosp.admissions"
    write(root / f"mimiciv/{version}/hosp/admissions.csv.gz", header(name, columns) + "\n")
    if missing:
        with pytest.raises(UserError, match="no column 'admit_provider_id'"):
            find(root)
        return
    found = {column.name: spelled for column, spelled in find(root).get(name).found()}
    assert (found["admit_provider_id"] is None) == (columns == "2.0")
    assert found["hadm_id"] == "hadm_id"


def test_of_an_unknown_release_the_first_columns_suffice(root):
    name = "mimiciv_hosp.admissions"
    write(root / "downloads/hosp/admissions.csv.gz", header(name, "2.0") + "\n")
    assert find(root).get(name).release is None


@pytest.mark.parametrize("folder", ["thesis-1.0", "my-mimic-0.9", "data-2023.1"])
def test_a_number_that_is_no_release_excuses_no_column(root, stays, folder):
    text = header("mimiciv_ed.edstays")
    stays(folder, text=text.replace("subject_id", "subject").replace("outtime", "out_time") + "\n")
    with pytest.raises(UserError) as caught:
        find(root)
    assert "no column 'subject_id'" in told(caught) and "no column 'outtime'" in told(caught)


def test_a_number_that_is_no_release_excuses_no_table(root, stays):
    stays("thesis-1.0")
    assert "mimiciv_ed.triage" in find(root).absent_tables


def test_a_release_that_is_known_is_used_before_a_number_that_is_none(root, stays):
    stays("mimic-iv-ed/2.2"), stays("thesis-9.1")
    found = find(root)
    assert found.get("mimiciv_ed.edstays").release == "2.2"
    assert any("9.1" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "folder",
    ["s3", "p1", "p10", "p10000001", "patient_1", "P102R000001", "gaze_data", "s3/p10/gaze_data"],
)
def test_a_download_is_found_in_a_folder_that_is_called_like_one_of_a_file_set(root, stays, folder):
    file = stays(f"{folder}/mimic-iv-ed/2.2")
    assert find(root).get("mimiciv_ed.edstays").file == file


def test_nobody_waits_until_the_files_of_sets_are_listed(root, stays, monkeypatch):
    stays("mimic-iv-ed/2.2")
    image = "-".join(["0a1b2c3d"] * 5)
    sets = [
        "mimic-cxr-jpg/2.0.0/files/p10",
        "mimic-cxr-reports/p10",
        "mimic-cxr-jpg-2.0.0/p10/p10000001",
        "reflacx/main_data/P102R000001",
        "reflacx/gaze_data/P102R000001",
        f"egd-cxr/audio_segmentation_transcripts/{image}",
        "mimic-eye/patient_90000001/ED",
        "mimic-eye/spreadsheets/ED",
    ]
    for folder in sets:
        write(root / folder / "below" / "edstays.csv", "")
    seen, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: seen.append(str(folder)) or scandir(folder))
    find(root)
    assert not {str(root / folder) for folder in sets} & set(seen)
    assert str(root / "mimic-eye" / "patient_90000001") in seen


def test_leftovers_of_a_download_are_no_tables(root, stays):
    stays("mimic-iv-ed/2.2")
    for name in (
        "index.html",
        "robots.txt",
        "ed/index.html",
        "ed/edstays.csv.tmp",
        "ed/._edstays.csv",
    ):
        write(root / "mimic-iv-ed/2.2" / name, "<html>")
    found = find(root)
    assert list(found.tables) == ["mimiciv_ed.edstays"]
    assert found.warnings == ()


@pytest.mark.parametrize("names", [["mimiceye.duckdb", "build.json"], [".mimiceye-duck/tree/x"]])
def test_a_build_of_ours_below_the_source_is_no_source(root, stays, names):
    stays("mimic-iv-ed/2.0")
    for name in names:
        write(root / "OUT" / name, "")
    stays("OUT/source/mimic-iv-ed/2.2")
    assert find(root).releases["mimic-iv-ed"].version == "2.0"


def test_a_build_in_which_nothing_was_looked_for_is_named(root, stays):
    for name in ("mimiceye.duckdb", "build.json"):
        write(root / "OUT" / name, "")
    stays("OUT/source/mimic-iv-ed/2.2")
    with pytest.raises(UserError, match="is a build's") as caught:
        find(root)
    assert str(root / "OUT") in told(caught)


def test_a_database_of_attach_hides_no_release(root, stays):
    file = stays("mimic-iv-ed/2.2")
    write(root / "mimic-iv-ed/2.2/mimiceye.duckdb", "")
    assert find(root).get("mimiciv_ed.edstays").file == file


def test_the_source_may_lie_in_a_build_of_ours(root, stays):
    for name in ("mimiceye.duckdb", "build.json"):
        write(root / "OUT" / name, "")
    stays("OUT/source/mimic-iv-ed/2.2")
    assert find(root / "OUT" / "source").releases["mimic-iv-ed"].version == "2.2"


def test_a_link_that_leads_back_ends_somewhere(root, stays):
    stays("mimic-iv-ed/2.2")
    try:
        os.symlink(root, root / "mimic-iv-ed" / "again", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    assert list(find(root).tables) == ["mimiciv_ed.edstays"]


def test_a_link_to_a_download_is_followed(root, stays, tmp_path):
    stays("elsewhere/mimic-iv-ed/2.2")
    here = tmp_path / "here"
    here.mkdir()
    try:
        os.symlink(
            root / "elsewhere" / "mimic-iv-ed", here / "mimic-iv-ed", target_is_directory=True
        )
    except OSError:
        pytest.skip("no links here")
    assert find(here).get("mimiciv_ed.edstays").release == "2.2"


def test_sources_are_found_in_one_folder_each_their_own_way(root, stays):
    stays("physionet.org/files/mimic-iv-ed/2.2")
    patients(root, "3.1")
    jpg = root / "mimic-cxr-jpg-2.1.0"
    write(jpg / "mimic-cxr-2.0.0-metadata.csv.gz", header("mimic_cxr_jpg.metadata") + "\n")
    egd = root / "eye-gaze-data-for-chest-x-rays-1.0.0"
    write(egd / "master_sheet.csv", header("eye_gaze.master_sheet") + "\n")
    write(egd / "eye_gaze.csv", header("eye_gaze.eye_gaze") + "\n")
    reflacx = root / "reflacx-xray-localization/1.0.0"
    for phase in (1, 2, 3):
        name = f"metadata_phase_{phase}"
        write(reflacx / f"main_data/{name}.csv", header(f"reflacx.{name}") + "\r\n")
    found = find(root)
    assert {key: release.version for key, release in found.releases.items()} == {
        "mimiciv": "3.1",
        "mimic-iv-ed": "2.2",
        "mimic-cxr-jpg": "2.1.0",
        "reflacx-xray-localization": "1.0.0",
        "egd-cxr": "1.0.0",
    }
    assert set(found.tables) >= {
        "mimiciv_ed.edstays",
        "mimiciv_hosp.patients",
        "mimic_cxr_jpg.metadata",
        "eye_gaze.master_sheet",
        "eye_gaze.eye_gaze",
        *(f"reflacx.metadata_phase_{phase}" for phase in (1, 2, 3)),
    }
    assert found.warnings == ()


def test_reports_are_found_packed_or_unpacked(root, stays):
    stays("mimic-iv-ed/2.2")
    archive = write(root / "mimic-cxr-reports.zip", "")
    found = find(root)
    assert found.archives == (archive,)
    assert "mimic-cxr" in found.releases

    loose = root / "mimic-cxr/2.0.0/files/p10/p10000001/s50000001.txt"
    write(loose, "FINAL REPORT")
    assert find(root).get("mimic_cxr.reports").folders == (loose.parents[2],)


@pytest.mark.parametrize("ending", [".zip", ".ZIP", ".tar.gz", ".tgz", ".tar"])
def test_reports_may_be_packed_in_any_of_these_ways(root, stays, ending):
    stays("mimic-iv-ed/2.2")
    archive = write(root / f"mimic-cxr-reports{ending}", b"")
    assert find(root).archives == (archive,)


@pytest.mark.skipif(os.name == "nt", reason="its names are no bytes")
@pytest.mark.parametrize(
    "name", ["mimic-cxr-reports/p10/p10000001/s50000001.txt", "mimic-cxr-reports.zip"]
)
def test_a_place_of_reports_that_is_no_utf_8_is_told(root, stays, name):
    stays("mimic-iv-ed/2.2")
    write(root / os.fsdecode(b"a\xff") / name, b"")
    with pytest.raises(UserError, match="mimic_cxr.reports has bytes that are not UTF-8"):
        find(root)
    assert find(root, skip=["reports"]).get("mimiciv_ed.edstays")


@pytest.mark.parametrize("top", ["mimic-cxr-reports/files", "mimic-cxr-reports"])
def test_reports_may_be_unpacked_with_or_without_their_top_folder(root, stays, top):
    stays("mimic-iv-ed/2.2")
    write(root / top / "p10/p10000001/s50000001.txt", "FINAL REPORT")
    assert find(root).get("mimic_cxr.reports").folders == (root / top,)


def test_folders_that_hold_nothing_are_not_looked_through(tmp_path):
    for name in ("full/edstays", "empty/empty"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "full/edstays/edstays-00000.csv").touch()
    found = {folder.relative_to(tmp_path).as_posix() for folder in list_files(tmp_path).files}
    assert found == {".", "full", "full/edstays", "empty"}
