"""A source tree with the shape of the full releases, at a chosen scale.

    python tests/bench/tree.py --scale-mb 870 --cache FOLDER

The selects are those of `synth` (`sql/synth`), asked for more patients and for as many rows
each as release 2.2 has (`release_rows.json`). Only who there is comes from `sql/people`, since
`synth` draws its patients one by one.
"""

import argparse
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from threading import Lock, local

from isal import isal_zlib

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.synthetic.datasets.cells import identifier, literal
from mimiceye_duck.synthetic.datasets.clinical import SCHEMAS, under_headers
from mimiceye_duck.synthetic.datasets.eye_gaze import eye_gaze
from mimiceye_duck.synthetic.datasets.folder import Folder, date_everything
from mimiceye_duck.synthetic.datasets.reflacx import reflacx
from mimiceye_duck.synthetic.datasets.table_maker import Maker, in_order, is_dictionary, selected
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.gaze import Answers
from mimiceye_duck.synthetic.world.link import NO_STAY
from mimiceye_duck.synthetic.world.notes import Notes
from mimiceye_duck.synthetic.world.people import People

HERE = Path(__file__).parent
RELEASE, IMAGES_RELEASE = "2.2", "2.0.0"
PEOPLE = ("patients", "visits", "admissions", "edstays", "icustays", "transfers", "studies")
IMAGING = {
    "mimic_cxr_jpg.metadata": "mimic-cxr-2.0.0-metadata.csv",
    "mimic_cxr_jpg.chexpert": "mimic-cxr-2.0.0-chexpert.csv",
    "mimic_cxr_jpg.negbio": "mimic-cxr-2.0.0-negbio.csv",
    "mimic_cxr_jpg.split": "mimic-cxr-2.0.0-split.csv",
    "mimic_cxr.record_list": "cxr-record-list.csv",
    "mimic_cxr.study_list": "cxr-study-list.csv",
}
# What one patient has in release 2.2, and in a tree for which only the scale is asked: about
# the rows for each patient of the measurements that the targets come from.
FULL_BYTES = 265_000
DICTIONARY_BYTES = 17_000_000
USUAL_BYTES = 174_000
FILES = Path("source", "physionet.org", "files")
N_REFLACX, N_EYE_GAZE = 28, 14

# Of these the release has fewer than `synth` makes; with many rows for each parent, one more
# or less is no matter.
THINNED = ("drgcodes", "hcpcsevents", "ingredientevents", "poe_detail")
FEW = 10

# The rows of one parent one after another, as in the full releases: a cross join would give
# the first row of every parent, then the second.
COPIED = re.compile(
    r"from (people\.)?(\w+)(?: as \w+)?\s+"
    r"cross join range\((getvariable\('copies'\)|\d+)\) as copies \(number\)"
)
STORED = re.compile(r"from (mimiciv_\w+\.\w+)")


@dataclass(frozen=True)
class Scale:
    """What a tree is made for; the same scale and code give the same bytes."""

    scale_mb: float
    patients: int
    seed: int = 0
    shuffled: bool = False

    @property
    def row_ratio(self) -> float:
        """The rows of events for each patient, beside those of release 2.2."""
        events = self.scale_mb * 1e6 - DICTIONARY_BYTES * self.whole
        return events / (self.patients * FULL_BYTES)

    @property
    def whole(self) -> float:
        """How much of the dictionaries: all, whoever is in the tree, unless it is tiny."""
        return min(1.0, self.scale_mb / 100)

    @property
    def name(self) -> str:
        kind = "-shuffled" if self.shuffled else ""
        digest = hashlib.sha256(f"{self}".encode() + _code()).hexdigest()[:12]
        return f"{self.scale_mb:g}mb-{self.patients}patients-seed{self.seed}{kind}-{digest}"


@dataclass(frozen=True)
class Tree:
    """A tree on the disk: where it is, and what is in it."""

    root: Path
    rows: dict[str, int]
    text_bytes: int
    packed_bytes: int
    seconds: float

    @property
    def source(self) -> Path:
        """What `build --source` is given."""
        return self.root / "source"

    def cohort(self, name: str) -> Path:
        """The file of a cohort: `200`, `1000`, `1pc` or `20pc`."""
        return self.root / "cohorts" / f"{name}.csv"


def _code() -> bytes:
    """The text of everything that a tree is made by."""
    package = Path(SQL).parent / "mimiceye_duck" / "synthetic"
    files = [
        *HERE.glob("sql/**/*.sql"),
        *(HERE / name for name in ("tree.py", "release_rows.json")),
        *Path(SQL).glob("synth/**/*.sql"),
        *package.rglob("*.py"),
    ]
    return b"".join(file.read_bytes() for file in sorted(files))


def _sql(folder: str, name: str) -> str:
    return (HERE / "sql" / folder / f"{name}.sql").read_text(encoding="utf-8")


def _one_parent_after_another(select: str) -> str:
    def copied(found: re.Match[str]) -> str:
        schema, name, copies = found.groups()
        rows = f"(select *, unnest(range({copies})) as number from {schema or ''}{name})"
        return f"from {rows} as {name}"

    found = COPIED.search(select)
    if not found:
        return select
    return COPIED.sub(copied, select).replace("copies.number", f"{found[2]}.number")


def _select(contract: Contract) -> str:
    if contract.id in IMAGING:
        return _sql("imaging", contract.table)
    return _one_parent_after_another(selected(contract))


class Writer:
    """Writes tables of one tree, each thread with a database of its own."""

    def __init__(self, scale: Scale, root: Path) -> None:
        self.scale = scale
        self.root = root
        self.rows: dict[str, int] = {}
        self.text_bytes = 0
        self.packed_bytes = 0
        counts = json.loads((HERE / "release_rows.json").read_text(encoding="utf-8"))
        ratio = scale.patients * scale.row_ratio / counts["patients"]
        self._wanted = {name: round(rows * ratio) for name, rows in counts["rows"].items()}
        self._dictionaries = {
            name: round(rows * scale.whole) for name, rows in counts["dictionaries"].items()
        }
        self._threads = local()
        self._lock = Lock()

    @property
    def maker(self) -> Maker:
        """This thread's database, with everybody in it."""
        if not hasattr(self._threads, "maker"):
            self._threads.maker = self._made()
        maker: Maker = self._threads.maker
        return maker

    def _made(self) -> Maker:
        maker = Maker(self.scale.seed, RELEASE, 1.0)
        maker.set("patients", self.scale.patients)
        for name in PEOPLE:
            maker.set("table_name", f"people.{name}")
            select = _sql("people", name)
            if name in ("visits", "studies"):
                maker.connection.execute(f"create table people.{name} as {select}")
            else:
                maker.load(name, maker.connection.sql(select).to_arrow_table())
        maker.set("table_name", "people.images")
        maker.connection.execute(f"create table people.images as {_sql('people', 'images')}")
        for name in ("admissions", "patients", "edstays"):
            select = (Path(SQL) / "synth" / "rows" / f"{name}.sql").read_text(encoding="utf-8")
            rows = _one_parent_after_another(select)
            maker.connection.execute(f"create view rows_of_{name} as {rows}")
        rows = _sql("rows", "icustays")
        maker.connection.execute(f"create view rows_of_icustays as {rows}")
        for contract in in_order(_clinical()):
            if is_dictionary(contract):
                maker.make(contract)
        return maker

    def weight(self, group: list[Contract]) -> int:
        """About how many rows some tables have."""
        return sum(self._wanted.get(contract.id, 0) for contract in group)

    def write(self, group: list[Contract]) -> None:
        """Tables that are made from each other, in this order."""
        used = {name for contract in group for name in STORED.findall(_select(contract))}
        for contract in group:
            if is_dictionary(contract):
                self._pad(contract)
                self._copy(contract, f"from {identifier(contract.id)}")
            elif contract.id in used:
                table = identifier(contract.id)
                self.maker.connection.execute(f"create table {table} as {self._rows(contract)}")
                self._copy(contract, f"from {table}")
            else:
                self._copy(contract, f"from ({self._rows(contract)})")
        for name in used:
            self.maker.connection.execute(f"drop table {identifier(name)}")

    def _rows(self, contract: Contract) -> str:
        """The select of a table with about as many rows as are wanted, in order."""
        self.maker.set("table_name", contract.id)
        base = _select(contract)
        kept = "true"
        wanted = self._wanted.get(contract.id, 0)
        is_multiplied = bool(re.search(r"'copies'|rows_of_", base))
        if wanted and (is_multiplied or contract.table in THINNED):
            copies = 20
            found = self._counted(base, copies)
            if is_multiplied:
                copies = math.ceil(20 * wanted / max(1, found))
                self.maker.set("copies", copies)
            if copies < FEW or not is_multiplied:
                kept = f"share(row_hash, 'kept') < {wanted / max(1, self._counted(base, copies))}"
        cells = self.maker.cells(contract, base)
        # What a row is made from takes less room to sort than the row.
        rows = f"select * from base where {kept}{self._order(base)}"
        return f"with base as ({base})\nselect {cells} from ({rows}) as base"

    def _counted(self, base: str, copies: int) -> int:
        self.maker.set("copies", copies)
        found = self.maker.connection.execute(f"select count(*) from ({base})").fetchall()
        return int(found[0][0])

    def _order(self, base: str) -> str:
        if self.scale.shuffled:
            return " order by row_hash, subject_id"
        # What only reads parents in order and multiplies them needs no sorting.
        is_ordered = not re.search(r"\border by\b|\bjoin\b|from mimiciv_|cross", base)
        if is_ordered or "moment" not in base:
            return ""
        return " order by subject_id, moment, row_hash"

    def _pad(self, contract: Contract) -> None:
        """Fill a dictionary with keys that no row has, to its size in the release."""
        table = identifier(contract.id)
        key = next(column for column in contract.columns if column.key_position == 1)
        found = self.maker.connection.execute(f"select count(*) from {table}").fetchall()[0][0]
        missing = max(0, self._dictionaries[contract.id] - found)
        number = "row_number() over ()"
        made = f"'Q' || lpad(({number})::varchar, 5, '0')"
        if key.type == "INTEGER":
            made = f"(800000 + {number})::varchar"
        self.maker.connection.execute(
            f"insert into {table} select known.* replace ({made} as {identifier(key.name)}) "
            f"from {table} as known cross join range({missing // found + 1}) limit {missing}"
        )

    def _copy(self, contract: Contract, rows: str) -> None:
        releases = {"mimiciv": RELEASE, "mimic-iv-ed": RELEASE}
        release = releases.get(contract.dataset, IMAGES_RELEASE)
        path = IMAGING.get(contract.id, contract.path)
        file = self.root.joinpath(contract.dataset, release, f"{path}.gz")
        file.parent.mkdir(parents=True, exist_ok=True)
        plain = file.with_suffix(".copying")
        columns = under_headers(contract, RELEASE, release)
        copied = self.maker.connection.execute(
            f"copy (select {columns} {rows}) to {literal(str(plain))} (format csv, header)"
        ).fetchall()
        text_bytes, packed_bytes = plain.stat().st_size, _pack(plain, file)
        plain.unlink()
        with self._lock:
            self.rows[contract.id] = copied[0][0]
            self.text_bytes += text_bytes
            self.packed_bytes += packed_bytes


def _pack(plain: Path, file: Path) -> int:
    """Compress a file as fast as it is read; the bytes that it then has."""
    packer = isal_zlib.compressobj(2, isal_zlib.DEFLATED, 31)
    with plain.open("rb") as source, file.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(packer.compress(block))
        target.write(packer.flush())
        return target.tell()


def _clinical() -> list[Contract]:
    return [contract for contract in contracts().values() if contract.schema in SCHEMAS]


def _groups(writer: Writer) -> list[list[Contract]]:
    """Tables that are made from each other together, and those with the most rows first."""
    top: dict[str, str] = {}
    for contract in in_order(_clinical()):
        made_from = STORED.findall(_select(contract))
        top[contract.id] = top[made_from[0]] if made_from else contract.id
    named = [*(contracts()[name] for name in top), *(contracts()[name] for name in IMAGING)]
    named.sort(key=lambda contract: top.get(contract.id, contract.id))
    groups = [
        list(group)
        for _, group in groupby(named, key=lambda contract: top.get(contract.id, contract.id))
    ]
    order = {contract.id: number for number, contract in enumerate(in_order(_clinical()))}
    for group in groups:
        group.sort(key=lambda contract: order.get(contract.id, 0))
    return sorted(groups, key=lambda group: -writer.weight(group))


def _gaze(writer: Writer, root: Path) -> None:
    """The two gaze datasets around the first images, as few as in any made-up tree."""
    rows = writer.maker.connection.execute(
        "select * from people.images where view <> 'LATERAL' "
        "order by share(row_hash, 'read'), dicom_id limit ?",
        [N_REFLACX + N_EYE_GAZE],
    )
    names = [column[0] for column in rows.description or []]
    images = [_image(dict(zip(names, row, strict=True))) for row in rows.fetchall()]
    dice, notes = Dice(writer.scale.seed), Notes()
    files = root / FILES
    readings = Folder(files / "reflacx-xray-localization" / "1.0.0")
    reflacx(readings, images[:N_REFLACX], dice, notes, Answers())
    gaze = Folder(files / "egd-cxr" / "1.0.0")
    eye_gaze(gaze, images[N_REFLACX:], People(), dice, notes, Answers())


def _image(row: dict[str, object]) -> Image:
    found = {name: row[name] for name in ("dicom_id", "subject_id", "study_id", "study_at")}
    return Image(
        **found,
        view=row["view"],
        rows=row["image_rows"],
        columns=row["image_columns"],
        split=row["split"],
        **dict.fromkeys(("study_date", "study_time", "case"), ""),
        **dict.fromkeys(("procedure", "meaning", "orientation"), ""),
        link=NO_STAY,
    )


def _cohorts(writer: Writer, root: Path) -> None:
    """Patients with images first, as those whom anybody builds."""
    (root / "cohorts").mkdir(parents=True)
    found = writer.maker.connection.execute(
        "select subject_id from people.patients order by "
        "subject_id not in (select subject_id from people.images), "
        "share(parent_hash, 'cohort'), subject_id"
    ).fetchall()
    subjects = [row[0] for row in found]
    sizes = {"200": 200, "1000": 1000, "1pc": len(subjects) // 100, "20pc": len(subjects) // 5}
    for name, size in sizes.items():
        chosen = sorted(subjects[: max(1, size)])
        text = "subject_id\n" + "".join(f"{subject}\n" for subject in chosen)
        (root / "cohorts" / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")


def make(cache: Path, scale: Scale) -> Tree:
    """The tree of a scale: made, or as it was made before."""
    root = cache / scale.name
    if not (root / "tree.json").exists():
        work = cache / f"{scale.name}.making"
        shutil.rmtree(work, ignore_errors=True)
        began = time.perf_counter()
        writer = Writer(scale, work / FILES)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            parts = [partial(part, writer, work) for part in (_gaze, _cohorts)]
            parts += [partial(writer.write, group) for group in _groups(writer)]
            list(threads.map(lambda part: part(), parts))
        date_everything(work)
        about = {
            "scale": asdict(scale),
            "rows": dict(sorted(writer.rows.items())),
            "text_bytes": writer.text_bytes,
            "packed_bytes": writer.packed_bytes,
            "seconds": round(time.perf_counter() - began, 2),
        }
        (work / "tree.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
        shutil.rmtree(root, ignore_errors=True)
        work.rename(root)
    about = json.loads((root / "tree.json").read_text(encoding="utf-8"))
    names = ("rows", "text_bytes", "packed_bytes", "seconds")
    return Tree(root, **{name: about[name] for name in names})


def default_cache() -> Path:
    """Where trees are kept unless said otherwise."""
    return Path(tempfile.gettempdir()) / "mimiceye-duck-bench"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--scale-mb", type=float, default=870, help="text of all tables")
    options.add_argument("--patients", type=int, help="else as many as go with the text")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--shuffled", action="store_true", help="rows not in order of patients")
    options.add_argument("--cache", type=Path, default=default_cache())
    given = options.parse_args()
    patients = given.patients or round(given.scale_mb * 1e6 / USUAL_BYTES)
    tree = make(given.cache, Scale(given.scale_mb, patients, given.seed, given.shuffled))
    rows = sum(tree.rows.values())
    print(
        f"{tree.source}\n{patients:,} patients, {rows:,} rows, {tree.text_bytes / 1e6:,.0f} MB of "
        f"text, {tree.packed_bytes / 1e6:,.0f} MB packed, {tree.seconds:.1f} s, "
        f"{rows / tree.seconds:,.0f} rows/s"
    )


if __name__ == "__main__":
    main()
