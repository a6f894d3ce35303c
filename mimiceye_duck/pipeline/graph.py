"""All outputs of a build as nodes, each after what it reads."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeGuard

from mimiceye_duck.catalog.contracts.contract import Contract, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import PACKAGE, version
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import (
    KEPT,
    noted,
    selects_in,
)
from mimiceye_duck.catalog.models.value_lists import VALUE_LISTS
from mimiceye_duck.catalog.models.written_tables import (
    is_written,
    written_name,
)
from mimiceye_duck.catalog.options.checking import Options, window_text
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.files.build_folder import DATABASE, REPORT
from mimiceye_duck.core.text import yes_no
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.pipeline.selects import Selects
from mimiceye_duck.readers.source_digest import (
    dicom_digest,
    file_inputs,
    file_key,
    input_files,
    text_digest,
)
from mimiceye_duck.readers.sources import HEADERS, REPORTS, Source, Sources

# The modules that make each kind of node; what they import counts too.
CODE = {
    "source text": ("pipeline.steps.source_text",),
    "DICOM headers": ("readers.dicom.header_scan",),
    "archived reports": ("readers.reports.collection",),
    "model": (),
    "table": ("pipeline.steps.tables",),
    "linked table": ("pipeline.steps.tables",),
    "file set": ("pipeline.steps.file_sets",),
    "audit": ("pipeline.steps.audits",),
    "database": (
        "pipeline.build_steps",
        "pages.report",
    ),
    "report": ("pages.report",),
}
# What a node is called that is no relation.
PATIENTS = "patients"
SETTINGS = "settings"
_METADATA = "mimic_cxr_jpg.metadata"
_IMAGES = "mimic_cxr_jpg.images"


class Graph(Selects):
    """The nodes of one build by name.

    A patient's CSV file is made of the digest of the built subject_ids, not of what they were
    chosen by: none is made again as long as the same patients come out. Until they are linked that
    digest is not known, and empty.
    """

    def __init__(self, sources: Sources, options: Options) -> None:
        super().__init__(sources, options)
        self.nodes: dict[str, Node] = {}
        self._texts = {contract.text_name: contract for contract in contracts().values()}
        self._models = {model.name: model for model in self.every}
        self._cohort = {contract.cohort_name: contract for contract in contracts().values()}
        for contract_id in sorted(self.whole & sources.tables.keys()):
            self._text(contracts()[contract_id])
        for model in self.chosen:
            self._model(model)
        for contract in contracts().values():
            self._of_contract(contract)
        for kind, tables in self.linked.items():
            for name, model in tables.items():
                own = self._for_csv(kind == "patient")
                self._select(f"{kind}/{name}", "linked table", model, own)
        for model in self.every:
            self._model(model)
        for name, audit in selects_in("audits").items():
            self._select(f"audits/{name}", "audit", audit)
        self._whole_build()

    @property
    def digest(self) -> str:
        """The digest of all that the build is made of, whoever its patients turn out to be."""
        return digest(version(), sorted((node.name, node.digest) for node in self.nodes.values()))

    def of_patients(self, patients: str) -> "Graph":
        """The same nodes, of the patients with this digest of their subject_ids."""
        other = copy.copy(self)
        other.nodes = {}
        for name, node in self.nodes.items():
            inputs = {
                part: other.nodes[part].digest if part in other.nodes else value
                for part, value in node.inputs.items()
            }
            if PATIENTS in inputs:
                inputs[PATIENTS] = patients
            other.nodes[name] = replace(node, inputs=inputs)
        return other

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def _for_csv(self, is_of_patients: bool) -> Mapping[str, str]:
        """The parts that all CSV files are made of, and those of patients."""
        own = {"option --as-published": yes_no(self.options.as_published)}
        return {**own, PATIENTS: ""} if is_of_patients else own

    def _add(
        self,
        name: str,
        kind: str,
        own: Mapping[str, str],
        reads: Iterable[str] = (),
        others: Iterable[str] = (),
    ) -> None:
        """Enter a node, after the relations that it reads and the other nodes that it needs."""
        if name in self.nodes:
            return
        read = {*others, *(node for relation in sorted(reads) for node in self._nodes_of(relation))}
        inputs = {one: self.nodes[one].digest for one in sorted(read)}
        if kind in CODE:
            inputs["code"] = code(*CODE[kind])
        self.nodes[name] = Node(name, kind, {**own, **inputs})

    def _nodes_of(self, relation: str) -> list[str]:
        """The nodes behind a relation that a select names: none for a source that is absent."""
        if relation in contracts():
            return self._text(contracts()[relation])
        if relation in self._texts:
            return self._text(self._texts[relation])
        if relation in self._cohort:
            return self._of_contract(self._cohort[relation])
        if relation in KEPT or relation in KEPT.values():
            is_of_files = relation in ("run.files", KEPT["run.files"])
            sets = contracts().values() if is_of_files else [contracts()[REPORTS]]
            return [name for one in sets for name in self._set(one)]
        if relation in self._models:
            return self._model(self._models[relation])
        return self._setting(relation) if relation.startswith("settings.") else []

    def _model(self, model: Model) -> list[str]:
        self._select(model.name, "model", model)
        return [model.name]

    def _select(
        self, name: str, kind: str, model: Model, own: Mapping[str, str] | None = None
    ) -> None:
        if name not in self.nodes:
            self._add(name, kind, {"SQL": digest(model.sql), **(own or {})}, model.reads)

    def _setting(self, name: str) -> list[str]:
        options = self.options
        inputs = {
            "settings.link": {
                "option --link-rule": options.link_rule,
                "option --window": window_text(options.window_seconds),
            },
            "settings.near_image": {
                "option --near-window": window_text(options.near_window_seconds)
            },
            "settings.cohort": {"option --cohort": options.cohort},
            "settings.wanted": {"list of --cohort": digest(options.wanted)},
            "settings.wanted_images": {"list of --cohort": digest(options.wanted_images)},
        }
        # A setting that is not listed depends on all options.
        self._add(name, SETTINGS, inputs.get(name, {"options": digest(options.record())}))
        return [name]

    def _text(self, contract: Contract) -> list[str]:
        """The node of all rows of a table, or of what takes its place."""
        source = self.sources.get(contract.id)
        if contract.id == HEADERS:
            return self._headers()
        if source is None and contract.id == _METADATA:
            return self._headers()
        if not _is_csv(source):
            return []
        name = contract.text_name
        self._add(name, "source text", file_inputs(source))
        return [name]

    def _headers(self) -> list[str]:
        source = self.sources.get(HEADERS)
        if source is None:
            return []
        name = "mimic_cxr/dicom.parquet"
        if name not in self.nodes:
            self._add(name, "DICOM headers", {"DICOM files": dicom_digest(source)})
        return [name]

    def _of_contract(self, contract: Contract) -> list[str]:
        """The rows or files of the patients, and what is written of them."""
        source = self.sources.get(contract.id)
        if contract.id == HEADERS:
            return self._headers()
        if contract.is_file_set:
            return self._set(contract)
        if not _is_csv(source) or not is_written(contract):
            return []
        reads = [contract.patient_of] if contract.patient_of else []
        if written_name(contract) != contract.text_name:
            reads.append(written_name(contract))
        own = self._for_csv(bool(contract.patient_of or subject_column(contract)))
        self._add(contract.id, "table", {**file_inputs(source), **own}, reads)
        return [contract.id]

    def _set(self, contract: Contract) -> list[str]:
        """The files of a set, and the rows of those that DuckDB reads."""
        renders = contract.id == _IMAGES and self.options.render_missing
        source = self.sources.get(contract.id)
        is_there = source is not None or (renders and HEADERS in self.sources.tables)
        if not (contract.is_file_set and contract.patient_of and is_there):
            return []
        inputs = {
            "folders": digest(list(map(str, source.folders)) if source else []),
            "contract": text_digest(contract.file),
            "option --files": self.options.files,
        }
        others = self._archives() if contract.id == REPORTS else []
        if contract.id == _IMAGES:
            inputs["option --render-missing"] = yes_no(self.options.render_missing)
            others = self._headers() if renders else []
        reads = [contract.patient_of, *(VALUE_LISTS if contract.id == REPORTS else ())]
        self._add(contract.id, "file set", inputs, reads, others)
        return [contract.id]

    def _archives(self) -> list[str]:
        if not self.sources.archives:
            return []
        states = {file.name: digest(file_key(file)[1]) for file in self.sources.archives}
        name = "mimic_cxr/reports.parquet"
        self._add(name, "archived reports", states, VALUE_LISTS)
        return [name]

    def _whole_build(self) -> None:
        sources = self.sources
        folders = [(s.contract.id, *map(str, s.folders)) for s in sources.tables.values()]
        described = [text_digest(contract.file) for contract in contracts().values()]
        inputs = {
            "source folder": str(sources.folder),
            "contracts": digest(described),
            "SQL of run tables": digest([model.sql for model in noted().values()]),
            "folders": digest(folders),
            "source files": digest(input_files(sources)),
            "option --skip": ", ".join(sources.skipped),
            "option --accept-misfits": yes_no(self.options.accept_misfits),
        }
        inputs |= {name: node.digest for name, node in self.nodes.items()}
        inputs["code"] = code(*CODE["database"])
        self.nodes[DATABASE] = Node(DATABASE, "database", inputs)
        pages = sorted((PACKAGE / "pages" / "templates").iterdir())
        selects = {**selects_in("compare"), **selects_in("report")}
        inputs = {
            "page template": digest([file.read_bytes() for file in pages]),
            "SQL": digest([model.sql for model in selects.values()]),
            "code": code(*CODE["report"]),
            DATABASE: self.nodes[DATABASE].digest,
        }
        self.nodes[REPORT] = Node(REPORT, "report", inputs)


def _is_csv(source: Source | None) -> TypeGuard[Source]:
    return source is not None and source.file is not None and source.contract.format == "csv"
