"""The README's part on speed, from what was measured; run as a script, it writes it.

just bench --with-pandas --with-large --json tests/bench/results.json
just readme
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.bench.targets import markdown

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
RESULTS = HERE / "results.json"
BEGIN, END = "<!-- performance -->", "<!-- /performance -->"
NAMES = {
    "gzip": "`gzip -dc` of the tables, to nowhere",
    "build-200": "`build`, 200 patients",
    "build-1000": "`build`, 1,000 patients",
    "pandas-200": "the published method in pandas, 200 patients",
    "pandas-1000": "the published method in pandas, 1,000 patients",
    "again": "`build` again, nothing changed",
    "touched": "`build` again, one table changed",
    "other-cohort": "`build` of another cohort, `--cache-sources`",
    "export": "`export parquet --all-patients`",
    "link": "the link alone, {images:,.0f} images and {stays:,.0f} stays",
    "help": "`mimiceye-duck --help`",
}


def _row(name: str, results: dict[str, Any]) -> tuple[str, ...]:
    median = results["measured"][name]["median"]
    seconds = median.get("seconds", median["wall"])
    memory, files = median["peak_bytes"] / 1e6, median.get("csv_files")
    # The link's process spends its memory on making up what it links.
    told = "" if name == "link" else f"{memory:,.0f} MB"
    return NAMES[name].format(**median), f"{seconds:.1f} s", told, f"{files:,.0f}" if files else ""


def section(results: dict[str, Any]) -> str:
    """A sentence on what was measured where, and a table."""
    tree, machine = results["tree"], results["machine"]
    rows = [_row(name, results) for name in NAMES if name in results["measured"]]
    header = ("", "time", "memory", "CSV files")
    return (
        f"Made-up tables in the shape of the full release: {tree['scale']['patients']:,} patients, "
        f"{tree['rows'] / 1e6:.1f} million rows,\n{tree['text_bytes'] / 1e6:,.0f} MB of text in "
        f"{tree['files']} files; {machine['processors']} processors, DuckDB {machine['duckdb']}, "
        f"without image files,\nmedians of {results['repeat']}. "
        "`just bench` measures it anew; [how, and what was tried](tests/bench/README.md).\n\n"
        f"{markdown(header, rows)}"
    )


def with_section(text: str) -> str:
    """The README with its part on speed as it was measured last."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return f"{head}{BEGIN}\n{section(results)}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(with_section(README.read_text(encoding="utf-8")), encoding="utf-8")
