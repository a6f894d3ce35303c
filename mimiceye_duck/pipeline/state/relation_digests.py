"""Keys: a number for all that a thing is made of, so that what is the same is not made again."""

from collections.abc import Mapping
from pathlib import Path

from mimiceye_duck.catalog.contracts import Contract, contracts
from mimiceye_duck.catalog.models import Model, cohorts, link_rules, models
from mimiceye_duck.catalog.options import Options
from mimiceye_duck.core.digest import digest
from mimiceye_duck.readers.source_digest import file_key, source_key
from mimiceye_duck.readers.sources import Sources


class Keys:
    """The keys of one build's relations, each with those of what it reads."""

    def __init__(self, sources: Sources, options: Options, parquet: Mapping[str, Path]) -> None:
        self._sources = sources
        self._options = options
        self._parquet = parquet
        self._known: dict[str, object] = {}
        self._contracts: dict[str, Contract] = {}
        for contract in contracts().values():
            self._contracts[contract.id] = contract
            self._contracts[contract.text_name] = contract

    def relation(self, name: str) -> object:
        """The key of a source table, a model or a setting."""
        if name not in self._known:
            self._known[name] = self._relation(name)
        return self._known[name]

    def model(self, model: Model) -> str:
        """The key of a select."""
        return digest(model.sql, [self.relation(name) for name in sorted(model.reads)])

    def _relation(self, name: str) -> object:
        if name in self._contracts:
            return self._source(self._contracts[name])
        if name == "cohort.subjects":
            return self.model(cohorts()[self._options.cohort])
        if name == "links.stay_by_rule":
            return self.relation(link_rules()[self._options.link_rule])
        if name in models():
            return self.model(models()[name])
        return self._settings.get(name, self._options.record())

    @property
    def _settings(self) -> dict[str, object]:
        """What of the options each setting holds."""
        options = self._options
        return {
            "settings.link": (options.link_rule, options.window_seconds),
            "settings.cohort": options.cohort,
            "settings.wanted": options.wanted,
        }

    def _source(self, contract: Contract) -> object:
        file = self._parquet.get(contract.id)
        if file:
            return file_key(file)
        # Headers stand in for the metadata where nobody has that.
        headers = self._parquet.get("mimic_cxr.dicom")
        stand_in = file_key(headers) if headers else None
        source = self._sources.get(contract.id)
        return source_key(source) if source else stand_in
