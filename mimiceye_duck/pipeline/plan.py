"""The plan of a build: every output, if it is kept or made, and why."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import version
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.checks.disk_estimate import disk_needed, file_sizes
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.core.files.file_state import file_state
from mimiceye_duck.core.text import yes_no
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import DamagedError
from mimiceye_duck.pipeline.graph import PATIENTS, SETTINGS, Graph
from mimiceye_duck.pipeline.named_cohort import LISTS, named_in
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.pipeline.state import input_files
from mimiceye_duck.pipeline.state.finished import is_up_to_date
from mimiceye_duck.pipeline.state.nodes import FILED, Done, are_there, known
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.pipeline.steps.cohort_tables import row_counts
from mimiceye_duck.readers.file_sets import is_path_of
from mimiceye_duck.readers.sources import Source, Sources

KEEP, MAKE, AGAIN, DEPENDS = "keep", "make", "again", "depends"
# Sets of files: each build goes through them, and reads or places those that changed.
LOOKED_THROUGH = ("file set", "DICOM headers")
_DEPENDS = "depends on who is in the cohort"
_SUBJECTS = "cohort.subjects"


@dataclass(frozen=True)
class Step:
    """One output of a plan.

    `action` is keep; make, for the reasons `why`; again, where nothing changed and every build
    makes it, or goes through its files; depends, on who is in the cohort, which only linking
    tells. `bytes_read` is the size of the files of the download that are read for it, and
    `bytes_written` what is written: what the build before wrote of it. None is not known.
    """

    name: str
    kind: str
    action: str
    why: tuple[str, ...]
    bytes_read: int | None
    bytes_written: int | None


@dataclass(frozen=True)
class Plan:
    """All that a build would do in OUT.

    `before` is what is there: none, finished, or stopped. `replaces` is what is different from
    the finished build that would be replaced; `cohort` is whom a file or a query names, empty for
    a named cohort. `disk_needed` is how many bytes it may take in OUT, rather too many.
    """

    out: str
    before: str
    is_up_to_date: bool
    replaces: tuple[str, ...]
    disk_needed: int
    steps: tuple[Step, ...]
    cohort: str = ""

    def record(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return asdict(self)


def plan(sources: Sources, out: Path, options: Options) -> Plan:
    """Find out what a build of these would do in OUT; nothing is written.

    Raises `UserError` for an OUT that no build made, or for a database that is held there.
    """
    workspace, graph = Workspace(out), Graph(sources, options)
    if is_up_to_date(workspace, graph.digest):
        made = [node for node in graph.nodes.values() if node.kind != SETTINGS]
        kept = tuple(Step(node.name, node.kind, KEEP, (), 0, 0) for node in made)
        return Plan(str(workspace.out), "finished", True, (), 0, kept, named_in(options))
    finished, earlier = workspace.finished(), _earlier(workspace)
    return Plan(
        out=str(workspace.out),
        before="stopped" if earlier.is_stopped else "finished" if finished else "none",
        is_up_to_date=False,
        replaces=tuple(_replaced(finished, graph)) if finished else (),
        disk_needed=disk_needed(sources, options),
        steps=tuple(_Comparison(graph, earlier, workspace).steps()),
        cohort=named_in(options),
    )


@dataclass(frozen=True)
class _Earlier:
    """The state that earlier builds left in OUT.

    `rows` are those of the tables that are stored, `patients` the digest of the subject_ids,
    `changed` the files of the download that have come, gone or changed since.
    """

    done: Mapping[str, Done]
    rows: Mapping[str, int]
    patients: str | None
    changed: tuple[str, ...]
    is_stopped: bool


def _earlier(workspace: Workspace) -> _Earlier:
    finished, rows, subjects = _read(workspace.out / DATABASE if workspace.finished() else None)
    staged = workspace.tree / DATABASE
    is_stopped = staged.exists()
    done = finished
    if is_stopped:
        # Of the others, a stopped build takes nothing from the one before.
        others = {name: one for name, one in finished.items() if one.node.kind not in FILED}
        begun, rows, _ = _read(staged)
        done = others | {name: one for name, one in begun.items() if one.node.kind in FILED}
    with closing(Database.open()) as database:
        changed = input_files.changed(database, workspace.out) if finished else []
    return _Earlier(done, rows, subjects, tuple(changed), is_stopped)


def _read(file: Path | None) -> tuple[Mapping[str, Done], Mapping[str, int], str | None]:
    """The nodes that a database has as done, the rows of its tables, and whom it is of."""
    if file is None or not file.is_file():
        return {}, {}, None
    try:
        opened = Database.open(file, read_only=True)
    except DamagedError:
        return {}, {}, None
    with closing(opened) as database:
        done = known(database)
        tables = [contract.cohort_name for contract in contracts().values()]
        rows = row_counts(database, [*tables, _SUBJECTS])
        subjects = None
        if _SUBJECTS in rows:
            query = "select subject_id from cohort.subjects order by all"
            subjects = digest([subject for (subject,) in database.rows(query)])
        return done, rows, subjects


class _Comparison:
    """A build's nodes beside those that are done."""

    def __init__(self, graph: Graph, earlier: _Earlier, workspace: Workspace) -> None:
        subjects = earlier.done.get(_SUBJECTS)
        # The same choice among the same rows gives the same patients.
        self._knows_patients = bool(
            earlier.patients and subjects and subjects.node.digest == graph[_SUBJECTS].digest
        )
        self._graph = graph.of_patients(earlier.patients or "")
        self._earlier = earlier
        self._folders = ((workspace.tree, None), (workspace.out, workspace.ended))
        self._sizes = file_sizes(graph.sources, graph.options)

    def steps(self) -> Iterator[Step]:
        for node in self._graph.nodes.values():
            if node.kind == SETTINGS:
                continue  # options are reasons, not outputs
            done = self._earlier.done.get(node.name)
            why = tuple(dict.fromkeys(self._why(node, done)))
            if node.kind in FILED:
                yield self._filed(node, done, why)
                continue
            action = MAKE if why else AGAIN
            if node.kind in LOOKED_THROUGH:
                size = self._changed_size(node) if done else self._sizes.get(node.name)
                yield Step(node.name, node.kind, action, why, size, size)
            else:
                size = self._source_size(node.name) if node.kind == "source text" else 0
                yield Step(node.name, node.kind, action, why, size, None)

    def _filed(self, node: Node, done: Done | None, why: tuple[str, ...]) -> Step:
        action = MAKE if why else KEEP
        if not why and PATIENTS in node.inputs and not self._knows_patients:
            action, why = DEPENDS, (_DEPENDS,)
        read = 0 if action == KEEP or node.kind != "table" else self._source_size(node.name)
        return Step(node.name, node.kind, action, why, read, done.size if done and why else 0)

    def _changed(self, node: Node) -> list[str]:
        source = self._graph.sources.get(node.name)
        return [path for path in self._earlier.changed if _is_of(path, node, source)]

    def _changed_size(self, node: Node) -> int:
        states = map(file_state, self._changed(node))
        return sum(state[0] for state in states if state)

    def _source_size(self, name: str) -> int:
        """Bytes of the file that is read for a node: none where all of it is read to link."""
        texts = {contract.text_name: contract.id for contract in contracts().values()}
        contract_id = texts.get(name, name)
        source = self._graph.sources.get(contract_id)
        is_read_before = name not in texts and contract_id in self._graph.whole
        return 0 if is_read_before or source is None else source.size

    def _why(self, node: Node, done: Done | None) -> Iterator[str]:
        """Reasons to make a node, or to go through its files."""
        if done is None:
            yield "not made before" if self._earlier.done else "no earlier build"
            return
        was, now = done.node.inputs, node.inputs
        for part in [*now, *(was.keys() - now.keys())]:
            if part == PATIENTS and not self._knows_patients:
                continue
            if was.get(part) != now.get(part):
                yield from self._reason(node, part, was.get(part), now.get(part))
        yield from self._lost(node, done)

    def _reason(self, node: Node, part: str, was: str | None, now: str | None) -> Iterator[str]:
        """The reason that a part that differs matters."""
        nodes, done = self._graph.nodes, self._earlier.done
        if part.startswith("settings.") and part in nodes and part in done:
            before, after = done[part].node.inputs, nodes[part].inputs
            for option in after:
                if before.get(option) != after[option]:
                    yield from self._reason(node, option, before.get(option), after[option])
        elif part in nodes or part in done:
            yield f"reads {part}" if now else f"reads {part} no more"
        elif part.startswith("option ") or part == "release":
            yield f"{part}: {was} -> {now}"
        elif part == "file":
            source = self._graph.sources.get(node.name) or self._text_source(node.name)
            yield f"{source.file.name if source and source.file else node.name} changed"
        elif part in ("code", "SQL", "contract"):
            yield f"{part} of {_made_by(node) if part == 'code' else node.name} changed"
        else:
            yield "other patients" if part == PATIENTS else f"{part} changed"

    def _text_source(self, name: str) -> Source | None:
        found = [one for one in contracts().values() if one.text_name == name]
        return self._graph.sources.get(found[0].id) if found else None

    def _lost(self, node: Node, done: Done) -> Iterator[str]:
        """Reasons that lie in OUT: files or rows that are not as they were made."""
        entries = done.entries
        if entries and not any(are_there(*folder, entries) for folder in self._folders):
            yield "files are lost or changed"
        if node.kind == "table" and done.cohort_rows is not None:
            stored = self._earlier.rows.get(contracts()[node.name].cohort_name)
            if stored != done.stored_rows:
                yield "rows are lost"
        if node.kind in LOOKED_THROUGH:
            changed = len(self._changed(node))
            if changed:
                yield f"{changed:,} files came, went or changed"


def _is_of(path: str, node: Node, source: Source | None) -> bool:
    """True if a file that was looked for is one of a set, or the Parquet of one."""
    if source is None:
        return path == node.name
    for folder in source.folders:
        if Path(path).is_relative_to(folder):
            below = Path(path).relative_to(folder).as_posix()
            return is_path_of(source.contract, below)
    return False


def _made_by(node: Node) -> str:
    names = {"table": "CSV files", "linked table": "CSV files", "database": "the build"}
    return names.get(node.kind, f"{node.kind}s")


def _replaced(finished: Mapping[str, Any], graph: Graph) -> Iterator[str]:
    """Differences from the finished build in OUT, those of single files apart."""
    was, now = finished.get("options", {}), graph.options.record()
    for name, value in now.items():
        before, after = was.get(name), list(value) if isinstance(value, tuple) else value
        seconds = f"{name}_seconds"  # the same window may be typed in other words
        if before == after or (seconds in now and was.get(seconds) == now[seconds]):
            continue
        if name in LISTS:
            yield f"option --cohort: another {LISTS[name]}"
        elif name != "selected" and not name.endswith("window_seconds"):
            yield f"option --{name.replace('_', '-')}: {_said(before)} -> {_said(after)}"
    releases = {key: str(release) for key, release in graph.sources.releases.items()}
    before = finished.get("releases", {})
    for key in sorted(releases.keys() | before.keys()):
        if releases.get(key) != before.get(key):
            yield f"release: {before.get(key, 'none')} -> {releases.get(key, 'none')}"
    others = {
        "source": ("source folder", str(graph.sources.folder)),
        "skipped": ("option --skip", list(graph.sources.skipped)),
        "mimiceye_duck": ("version", version()),
    }
    for key, (what, value) in others.items():
        if key in finished and finished[key] != value:
            yield f"{what}: {_said(finished[key])} -> {_said(value)}"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return yes_no(value)
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
