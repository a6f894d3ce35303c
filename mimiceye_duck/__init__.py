"""MIMIC-IV, MIMIC-IV-ED, MIMIC-CXR, REFLACX and EyeGaze joined by SQL on DuckDB.

import mimiceye_duck

mimiceye_duck.build(source="downloads", out="mimic-eye")
database = mimiceye_duck.connect("mimic-eye/mimiceye.duckdb")
database.sql("select link, count(*) from links.cxr_stay group by all")
"""

from mimiceye_duck.api import build, connect, plan, run_build

__all__ = ["build", "connect", "plan", "run_build"]
