"""The columns that decide links."""

from collections.abc import Mapping
from functools import cache

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import models


@cache
def linking() -> Mapping[str, frozenset[str]]:
    """The columns that decide which stay or admission an image belongs to, by source table."""
    found: dict[str, set[str]] = {}
    waiting = [model for model in models().values() if model.schema in ("links", "link_rules")]
    seen = set(waiting)
    while waiting:
        model = waiting.pop()
        for read in model.reads:
            if read in contracts():
                names = {column.name for column in contracts()[read].columns}
                own = {name for name in names if name.lower() in model.names}
                found.setdefault(read, set()).update(own)
            elif read in models() and models()[read] not in seen:
                seen.add(models()[read])
                waiting.append(models()[read])
    return {name: frozenset(columns) for name, columns in found.items()}
