"""However the sources were downloaded, unpacked or named, the same build comes of them."""

import contextlib
import csv
import gzip
import io
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

import mimiceye_duck

ZIP_NAMES = {
    "mimiciv": "mimic-iv-{}",
    "mimic-iv-ed": "mimic-iv-ed-{}",
    "mimic-cxr": "mimic-cxr-{}",
    "mimic-cxr-jpg": "mimic-cxr-jpg-{}",
    "reflacx-xray-localization": (
        "reflacx-reports-and-eye-tracking-data-for-localization-of-abnormalities-in-chest-x-rays-{}"
    ),
    "egd-cxr": "eye-gaze-data-for-chest-x-rays-{}",
}
DATASETS = [*ZIP_NAMES]


def releases(source: Path) -> list[Path]:
    """The folder of each dataset's release in a `wget -r` tree."""
    return [folder for folder in source.glob("physionet.org/files/*/*") if folder.is_dir()]


def without_physionet(source: Path) -> None:
    for dataset in [*source.glob("physionet.org/files/*")]:
        dataset.rename(source / dataset.name)
    shutil.rmtree(source / "physionet.org")


def one_folder_down(source: Path) -> None:
    (source / "physionet.org").rename(source.parent / "physionet.org")
    (source / "disk 2" / "downloads").mkdir(parents=True)
    (source.parent / "physionet.org").rename(source / "disk 2" / "downloads" / "physionet.org")


def unzipped(source: Path) -> None:
    for release in releases(source):
        release.rename(source / ZIP_NAMES[release.parent.name].format(release.name))
    shutil.rmtree(source / "physionet.org")


def gunzipped(source: Path) -> None:
    for file in [*source.rglob("*.csv.gz")]:
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()


def half_gunzipped(source: Path) -> None:
    for file in sorted(source.rglob("*.csv.gz"))[::2]:
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()


def gzipped(source: Path) -> None:
    for name in ("egd-cxr/1.0.0/*.csv", "reflacx-xray-localization/1.0.0/main_data/*.csv"):
        for file in [*source.rglob(name)]:
            Path(f"{file}.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()


def both_csv_and_gz(source: Path) -> None:
    for file in [*source.rglob("*.csv.gz")]:
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))


def without_version(source: Path) -> None:
    """`wget -nH --cut-dirs`: each dataset's content, in a folder that tells no release."""
    for release in releases(source):
        release.rename(source / release.parent.name)
    shutil.rmtree(source / "physionet.org")


def mixed(source: Path) -> None:
    """Each dataset in another way: wget tree, unzipped, without release, gunzipped."""
    by_name = {release.parent.name: release for release in releases(source)}
    by_name["mimiciv"].rename(source / "mimic-iv-2.2")
    by_name["mimic-iv-ed"].rename(source / "ed download")
    by_name["egd-cxr"].rename(source / "eye-gaze-data-for-chest-x-rays-1.0.0")
    for file in [*source.rglob("ed/*.csv.gz")]:
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()


def crlf(source: Path) -> None:
    """As some tools on Windows save a table."""
    for file in [*source.rglob("hosp/admissions.csv.gz"), *source.rglob("ed/edstays.csv.gz")]:
        text = gzip.decompress(file.read_bytes()).replace(b"\n", b"\r\n")
        file.with_suffix("").write_bytes(text)
        file.unlink()


def in_parts(source: Path) -> None:
    for file in [*source.rglob("hosp/*.csv.gz")]:
        header, *records = records_of(file)
        third = len(records) // 3 + 1
        for number in range(3):
            written = io.StringIO()
            some = records[number * third : (number + 1) * third]
            csv.writer(written, lineterminator="\n").writerows([header, *some])
            part = file.with_name(f"{file.name.removesuffix('.csv.gz')}-{number:012}.csv.gz")
            part.write_bytes(gzip.compress(written.getvalue().encode()))
        file.unlink()


def records_of(file: Path) -> list[list[str]]:
    text = gzip.decompress(file.read_bytes()).decode()
    return [*csv.reader(io.StringIO(text, newline=""))]


def parquet(source: Path) -> None:
    for file in [*source.rglob("ed/*.csv.gz"), *source.rglob("*-chexpert.csv.gz")]:
        header, *records = records_of(file)
        columns = [[record[n] for record in records] for n in range(len(header))]
        table = pyarrow.table(dict(zip(header, columns, strict=True)))
        pyarrow.parquet.write_table(table, f"{str(file).removesuffix('.csv.gz')}.parquet")
        file.unlink()


def flat(source: Path) -> None:
    for folder in [*source.rglob("icu"), *source.rglob("hosp"), *source.rglob("ed")]:
        for file in [*folder.iterdir()]:
            file.rename(folder.parent / file.name)
        folder.rmdir()


def capital_endings(source: Path) -> None:
    for file in [*source.rglob("*.csv.gz")]:
        file.rename(file.with_name(file.name.replace(".csv.gz", ".CSV.GZ")))
    for number, file in enumerate(sorted(source.rglob("*.jpg"))):
        file.rename(file.with_suffix((".JPG", ".jpeg", ".JPEG")[number % 3]))


def zeros_after_the_end(source: Path) -> None:
    for file in [*source.rglob("*.csv.gz")]:
        file.write_bytes(file.read_bytes() + bytes(1024 - file.stat().st_size % 512))


def leftovers_everywhere(source: Path) -> None:
    for folder, _, _ in os.walk(source):
        for name in ("index.html", ".DS_Store", "robots.txt.tmp"):
            Path(folder, name).write_bytes(b"<html></html>")
    for file in [*source.rglob("hosp/*.csv.gz")]:
        for end in (".1", ".part", ".bak"):
            Path(f"{file}{end}").write_bytes(b"half")
        file.with_name(f"._{file.name}").write_bytes(b"\x00\x05\x16\x07")


def reports_of(source: Path) -> Path:
    return next(source.rglob("mimic-cxr-reports.zip"))


def loose_reports_only(source: Path) -> None:
    reports_of(source).unlink()


def drop_loose_reports(source: Path) -> None:
    for report in [*source.rglob("mimic-cxr/*/files/**/s*.txt")]:
        report.unlink()


def tarred_reports_only(source: Path) -> None:
    drop_loose_reports(source)
    packed = reports_of(source)
    with zipfile.ZipFile(packed) as reports:
        reports.extractall(source.parent / "reports")
    with tarfile.open(packed.with_name("mimic-cxr-reports.tar.gz"), "w:gz") as archive:
        archive.add(source.parent / "reports" / "files", "files")
    packed.unlink()


def zipped_without_files(source: Path) -> None:
    drop_loose_reports(source)
    packed = reports_of(source)
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(packed.with_suffix(".new"), "w") as new:
        for name in old.namelist():
            new.writestr(name.removeprefix("files/"), old.read(name))
    packed.with_suffix(".new").replace(packed)


def reports_in_their_own_folder(source: Path) -> None:
    drop_loose_reports(source)
    packed = reports_of(source)
    with zipfile.ZipFile(packed) as reports:
        reports.extractall(packed.parent / "mimic-cxr-reports")
    packed.unlink()


def reports_as_mimic_eye_had_them(source: Path) -> None:
    """`physionet.org/files/mimic-cxr-reports/p1X/...`"""
    drop_loose_reports(source)
    packed = reports_of(source)
    with zipfile.ZipFile(packed) as reports:
        reports.extractall(source.parent / "reports")
    packed.unlink()
    (source.parent / "reports" / "files").rename(source / "physionet.org/files/mimic-cxr-reports")


LAYOUTS = {
    "no physionet.org, gunzipped": [without_physionet, gunzipped],
    "one folder down, half gunzipped": [one_folder_down, half_gunzipped],
    "unzipped, all gzipped": [unzipped, gzipped],
    "without release, leftovers": [without_version, leftovers_everywhere],
    "mixed, CRLF": [mixed, crlf],
    "csv beside csv.gz": [both_csv_and_gz],
    "in parts": [in_parts],
    "Parquet": [parquet],
    "zeros after the end": [zeros_after_the_end],
    "flat": [flat],
    "endings in capitals": [capital_endings],
    "loose reports": [loose_reports_only],
    "reports in tar.gz": [tarred_reports_only],
    "reports in zip without files/": [zipped_without_files],
    "reports in their own folder": [reports_in_their_own_folder],
    "reports beside the datasets": [reports_as_mimic_eye_had_them],
}


LEFTOVERS = [
    "index.html",
    "index.html.1",
    "index.html?C=M;O=A",
    ".DS_Store",
    "robots.txt",
    "robots.txt.tmp",
    "Thumbs.db",
    ".listing",
]


def leave_beside_files(source: Path, tools: Any) -> None:
    for folder in {file.parent for file in tools.source(source).placed_files().values()}:
        for name in LEFTOVERS:
            (folder / name).write_text("left over")


# A build of a source that has several of them shows that each is read: what they change is apart.
TOGETHER = [
    ("no physionet.org, gunzipped", "loose reports"),
    ("one folder down, half gunzipped", "reports in tar.gz"),
    ("unzipped, all gzipped", "reports in zip without files/"),
    ("without release, leftovers", "reports in their own folder"),
    ("csv beside csv.gz", "mixed, CRLF", "reports beside the datasets"),
    ("in parts", "Parquet", "zeros after the end"),
    ("flat", "endings in capitals"),
]
assert sorted(sum(TOGETHER, ())) == sorted(LAYOUTS)


@pytest.fixture(scope="session")
def laid_out(lean, tools, shared) -> Callable[[str], Path]:
    """A build of a source that has this layout and others; in the first, files lie beside."""

    def find(layout: str) -> Path:
        [names] = [names for names in TOGETHER if layout in names]

        def build(folder: Path) -> Path:
            source = Path(shutil.copytree(lean, folder / "here" / "source"))
            if names == TOGETHER[0]:
                leave_beside_files(source, tools)
            for change in (change for name in names for change in LAYOUTS[name]):
                change(source)
            mimiceye_duck.build(source=source, out=folder / "out")
            return folder / "out"

        return Path(shared.make("layout", names, build))

    return find


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_gives_the_same_build(layout, lean, laid_out, built, tools):
    wanted = tools.tree_bytes(built(lean))
    assert any("/CXR-DICOM/" in path for path in wanted)
    assert tools.difference(tools.tree_bytes(laid_out(layout)), wanted) == []


def test_leftovers_beside_the_files_stay_where_they_are(lean, laid_out, tools, built):
    out = laid_out(TOGETHER[0][0])
    strays = {path.name for path in out.rglob("*")} & set(LEFTOVERS)
    assert strays == set()
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(built(lean))) == []


@pytest.mark.parametrize(
    "name",
    [
        "it's [x] {y} (z), 100 % #1 & $HOME",
        "Grüße 心電図/" + "d" * 120 + "/" + "e" * 120,
    ],
    ids=["signs", "long and not ASCII"],
)
def test_any_path_will_do(name, lean, copied, tmp_path, built, tools):
    source = copied(lean, name)
    out = tmp_path / "built" / name
    mimiceye_duck.build(source=source, out=out)
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(built(lean))) == []
    counts = tools.query(out, "select count(*) from mimiciv_hosp.labevents")
    assert counts == [(len(tools.source(source).table("Hosp/labevents").rows),)]


@pytest.fixture(scope="session")
def of_a_zip(lean, shared) -> Path:
    """A build of paths from the working folder; of the reports there is the zip alone."""

    def build(folder: Path) -> Path:
        drop_loose_reports(Path(shutil.copytree(lean, folder / "source")))
        with contextlib.chdir(folder):
            mimiceye_duck.build(source="source", out="out")
        return folder / "out"

    return Path(shared.make("zip", (), build))


def test_a_path_from_the_working_folder_will_do(lean, of_a_zip, built, tools, monkeypatch):
    monkeypatch.chdir("/")
    assert tools.difference(tools.tree_bytes(of_a_zip), tools.tree_bytes(built(lean))) == []
    assert tools.query(of_a_zip, "select count(*) > 0 from mimiciv_ed.edstays") == [(True,)]


def test_reports_in_a_zip_are_copied_and_in_the_database(lean, of_a_zip, built, tools):
    view = tools.source(lean)
    reports = {file.stem[1:]: file.read_text() for file in view.root.rglob("mimic-cxr/*/**/s*.txt")}
    found = tools.query(of_a_zip, "select study_id::varchar, text from mimic_cxr.reports")
    assert dict(found) == reports
    wanted = tools.tree_bytes(built(lean))
    assert tools.difference(tools.tree_bytes(of_a_zip), wanted) == []
    others = {path.name for path in of_a_zip.iterdir()} - {
        "mimiceye.duckdb",
        "manifest.parquet",
        "README.txt",
        "build.json",
        "spreadsheets",
        "report.html",
    }
    for name in others:
        assert (
            name.startswith("patient_")
            or name.endswith(".parquet")
            or all(
                path.suffix == ".parquet" for path in (of_a_zip / name).rglob("*") if path.is_file()
            )
        ), name


# Headers


def rewritten(file: Path, tools: Any, change: Callable[[list[str]], list[str]]) -> None:
    """The file with its columns as `change` orders and spells their names."""
    table = tools.read_csv(file)
    names = change(table.header)
    places = [[name.lower() for name in table.header].index(name.lower()) for name in names]
    rows = [[row[place] for place in places] for row in table.rows]
    text = tools.csv_bytes(tools.table(names, rows))
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)


MANY = [
    "Hosp/patients",
    "Hosp/admissions",
    "Hosp/labevents",
    "ICU/icustays",
    "ED/edstays",
    "ED/triage",
    "CXR-JPG/cxr_chexpert",
    "CXR-JPG/cxr_split",
    "EyeGaze/bounding_boxes",
]


def brand_new(source: Path, tools: Any) -> None:
    """A column that no contract knows, in front of the others."""
    file = tools.source(source).file("ED/triage")
    table = tools.read_csv(file)
    rows = [[f"new {at}", *row] for at, row in enumerate(table.rows)]
    content = tools.csv_bytes(tools.table(["brand new", *table.header], rows))
    file.write_bytes(gzip.compress(content))


def reverse(names: list[str]) -> list[str]:
    return names[::-1]


def title(names: list[str]) -> list[str]:
    return [name.title() for name in sorted(names)]


COLUMNS = {"reversed": reverse, "sorted, in title case": title}


@pytest.fixture(scope="session")
def of_columns(lean, tools, shared) -> Callable[[str], tuple[Path, Path]]:
    """A source of which the columns of many tables are changed, and a build of it."""

    def find(name: str) -> tuple[Path, Path]:
        def build(folder: Path) -> tuple[Path, Path]:
            source = Path(shutil.copytree(lean, folder / "source"))
            for table in MANY:
                rewritten(tools.source(source).file(table), tools, COLUMNS[name])
            if name == "reversed":
                rewritten(tools.source(source).file("CXR-JPG/cxr_metadata"), tools, reverse)
                brand_new(source, tools)
            mimiceye_duck.build(source=source, out=folder / "out")
            return source, folder / "out"

        return shared.make("columns", name, build)

    return find


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_bound_by_name_and_written_as_the_source_has_them(
    name, lean, of_columns, built, tools
):
    (_, out), change = of_columns(name), COLUMNS[name]
    # The two tests below say how these are.
    apart = r".*/(cxr_meta(_with_stay_id_only)?|triage).csv" if name == "reversed" else ""
    for path, table in tools.source(lean).csv_tree("eye").items():
        names = (
            change(table.header)
            if path.split("/", 1)[1].removesuffix(".csv") in MANY
            else table.header
        )
        lower = [name.lower() for name in table.header]
        rows = [[row[lower.index(name.lower())] for name in names] for row in table.rows]
        if not path.endswith("REFLACX/metadata.csv") and not re.fullmatch(apart, path):
            wanted = tools.csv_bytes(tools.table(names, rows))
            assert (out / path).read_bytes() == wanted, path
    sql = "select * exclude (study_at) from links.cxr_stay order by all"
    assert tools.query(out, sql) == tools.query(built(lean), sql)


def test_metadata_columns_keep_the_order_the_source_has(of_columns, tools):
    source, out = of_columns("reversed")
    wanted = tools.source(source).csv_tree("eye")
    paths = [path for path in wanted if "cxr_meta" in path]
    assert {path for path in paths if path.startswith("spreadsheets/")} == {
        "spreadsheets/cxr_meta.csv",
        "spreadsheets/cxr_meta_with_stay_id_only.csv",
    }
    for path in paths:
        assert (out / path).read_bytes() == tools.csv_bytes(wanted[path])


def test_a_column_that_no_contract_knows_goes_through(lean, of_columns, tools):
    source, out = of_columns("reversed")
    header = tools.source(lean).table("ED/triage").header
    wanted = tools.source(source).csv_tree("eye")
    paths = [path for path in wanted if path.endswith("triage.csv")]
    assert len(paths) > 1
    for path in paths:
        assert wanted[path].header == ["brand new", *header[::-1]]
        assert (out / path).read_bytes() == tools.csv_bytes(wanted[path])


# Releases


@pytest.mark.parametrize("release", ["2.0", "3.1"])
def test_each_release_is_written_with_the_columns_it_has(release, made_up, tools, ran):
    source = made_up(release=release)
    out, run = ran(source, cohort="all")
    assert f"MIMIC-IV {release}" in run.stdout + run.stderr
    wanted = tools.source(source).csv_tree("all")
    differing = [
        path
        for path, table in wanted.items()
        if not path.endswith("REFLACX/metadata.csv")
        and (out / path).read_bytes() != tools.csv_bytes(table)
    ]
    assert differing == []
    with_provider = "order_provider_id" in wanted["patient_90000001/Hosp/labevents.csv"].header
    assert with_provider == (release != "2.0")
    column = "select count(*), count(order_provider_id) from mimiciv_hosp.labevents"
    rows, named = tools.query(out, column)[0]
    assert rows > 0 and (named > 0) == (release != "2.0")
    assert (out / "spreadsheets/Hosp/provider.csv").exists() == (release != "2.0")


@pytest.fixture
def two_releases(made_up, copied) -> Path:
    """MIMIC-IV 2.2 and 3.1 beside each other, with rows of their own."""
    source = copied(made_up())
    other = next(made_up(release="3.1").glob("physionet.org/files/mimiciv"))
    shutil.copytree(other, source / "physionet.org/files/mimiciv", dirs_exist_ok=True)
    return source


@pytest.mark.parametrize(
    ("words", "used"),
    [
        pytest.param([], "3.1", id="newest"),
        pytest.param(["--release", "mimiciv=2.2"], "2.2", id="older, asked for"),
    ],
)
def test_of_two_releases_the_newest_or_the_one_asked_for_is_used(
    words, used, two_releases, tmp_path, command, tools
):
    out = tmp_path / "out"
    run = command("build", "--source", two_releases, "--out", out, "--files", "none", *words)
    assert run.code == 0, run.stderr
    assert f"MIMIC-IV {used}" in run.stdout + run.stderr
    table = next(two_releases.glob(f"physionet.org/files/mimiciv/{used}/hosp/patients.csv.gz"))
    other = next(
        two_releases.glob(
            f"physionet.org/files/mimiciv/{'2.2' if used == '3.1' else '3.1'}/hosp/provider.csv.gz"
        )
    )
    expected = gzip.decompress(table.read_bytes())
    assert (out / "spreadsheets/Hosp/patients.csv").read_bytes() == expected
    admissions = gzip.decompress(table.with_name("admissions.csv.gz").read_bytes()).splitlines()
    found = next(out.glob("patient_*/Hosp/admissions.csv")).read_bytes().splitlines()
    assert set(found) <= set(admissions)
    assert other.is_file()


def test_ten_is_newer_than_nine(few, copied, tmp_path, command):
    source = copied(few)
    folder = source / "mimic-iv-ed"
    (folder / "2.2").rename(folder / "2.10")
    shutil.copytree(folder / "2.10", folder / "2.9")
    run = command("build", "--source", source, "--out", tmp_path / "out", "--files", "none")
    assert run.code == 0, run.stderr
    assert "MIMIC-IV-ED 2.10" in run.stdout + run.stderr


def test_releases_that_do_not_match_give_a_warning(few, copied, tmp_path, command):
    source = copied(few)
    (source / "mimiciv" / "2.2").rename(source / "mimiciv" / "2.0")
    run = command("build", "--source", source, "--out", tmp_path / "out", "--files", "none")
    assert run.code == 0
    warnings = re.findall(r"^warning.*", run.stderr, re.M | re.I)
    assert any("2.0" in warning and "2.2" in warning for warning in warnings)


# Datasets and tables that are not there


NAMES = {
    "mimiciv": "MIMIC-IV",
    "mimic-iv-ed": "MIMIC-IV-ED",
    "mimic-cxr": "MIMIC-CXR",
    "mimic-cxr-jpg": "MIMIC-CXR-JPG",
    "reflacx-xray-localization": "REFLACX",
    "egd-cxr": "EyeGaze",
}
FOLDERS = {
    "mimiciv": {"Hosp", "ICU"},
    "mimic-iv-ed": {"ED"},
    "mimic-cxr": {"CXR-DICOM"},
    "mimic-cxr-jpg": {"CXR-JPG", "CXR-DICOM"},
    "reflacx-xray-localization": {"REFLACX"},
    "egd-cxr": {"EyeGaze"},
}


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_dataset_that_is_absent_is_named_and_the_rest_is_built(dataset, without, tools):
    source, out, run = without(dataset)
    said = run.stdout + run.stderr
    assert re.search(rf"{re.escape(NAMES[dataset])}(?![\w-])(?! \d)", said), said
    folders = {folder.name for folder in out.glob("patient_*/*")}
    if dataset == "mimic-cxr-jpg":
        # The headers of MIMIC-CXR's DICOM files may tell of the images instead.
        folders -= FOLDERS[dataset]
    everything = {"Hosp", "ICU", "ED", "CXR-JPG", "CXR-DICOM", "REFLACX", "EyeGaze"}
    assert folders == everything - FOLDERS[dataset]
    if dataset != "mimic-cxr-jpg":
        wanted = tools.source(source).csv_tree("eye")
        differing = [
            path
            for path, table in wanted.items()
            if not path.endswith("REFLACX/metadata.csv")
            and (out / path).read_bytes() != tools.csv_bytes(table)
        ]
        assert differing == []


@pytest.mark.parametrize(
    "dataset", ["mimiciv", "mimic-iv-ed", "mimic-cxr-jpg", "reflacx-xray-localization", "egd-cxr"]
)
def test_one_dataset_alone_is_built(dataset, without):
    cohort = "all" if dataset in ("mimiciv", "mimic-cxr-jpg") else "eye"
    _, out, _ = without(*(other for other in DATASETS if other != dataset), cohort=cohort)
    assert (out / "build.json").exists()
    if dataset != "mimic-iv-ed":
        assert {folder.name for folder in out.glob("patient_*/*")} == (
            FOLDERS[dataset] - {"CXR-DICOM"}
        )


def test_a_skipped_table_is_left_out_and_named(lean, built, tmp_path, command, tools):
    out = tmp_path / "out"
    skipped = ("--skip", "labevents", "--skip", "mimiciv_icu.d_items")
    run = command("build", "--source", lean, "--out", out, *skipped)
    assert run.code == 0, run.stderr
    said = run.stdout + run.stderr
    assert "labevents" in said and "d_items" in said
    wanted = {
        path: text
        for path, text in tools.tree_bytes(built(lean)).items()
        if not path.endswith(("/labevents.csv", "/d_items.csv"))
    }
    assert tools.difference(tools.tree_bytes(out), wanted) == []


def test_a_missing_table_is_named_and_the_rest_is_built(lean, copied, tmp_path, built, tools):
    source, out = copied(lean), tmp_path / "out"
    for name in ("labevents", "d_items", "pyxis"):
        next(source.rglob(f"{name}.csv.gz")).unlink()
    mimiceye_duck.build(source=source, out=out)
    wanted = {
        path: text
        for path, text in tools.tree_bytes(built(lean)).items()
        if not path.endswith(("/labevents.csv", "/d_items.csv", "/pyxis.csv"))
    }
    assert tools.difference(tools.tree_bytes(out), wanted) == []
