"""A source tree as small as can be: two patients, an image each, every text a secret."""

import gzip
import io
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from mimiceye_duck.catalog.contracts.reading import contracts
from tests.conftest import Run, Table, csv_bytes, read_csv

# They stand in every row. No message may show them.
SECRET = "ZEBRA4711"
SECRET_NUMBER = "47114711"

ANNA, BERT = "90000001", "90000002"
STUDIES = {ANNA: "50000001", BERT: "50000002"}
IMAGES = {ANNA: "-".join(["aaaaaaaa"] * 5), BERT: "-".join(["bbbbbbbb"] * 5)}
READING = "P102R000001"

ROOTS = {
    "mimiciv": "mimiciv/2.2",
    "mimic-iv-ed": "mimic-iv-ed/2.2",
    "mimic-cxr": "mimic-cxr/2.0.0",
    "mimic-cxr-jpg": "mimic-cxr-jpg/2.0.0",
    "reflacx-xray-localization": "reflacx-xray-localization/1.0.0",
    "egd-cxr": "egd-cxr/1.0.0",
}
PACKED = ("mimiciv", "mimic-iv-ed", "mimic-cxr", "mimic-cxr-jpg")

Row = Mapping[str, str]
BOTH: list[Row] = [{"subject_id": who} for who in (ANNA, BERT)]
STAY = {"intime": "2150-01-01 08:00:00", "outtime": "2150-01-01 12:00:00"}
STUDY = {"StudyDate": "21500101", "StudyTime": "93000.515", "Rows": "8", "Columns": "8"}
IMAGE: list[Row] = [
    {"subject_id": who, "study_id": STUDIES[who], "dicom_id": IMAGES[who]} for who in (ANNA, BERT)
]
READ = {"id": READING, "dicom_id": IMAGES[ANNA], "subject_id": ANNA}
# The cells that matter, by table and row; the others hold a secret, or nothing.
ROWS: Mapping[str, Sequence[Row]] = {
    "mimiciv_hosp.patients": BOTH,
    "mimiciv_hosp.labevents": BOTH * 2,
    "mimiciv_hosp.d_hcpcs": [{"code": "1"}],
    "mimiciv_ed.edstays": [{**BOTH[n], **STAY, "stay_id": str(n + 1)} for n in (0, 1)],
    "mimiciv_ed.triage": [{**BOTH[n], "stay_id": str(n + 1)} for n in (0, 1)],
    "mimic_cxr.study_list": IMAGE,
    "mimic_cxr_jpg.metadata": [{**image, **STUDY} for image in IMAGE],
    "mimic_cxr_jpg.chexpert": IMAGE,
    "reflacx.metadata_phase_1": [READ],
    "reflacx.metadata_phase_2": [],
    "reflacx.metadata_phase_3": [],
    "eye_gaze.master_sheet": [{"dicom_id": IMAGES[BERT], "patient_id": BERT, "stay_id": "2"}],
    "eye_gaze.eye_gaze": [{"DICOM_ID": IMAGES[BERT]}] * 3,
}
LINKED = ("mimiciv_hosp.patients", "mimiciv_ed.edstays", "mimic_cxr_jpg.metadata")
READ_OF = (*LINKED, *(name for name in ROWS if name.startswith(("reflacx.", "eye_gaze."))))
FILLING = {"VARCHAR": SECRET, "DOUBLE": SECRET_NUMBER}


def place(name: str) -> str:
    """Where a table's file lies below the source, or a set's files with their keys open."""
    contract = contracts()[name]
    packed = ".gz" if contract.dataset in PACKED and contract.format == "csv" else ""
    return f"{ROOTS[contract.dataset]}/{contract.path}{packed}".replace("*", "2.0.0")


def table(name: str, rows: Sequence[Row]) -> Table:
    """A table of its contract's columns, of which the rows name a few."""
    columns = contracts()[name].file_columns
    cells = [[row.get(c.header, FILLING.get(c.type, "")) for c in columns] for row in rows]
    return Table([column.header for column in columns], cells)


def put(file: Path, text: bytes) -> None:
    """Write a file's text, packed when its name says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)


def take(file: Path) -> bytes:
    """A file's text."""
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def change(file: Path, *, first: Row | None = None, more: Sequence[Row] = ()) -> None:
    """Change cells of a table's first row; add copies of it, each with cells of its own."""
    found = read_csv(file)
    copies = [dict(zip(found.header, found.rows[0], strict=True)) | row for row in more]
    changed = dict(zip(found.header, found.rows[0], strict=True)) | (first or {})
    rows = [list(changed.values()), *found.rows[1:], *(list(copy.values()) for copy in copies)]
    put(file, csv_bytes(Table(found.header, rows)))


def picture() -> bytes:
    """A grey JPG of 8 by 8."""
    data = io.BytesIO()
    Image.new("L", (8, 8), 100).save(data, "JPEG")
    return data.getvalue()


def fill(root: Path, names: Iterable[str] = ROWS) -> Path:
    """Write some tables below `root`, which it returns."""
    for name in names:
        put(root / place(name), csv_bytes(table(name, ROWS[name])))
    return root


def fill_sets(root: Path) -> Path:
    """Write the images, reports, readings and recordings below `root`, which it returns."""
    for who, study in STUDIES.items():
        folder = f"files/p{who[:2]}/p{who}/s{study}"
        put(root / ROOTS["mimic-cxr-jpg"] / folder / f"{IMAGES[who]}.jpg", picture())
        report = f"FINDINGS: {SECRET}\n".encode()
        put(root / ROOTS["mimic-cxr"] / f"{folder}.txt", report)
    for name in ("fixations", "chest_bounding_box", "timestamps_transcription"):
        file = place(f"reflacx.{name}").format(id=READING)
        put(root / file, csv_bytes(table(f"reflacx.{name}", [{}])))
    spoken = place("eye_gaze.transcript").format(dicom_id=IMAGES[BERT])
    text = f'{{"full_text": "{SECRET}", "time_stamped_text": []}}'
    put(root / spoken, text.encode())
    return root


def contents(folder: Path, *but: Path) -> dict[str, object]:
    """What lies below a folder, by path: bytes of files, targets of links; nothing of `but`."""
    found: dict[str, object] = {}
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(here, name) not in but]
        for path in (Path(here, name) for name in (*folders, *files)):
            kind = path.lstat().st_mode
            key = path.relative_to(folder).as_posix()
            found[key] = os.readlink(path) if stat.S_ISLNK(kind) else stat.S_IFMT(kind)
            if stat.S_ISREG(kind):
                found[key] = path.read_bytes()
    return found


def looks_unfinished(out: Path) -> bool:
    """Nothing in OUT that a person would take for a build; headers once read may stay."""
    shown = {path.name for path in out.iterdir()} if out.is_dir() else set()
    return not {name for name in shown - {"mimic_cxr"} if not name.startswith(".")}


def assert_silent(run: Run, out: Path) -> None:
    """No row's value is told, neither to the person nor in a note, and no traceback."""
    notes = "".join(file.read_text("utf-8") for file in out.rglob("*.json") if _is_note(file))
    said = run.stdout + run.stderr
    assert "Traceback" not in said
    assert SECRET not in said + notes and SECRET_NUMBER not in said + notes


def _is_note(file: Path) -> bool:
    return not any(part.startswith("patient_") for part in file.parts)


def assert_told(run: Run, *words: str) -> None:
    """What is wrong is told, and what to do, with these words and without a row's values."""
    said = run.stdout + run.stderr
    assert "Traceback" not in said
    assert SECRET not in said and SECRET_NUMBER not in said
    assert re.search(r"^error: ", run.stderr, re.M), said
    assert re.search(r"^  try ", run.stderr, re.M), said
    for word in words:
        assert word in run.stderr, said
