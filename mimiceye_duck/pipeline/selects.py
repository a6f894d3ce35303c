"""The selects that a build runs, by its options and its sources."""

from functools import cached_property

from mimiceye_duck.catalog.models.model import VIEWS_ON_STORED, Model
from mimiceye_duck.catalog.models.reading import cohorts, models, ordered, selects_in, stay_by_rule
from mimiceye_duck.catalog.models.written_tables import linked_tables, needed_whole
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.pipeline.named_cohort import cohort_query
from mimiceye_duck.readers.sources import Sources


class Selects:
    """The models, linked tables and audits of one build."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self.sources = sources
        self.options = options

    @cached_property
    def _cohort_selects(self) -> list[Model]:
        """The cohort, and the query of what it names where there is one."""
        query = cohort_query(self.options)
        return [cohorts()["file"], query] if query else [cohorts()[self.options.cohort]]

    @cached_property
    def every(self) -> list[Model]:
        """The models of the database, in order."""
        found = {**models(), "links.stay_by_rule": stay_by_rule([self.options.link_rule])}
        return ordered([*found.values(), *self._cohort_selects])

    @cached_property
    def described(self) -> list[Model]:
        """The models as the database has them, in order: a view has the stays of every rule."""
        return ordered([*models().values(), self._cohort_selects[0]])

    @cached_property
    def chosen(self) -> list[Model]:
        """The models that a build makes rows of, in order."""
        return [model for model in self.every if model.schema not in VIEWS_ON_STORED]

    @cached_property
    def linked(self) -> dict[str, dict[str, Model]]:
        """The CSV files that are more than their source, by folder: `patient` or `spreadsheets`."""
        return linked_tables(as_published=self.options.as_published)

    @cached_property
    def whole(self) -> set[str]:
        """Contracts of which all rows are needed: what models read, and the spreadsheets."""
        written = [model for found in self.linked.values() for model in found.values()]
        read = [*self.chosen, *written, *selects_in("audits").values()]
        return needed_whole(self.sources.tables.keys(), read)
