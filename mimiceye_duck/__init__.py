"""MIMIC-IV, MIMIC-IV-ED, MIMIC-CXR, REFLACX and EyeGaze joined by SQL on DuckDB.

import mimiceye_duck

mimiceye_duck.build(source="downloads", out="mimic-eye")
database = mimiceye_duck.connect("mimic-eye/mimiceye.duckdb")
database.sql("select link, count(*) from links.cxr_stay group by all")
"""

from typing import TYPE_CHECKING

from mimiceye_duck.api import (
    attach,
    browse,
    build,
    check,
    compare_links,
    connect,
    explain,
    export_coco,
    export_csv,
    export_images,
    export_meds,
    export_parquet,
    page,
    plan,
    report,
    synth,
)
from mimiceye_duck.core.errors import ChangedWarning, UserError

if TYPE_CHECKING:
    __version__: str

__all__ = [
    "ChangedWarning",
    "UserError",
    "__version__",
    "attach",
    "browse",
    "build",
    "check",
    "compare_links",
    "connect",
    "explain",
    "export_coco",
    "export_csv",
    "export_images",
    "export_meds",
    "export_parquet",
    "page",
    "plan",
    "report",
    "synth",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from mimiceye_duck.catalog.installation import version

        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
