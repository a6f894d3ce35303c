"""Made-up sources, builds of them, and what must come out, told without the project's code."""

import contextlib
import csv
import gc
import gzip
import io
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import hypothesis
import pytest
import yaml

from mimiceye_duck.cli import main
from mimiceye_duck.core.running import machine
from tests.shared import Shared, changed

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it does in the background so; the tests and what they start press Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test cuts the power, and thousands of files of all workers go to the disk at each such wait.
os.sync = lambda: None

SHARED = "shared"
CHANGED = pytest.StashKey[list[str]]()

# How long an example takes says how busy the machine is: timings are the benchmark's.
hypothesis.settings.register_profile("without deadline", deadline=None)
hypothesis.settings.load_profile("without deadline")

HOSP = [
    "admissions",
    "d_hcpcs",
    "d_icd_diagnoses",
    "d_icd_procedures",
    "d_labitems",
    "diagnoses_icd",
    "drgcodes",
    "emar",
    "emar_detail",
    "hcpcsevents",
    "labevents",
    "microbiologyevents",
    "omr",
    "patients",
    "pharmacy",
    "poe",
    "poe_detail",
    "prescriptions",
    "procedures_icd",
    "provider",
    "services",
    "transfers",
]
ICU = [
    "caregiver",
    "chartevents",
    "d_items",
    "datetimeevents",
    "icustays",
    "ingredientevents",
    "inputevents",
    "outputevents",
    "procedureevents",
]
ED = ["diagnosis", "edstays", "medrecon", "pyxis", "triage", "vitalsign"]
LABELS = ["chexpert", "negbio", "split"]

# Where each CSV of the tree comes from, below --source.
WHERE = (
    {f"Hosp/{name}": f"hosp/{name}" for name in HOSP}
    | {f"ICU/{name}": f"icu/{name}" for name in ICU}
    | {f"ED/{name}": f"ed/{name}" for name in ED}
    | {f"CXR-JPG/cxr_{name}": f"mimic-cxr-2.0.0-{name}" for name in [*LABELS, "metadata"]}
    | {f"REFLACX/phase_{phase}": f"main_data/metadata_phase_{phase}" for phase in (1, 2, 3)}
    | {
        f"EyeGaze/{name}": f"egd-cxr/1.0.0/{name}"
        for name in ("master_sheet", "bounding_boxes", "eye_gaze", "fixations")
    }
)
WHOLE = [
    *(f"CXR-JPG/cxr_{name}" for name in LABELS),
    *(f"Hosp/{name}" for name in HOSP if name.startswith("d_")),
    *("Hosp/provider", "Hosp/patients", "ICU/d_items", "ICU/caregiver", "ED/triage"),
    "EyeGaze/bounding_boxes",
]
JOINED = {
    "Emphysema": "High lung volume / emphysema",
    "Mass": "Lung nodule or mass",
    "Nodule": "Lung nodule or mass",
    "Pleural effusion": "Pleural abnormality",
    "Pleural thickening": "Pleural abnormality",
}
ADDED = ["stay_id", "in_reflacx", "in_eye_gaze", "link", "gap_seconds", "n_candidates", "study_at"]


class Table(NamedTuple):
    header: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


def read_csv(path: Path) -> Table:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return Table(header, rows)


def csv_bytes(table: Table) -> bytes:
    """The least that RFC 4180 asks for: UTF-8, comma, LF, quotes only where needed."""

    def cell(text: str) -> str:
        if any(sign in text for sign in ',"\n\r'):
            return '"' + text.replace('"', '""') + '"'
        return text

    lines = (",".join(map(cell, row)) + "\n" for row in [table.header, *table.rows])
    return "".join(lines).encode()


def moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def study_moment(date: str, time: str) -> datetime | None:
    whole, _, fraction = time.partition(".")
    if not whole:
        return None
    try:
        start = datetime.strptime(date + whole.zfill(6), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return start + timedelta(milliseconds=int((fraction + "000")[:3]))


def seconds_text(gap: timedelta) -> str:
    value = format(Decimal(gap // timedelta(milliseconds=1)) / 1000, "f")
    return value.rstrip("0").rstrip(".") if "." in value else value


class Link(NamedTuple):
    study_at: str = ""
    stay_id: str = ""
    link: str = ""
    gap_seconds: str = ""
    n_candidates: str = "0"
    hadm_id: str = ""
    icu_stay_id: str = ""


class Interval(NamedTuple):
    id: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Source:
    """A source tree as the csv module reads it."""

    root: Path

    def file(self, name: str) -> Path | None:
        where = WHERE[name]
        found = [*self.root.rglob(f"{where}.csv"), *self.root.rglob(f"{where}.csv.gz")]
        assert len(found) <= 1, found
        return found[0] if found else None

    def table(self, name: str) -> Table | None:
        file = self.file(name)
        return read_csv(file) if file else None

    def records(self, name: str) -> list[dict[str, str]]:
        table = self.table(name)
        return table.records() if table else []

    @property
    def metadata(self) -> list[dict[str, str]]:
        return self.records("CXR-JPG/cxr_metadata")

    def readings(self) -> list[dict[str, str]]:
        return [row for phase in (1, 2, 3) for row in self.records(f"REFLACX/phase_{phase}")]

    def reflacx_images(self) -> set[str]:
        return {row["dicom_id"] for row in self.readings()}

    def eye_gaze_subjects(self) -> dict[str, str]:
        return {row["dicom_id"]: row["patient_id"] for row in self.records("EyeGaze/master_sheet")}

    def cohort(self, cohort: str | Iterable[int]) -> set[str]:
        everyone = {row["subject_id"] for row in self.records("Hosp/patients")}
        imaged = {row["subject_id"] for row in self.metadata}
        if cohort == "eye":
            gazed = self.reflacx_images() | set(self.eye_gaze_subjects())
            return {row["subject_id"] for row in self.metadata if row["dicom_id"] in gazed}
        if cohort == "cxr":
            return imaged
        if cohort == "all":
            return imaged | everyone
        return {str(subject) for subject in cohort} & (imaged | everyone)

    def links(
        self, rule: str = "within-or-after", window: timedelta = timedelta(days=7)
    ) -> dict[str, Link]:
        stays = self._intervals("ED/edstays", "stay_id", "intime", "outtime")
        admissions = self._intervals("Hosp/admissions", "hadm_id", "admittime", "dischtime")
        icu_stays = self._intervals("ICU/icustays", "stay_id", "intime", "outtime")
        links = {}
        for row in self.metadata:
            at = study_moment(row["StudyDate"], row["StudyTime"])
            if at is None:
                links[row["dicom_id"]] = Link()
                continue
            subject = row["subject_id"]
            links[row["dicom_id"]] = Link(
                at.isoformat(" ", "milliseconds"),
                *_link(at, stays.get(subject, []), rule, window),
                _closed(at, admissions.get(subject, [])),
                _closed(at, icu_stays.get(subject, [])),
            )
        return links

    def _intervals(self, name: str, id: str, start: str, end: str) -> dict[str, list[Interval]]:
        intervals: dict[str, list[Interval]] = {}
        for row in self.records(name):
            interval = Interval(row[id], moment(row[start]), moment(row[end]))
            intervals.setdefault(row["subject_id"], []).append(interval)
        return intervals

    def gaze(self, name: str) -> tuple[Table, list[tuple[str, ...]]]:
        """`eye_gaze` or `fixations` as repaired, and the repairs."""
        table = self.table(f"EyeGaze/{name}")
        assert table
        valid = {id for id in self.eye_gaze_subjects() if len(id) == 44}
        place = table.header.index("DICOM_ID")
        there = {row[place] for row in table.rows} & valid
        kept: list[list[str]] = []
        repairs: dict[tuple[str, ...], int] = {}
        for row in table.rows:
            id = row[place]
            if id in valid:
                kept.append(row)
                continue
            meant = [one for one in valid if one.startswith(id)] if 0 < len(id) < 44 else []
            repair = (f"{name}.csv", id, "set_aside", "")
            if len(meant) == 1:
                action = "deleted" if meant[0] in there else "replaced"
                repair = (f"{name}.csv", id, action, meant[0])
                if action == "replaced":
                    kept.append([*row[:place], meant[0], *row[place + 1 :]])
            repairs[repair] = repairs.get(repair, 0) + 1
        counted = sorted((*repair, str(count)) for repair, count in repairs.items())
        return Table(table.header, kept), counted

    def reflacx(self) -> Table | None:
        """The three phases with their labels merged to 21 classes; `label_version` left empty."""
        phases = [self.table(f"REFLACX/phase_{phase}") for phase in (1, 2, 3)]
        if not all(phases):
            return None
        labels = [label for phase in phases if phase for label in phase.header[8:]]
        classes = sorted({JOINED.get(label, label) for label in labels})
        rows = []
        for phase in phases:
            assert phase
            for row in phase.rows:
                merged = dict.fromkeys(classes, "")
                for label, cell in zip(phase.header[8:], row[8:], strict=True):
                    name = JOINED.get(label, label)
                    if not merged[name] or (cell and float(cell) > float(merged[name])):
                        merged[name] = cell
                rows.append([*row[:8], "", *merged.values()])
        return Table([*phases[0].header[:8], "label_version", *classes], rows)

    def cxr_meta(self, cohort: str | Iterable[int], links: dict[str, Link]) -> Table | None:
        table = self.table("CXR-JPG/cxr_metadata")
        if table is None:
            return None
        patients, reflacx = self.cohort(cohort), self.reflacx_images()
        eye_gaze = set(self.eye_gaze_subjects())
        rows = []
        for row, record in zip(table.rows, table.records(), strict=True):
            image, link = record["dicom_id"], links[record["dicom_id"]]
            gazed = image in reflacx or image in eye_gaze
            if record["subject_id"] in patients and (gazed or cohort != "eye"):
                flags = [str(image in reflacx), str(image in eye_gaze)]
                rows.append([*row, link.stay_id, *flags, *link[2:5], link.study_at])
        return Table([*table.header, *ADDED], rows)

    def master_sheet(self, links: dict[str, Link]) -> Table | None:
        table = self.table("EyeGaze/master_sheet")
        if table is None:
            return None
        image, stay = table.header.index("dicom_id"), table.header.index("stay_id")
        rows = [
            [*row[:stay], links.get(row[image], Link()).stay_id, *row[stay + 1 :]]
            for row in table.rows
        ]
        return Table(table.header, rows)

    def csv_tree(
        self, cohort: str | Iterable[int] = "eye", skip: Iterable[str] = ()
    ) -> dict[str, Table]:
        """Every CSV that a build of the default rule writes, by its path below OUT.

        The cells of REFLACX's `label_version`, whose text the specification leaves open, are empty.
        """
        links, patients = self.links(), self.cohort(cohort)
        subjects = self.eye_gaze_subjects()
        tables = {name: self.table(name) for name in WHERE if name not in skip}
        whole = {name: tables.get(name) for name in WHOLE}
        master, reflacx = self.master_sheet(links), self.reflacx()
        meta = self.cxr_meta(cohort, links)
        gaze = {
            f"EyeGaze/{name}": self.gaze(name)[0]
            for name in ("eye_gaze", "fixations")
            if self.file(f"EyeGaze/{name}") and subjects
        }
        whole |= gaze
        whole["EyeGaze/master_sheet_with_updated_stayId"] = master
        whole["REFLACX/metadata"] = reflacx
        whole["cxr_meta"] = meta
        if meta:
            linked = [row for row in meta.rows if row[-len(ADDED)]]
            whole["cxr_meta_with_stay_id_only"] = Table(meta.header, linked)

        by_patient: dict[str, tuple[Table | None, Callable[[dict[str, str]], str]]] = {}
        for name in WHERE:
            table = tables.get(name)
            if table and "subject_id" in table.header and not name.startswith("REFLACX/"):
                by_patient[name] = table, lambda row: row["subject_id"]
        by_patient.pop("CXR-JPG/cxr_metadata", None)
        by_patient["CXR-JPG/cxr_meta"] = meta, lambda row: row["subject_id"]
        by_patient["REFLACX/metadata"] = reflacx, lambda row: row["subject_id"]
        by_patient["EyeGaze/master_sheet"] = master, lambda row: row["patient_id"]
        by_patient["EyeGaze/bounding_boxes"] = (
            tables.get("EyeGaze/bounding_boxes"),
            lambda row: subjects.get(row["dicom_id"], ""),
        )
        for name, table in gaze.items():
            by_patient[name] = table, lambda row: subjects[row["DICOM_ID"]]

        tree = {f"spreadsheets/{name}.csv": table for name, table in whole.items() if table}
        for name, (table, owner) in by_patient.items():
            for row in table.rows if table else []:
                subject = owner(dict(zip(table.header, row, strict=True)))
                if subject in patients:
                    path = f"patient_{subject}/{name}.csv"
                    tree.setdefault(path, Table(table.header, [])).rows.append(row)
        return {path: table for path, table in tree.items() if table.rows}

    def placed_files(self, cohort: str | Iterable[int] = "eye") -> dict[str, Path]:
        """Every image, report and gaze file that belongs in OUT: its path there, its source."""
        patients = self.cohort(cohort)
        meta = self.cxr_meta(cohort, self.links())
        studies = {(row["subject_id"], row["study_id"]) for row in (meta.records() if meta else [])}
        placed: dict[str, Path] = {}
        for subject, study in studies:
            below = f"files/p{subject[:2]}/p{subject}/s{study}"
            for image in self.root.rglob(f"mimic-cxr-jpg/*/{below}/*.jpg"):
                placed[f"patient_{subject}/CXR-JPG/s{study}/{image.name}"] = image
            for report in self.root.rglob(f"mimic-cxr/*/{below}.txt"):
                placed[f"patient_{subject}/CXR-DICOM/s{study}.txt"] = report
        folders = [
            (row["subject_id"], f"REFLACX/{kind}/{row['id']}", f"{kind}/{row['id']}")
            for row in self.readings()
            for kind in ("main_data", "gaze_data")
        ]
        spoken = "audio_segmentation_transcripts"
        folders += [
            (subject, f"EyeGaze/{spoken}/{image}", f"{spoken}/{image}")
            for image, subject in self.eye_gaze_subjects().items()
        ]
        for subject, there, here in folders:
            if subject in patients:
                for file in self.root.rglob(f"{here}/*"):
                    if file.name != "index.html":
                        placed[f"patient_{subject}/{there}/{file.name}"] = file
        return placed


def _link(at: datetime, stays: list[Interval], rule: str, window: timedelta) -> tuple[str, ...]:
    endless = [stay._replace(end=datetime.max) if stay.end is None else stay for stay in stays]
    usable = [stay for stay in endless if stay.start and stay.end and stay.end > stay.start]
    known = [stay for stay in usable if stay.end != datetime.max]
    inside = [stay for stay in known if stay.start < at < stay.end]
    if rule == "mimic-eye-1.0":
        inside = [stay for stay in usable if stay.start < at < stay.end]
        inside = inside if at.hour >= 10 and len(inside) == 1 else []
    elif rule == "closed":
        inside = [stay for stay in known if stay.start <= at <= stay.end]
    elif rule == "egd-date":
        inside = [stay for stay in known if stay.start.date() <= at.date() <= stay.end.date()]
    if inside:
        first = min(inside, key=lambda stay: (datetime.max - stay.start, int(stay.id)))
        return first.id, "within", "0", str(len(inside))
    near: list[tuple[timedelta, timedelta, int, str]] = []
    for stay in known if window and rule in ("within-or-after", "nearest") else []:
        order = datetime.max - stay.start, int(stay.id)
        if stay.end <= at <= stay.end + window:
            near.append((at - stay.end, *order, "after"))
        if rule == "nearest" and stay.start - window <= at <= stay.start:
            near.append((stay.start - at, *order, "before"))
    if not near:
        return "", "", "", "0"
    gap, _, stay_id, link = min(near)
    return str(stay_id), link, seconds_text(gap), str(len(near))


def _closed(at: datetime, intervals: list[Interval]) -> str:
    open_then = [one for one in intervals if one.start and one.end and one.start <= at <= one.end]
    return min(
        open_then,
        key=lambda one: (datetime.max - one.start, int(one.id)),
        default=Interval("", at, at),
    ).id


class Run(NamedTuple):
    code: int
    stdout: str
    stderr: str


def run(*words: object) -> Run:
    """The command, in this process."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            main.main([str(word) for word in words])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return Run(code, stdout.getvalue(), stderr.getvalue())


def read_yaml(file: Path) -> Any:
    """A file's only document, read by libyaml where that is, which takes a tenth of the time."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), loader)


def tree_bytes(out: Path, *, below: str = r"patient_\d+|spreadsheets") -> dict[str, bytes]:
    """The files of the patient folders and spreadsheets, by path below OUT."""
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for top in out.iterdir()
        if re.fullmatch(below, top.name)
        for folder, _, names in os.walk(top)
        for file in (Path(folder, name) for name in names)
    }


def difference(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """What differs between two trees, without a cell's text."""
    return [
        *(f"missing {path}" for path in sorted(wanted.keys() - found.keys())),
        *(f"too many {path}" for path in sorted(found.keys() - wanted.keys())),
        *(
            f"differs {path}"
            for path in sorted(found.keys() & wanted.keys())
            if found[path] != wanted[path]
        ),
    ]


def whole_path(path: str | Path, folder: int | None) -> Path:
    """The path that a call of the system names, from an open folder where it names one."""
    return Path(path) if folder is None else Path(os.readlink(f"/proc/self/fd/{folder}"), path)


def query(out: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


class Tools(NamedTuple):
    """What tests need to look at a build from outside."""

    source: Callable[[Path], Source] = Source
    read_csv: Callable[[Path], Table] = read_csv
    csv_bytes: Callable[[Table], bytes] = csv_bytes
    table: Callable[..., Table] = Table
    tree_bytes: Callable[..., dict[str, bytes]] = tree_bytes
    difference: Callable[..., list[str]] = difference
    query: Callable[..., list[tuple[Any, ...]]] = query
    whole: tuple[str, ...] = tuple(WHOLE)


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools()


@pytest.fixture(scope="session")
def command() -> Callable[..., Run]:
    return run


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Makes what tests only read, once for all processes of the test run."""
    base = tmp_path_factory.getbasetemp()
    return Shared((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / SHARED)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a build waits for the disk, a worker for another."""
    return machine.threads() + 1


def pytest_collection_finish() -> None:
    """Thousands of cases stay to the end: looking through them for garbage finds none."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the test run when a test has changed what all share: looked at when all have ended."""
    if not hasattr(session.config, "workerinput"):
        found = changed(session.config._tmp_path_factory.getbasetemp() / SHARED)
        session.config.stash[CHANGED] = found
        if found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for path in config.stash.get(CHANGED, [])[:20]:
        terminalreporter.write_line(f"ERROR: a test changed what others read: {path}", red=True)


@pytest.fixture(scope="session")
def made_up(shared: Shared) -> Callable[..., Path]:
    """A made-up source tree; read it, never write to it."""

    def make(patients: int = 12, seed: int = 0, release: str = "2.2") -> Path:
        def synth(folder: Path) -> Path:
            out, words = folder / "source", ("--seed", seed, "--release", release)
            made = run("synth", "--out", out, "--patients", patients, *words)
            assert made.code == 0, made.stderr
            return out

        return Path(shared.make("made_up", (patients, seed, release), synth))

    return make


@pytest.fixture(scope="session")
def lean(made_up: Callable[..., Path], shared: Shared) -> Path:
    """A made-up tree of 12 patients with a few tables of each dataset; read it only."""

    def thin(folder: Path) -> Path:
        source = Path(shutil.copytree(made_up(), folder / "source"))
        kept = "admissions d_hcpcs labevents patients caregiver d_items icustays procedureevents"
        for file in [*source.rglob("hosp/*.csv.gz"), *source.rglob("icu/*.csv.gz")]:
            if file.name.removesuffix(".csv.gz") not in kept.split():
                file.unlink()
        return source

    return Path(shared.make("lean", (), thin))


def words_of(options: dict[str, Any]) -> Iterator[str]:
    """Options of `mimiceye_duck.build` as the command takes them."""
    for name, value in options.items():
        yield "--" + name.replace("_", "-")
        if value is not True:
            yield str(value)


@pytest.fixture(scope="session")
def small(lean: Path, shared: Shared) -> Path:
    """The lean tree with all files and no more tables than these; read it only."""

    def thin(folder: Path) -> Path:
        source = Path(shutil.copytree(lean, folder / "source"))
        kept = "patients admissions labevents d_items icustays edstays triage vitalsign"
        for file in source.rglob("*.csv.gz"):
            if file.parent.name in ("hosp", "icu", "ed") and file.name[:-7] not in kept.split():
                file.unlink()
        for name in ("CHF", "normals", "pneumonia", "*negbio"):
            for file in source.rglob(f"{name}.csv*"):
                file.unlink()
        return source

    return Path(shared.make("small", (), thin))


@pytest.fixture(scope="session")
def ran(shared: Shared) -> Callable[..., tuple[Path, Run]]:
    """A build of a source with these options, and what the command said; read it only."""

    def make(source: Path, **options: Any) -> tuple[Path, Run]:
        def build(folder: Path) -> tuple[Path, Run]:
            out = folder / "out"
            found = run("build", "--source", source, "--out", out, *words_of(options))
            assert found.code == 0, found.stderr
            return out, found

        key = source, *sorted((name, str(value)) for name, value in options.items())
        return shared.make("built", key, build)

    return make


@pytest.fixture(scope="session")
def built(ran: Callable[..., tuple[Path, Run]]) -> Callable[..., Path]:
    """A build of a source with these options; read it only."""
    return lambda source, **options: ran(source, **options)[0]


@pytest.fixture(scope="session")
def without(
    lean: Path, shared: Shared, ran: Callable[..., tuple[Path, Run]]
) -> Callable[..., tuple[Path, Path, Run]]:
    """The lean tree without some datasets, a build of it, and what the command said."""

    def make(*datasets: str, **options: Any) -> tuple[Path, Path, Run]:
        def thin(folder: Path) -> Path:
            source = Path(shutil.copytree(lean, folder / "source", ignore=_truth))
            for dataset in datasets:
                shutil.rmtree(source / "physionet.org/files" / dataset)
            return source

        source = Path(shared.make("without", datasets, thin))
        return source, *ran(source, **options)

    return make


@pytest.fixture(scope="session")
def demo(shared: Shared) -> tuple[Path, Run]:
    """A folder in which the README's first command was run, and what it said; read it only."""

    def build(folder: Path) -> tuple[Path, Run]:
        folder /= "a reader's folder"
        folder.mkdir()
        with contextlib.chdir(folder):
            ran = run("build", "--demo", "--out", "mimic-eye")
        assert ran.code == 0, ran.stderr
        return folder, ran

    return shared.make("reader", (), build)


@pytest.fixture(scope="session")
def demo_build(made_up: Callable[..., Path], built: Callable[..., Path]) -> Path:
    """DuckDB's build of the made-up tree."""
    return built(made_up())


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """A copy of a source tree that a test may change; only what it changes takes room."""

    def copy(source: Path, name: str = "source") -> Path:
        return Path(shutil.copytree(source, tmp_path / name, ignore=_truth))

    yield copy
    shutil.rmtree(tmp_path, ignore_errors=True)


def _truth(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "truth"]


@pytest.fixture(scope="session")
def open_demos() -> Path:
    """The open demos of MIMIC-IV and MIMIC-IV-ED."""
    data = Path(__file__).parents[2] / "shared" / "data"
    if not (data / "physionet.org" / "files" / "mimic-iv-demo").is_dir():
        pytest.skip(f"the open demos are not at {data}")
    return data


@pytest.fixture(scope="session")
def around_demos(open_demos: Path, shared: Shared) -> Path:
    """The open demos and images made up around their patients, in one folder; read it only."""

    def make(root: Path) -> Path:
        made = run("synth", "--out", root / "made", "--around", open_demos)
        assert made.code == 0, made.stderr
        both = root / "both"
        shutil.copytree(root / "made", both, ignore=_truth)
        shutil.copytree(open_demos, both, dirs_exist_ok=True)
        shutil.copytree(root / "made" / "truth", root / "truth")
        return both

    return Path(shared.make("around", (), make))
