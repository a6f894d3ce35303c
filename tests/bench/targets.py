"""What a benchmark must show, and whether its results do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

GB = 1e9
# A CSV file more may cost this much beside reading, in seconds.
PER_FILE = 0.00015
NOT_ASKED_FOR = "not asked for"


@dataclass(frozen=True)
class Target:
    """One row of the table: `reached` is null when it was not measured."""

    what: str
    wanted: str
    found: str
    reached: bool | None


def _not_measured(what: str, wanted: str, results: dict[str, Any], name: str) -> Target:
    reason = results["not_measured"].get(name, NOT_ASKED_FOR).splitlines()[0]
    return Target(what, wanted, f"not measured: {reason}", None)


def targets(results: dict[str, Any]) -> list[Target]:
    """Every target with what was found."""
    medians = {name: found["median"] for name, found in results["measured"].items()}

    def at_most(
        what: str, name: str, limit: float, unit: str, value: Callable[[], float]
    ) -> Target:
        wanted = f"<= {limit:g} {unit}"
        if name not in medians:
            return _not_measured(what, wanted, results, name)
        found = value()
        return Target(what, wanted, f"{found:.3g} {unit}", found <= limit)

    def at_least(what: str, slow: str, fast: str, limit: float) -> Target:
        wanted = f">= {limit:g} x as fast"
        for name in (slow, fast):
            if name not in medians:
                return _not_measured(what, wanted, results, name)
        found = medians[slow]["wall"] / medians[fast]["wall"]
        return Target(what, wanted, f"{found:.1f} x", found >= limit)

    def wall(name: str) -> Callable[[], float]:
        return lambda: medians[name]["wall"]

    def peak(name: str) -> Callable[[], float]:
        return lambda: medians[name]["peak_bytes"] / GB

    scale = results["tree"]["scale"]["scale_mb"]
    return [
        *_against_gzip(results),
        at_least("beside the published method, 200 patients", "pandas-200", "build-200", 5),
        at_least("beside the published method, 1,000 patients", "pandas-1000", "build-1000", 7),
        _read_once(results),
        at_most(f"memory at {scale:,.0f} MB of text", "build-1000", 1, "GB", peak("build-1000")),
        at_most("memory at 4,000 MB of text", "build-large", 1, "GB", peak("build-large")),
        _completes(results),
        at_most("build again, nothing changed", "again", 1.5, "s", wall("again")),
        at_most("link at full size", "link", 0.5, "s", lambda: medians["link"]["seconds"]),
        *_growth(results),
        at_most(
            "export of all patients", "export", 1.3, "x gzip", lambda: medians["export"]["ratio"]
        ),
        at_most("mimiceye-duck --help", "help", 0.35, "s", wall("help")),
        _made(results["tree"]),
        at_least("another cohort, sources put by", "build-1pc", "other-cohort", 10),
    ]


def _made(tree: dict[str, Any]) -> Target:
    """How fast the tree was made, whenever that was."""
    found = tree["rows"] / tree["seconds"]
    return Target("making the tree", ">= 1,000,000 rows/s", f"{found:,.0f} rows/s", found >= 1e6)


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-1 - middle]) / 2


def _against_gzip(results: dict[str, Any]) -> Iterator[Target]:
    """Each build beside the gzip run just before it."""
    cohorts = {"1pc": "1 % of patients", "200": "200 patients", "1000": "1,000 patients"}
    for cohort, what in cohorts.items():
        name = f"build-{cohort}"
        limits = ("<= 0.9 x gzip + 0.15 ms a file", "<= 0.7 x gzip (stretch)")
        if name not in results["measured"]:
            for limit in limits:
                yield _not_measured(f"build, {what}", limit, results, name)
            continue
        runs = results["measured"][name]["runs"]
        allowed = [
            run["wall"] / (0.9 * run["gzip_wall"] + PER_FILE * run["csv_files"]) for run in runs
        ]
        ratio = _median([run["wall"] / run["gzip_wall"] for run in runs])
        share = _median(allowed)
        told = f"{_median([run['wall'] for run in runs]):.1f} s, {ratio:.2f} x gzip"
        yield Target(f"build, {what}", limits[0], f"{told}, {share:.2f} of that", share <= 1)
        yield Target(f"build, {what}", limits[1], told, ratio <= 0.7)


def _read_once(results: dict[str, Any]) -> Target:
    what, wanted, name = "bytes read of the sources", "<= 1.05 x their size", "sources-read"
    if name not in results["measured"]:
        return _not_measured(what, wanted, results, name)
    read = results["measured"][name]["median"]["sources_bytes"]
    found = read / results["tree"]["packed_bytes"]
    return Target(what, wanted, f"{found:.2f} x", found <= 1.05)


def _completes(results: dict[str, Any]) -> Target:
    what, wanted, name = "build with --memory-limit 512MB", "completes", "build-512MB"
    if name in results["measured"]:
        peak = results["measured"][name]["median"]["peak_bytes"] / GB
        return Target(what, wanted, f"completes, {peak:.2f} GB at its peak", True)
    reason = results["not_measured"].get(name)
    if reason and not reason.startswith("the tree"):
        return Target(what, wanted, "fails", False)
    return _not_measured(what, wanted, results, name)


def _growth(results: dict[str, Any]) -> Iterator[Target]:
    measured = results["measured"]
    for name, what in (("growth-rows", "rows doubled"), ("growth-patients", "patients doubled")):
        wanted = "<= 2.2 x the time"
        missing = next((one for one in (name, "growth-base") if one not in measured), None)
        if missing:
            yield _not_measured(what, wanted, results, missing)
            continue
        pairs = zip(measured[name]["runs"], measured["growth-base"]["runs"], strict=False)
        found = _median([more["wall"] / base["wall"] for more, base in pairs])
        yield Target(what, wanted, f"{found:.2f} x", found <= 2.2)


def _rows(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, found in results["measured"].items():
        median = found["median"]

        def told(key: str, unit: float, form: str, median: dict[str, Any] = median) -> str:
            return format(median[key] / unit, form) if key in median else ""

        yield (
            name,
            told("wall", 1, ",.2f"),
            told("ratio", 1, ".2f"),
            told("cpu", 1, ",.2f"),
            told("peak_bytes", 1e6, ",.0f"),
            told("read_bytes", 1e6, ",.0f"),
            told("written_bytes", 1e6, ",.0f"),
            told("csv_files", 1, ",.0f"),
        )


HEADER = ("", "s", "x gzip", "cpu s", "peak MB", "MB read", "MB written", "CSV files")


def as_table(results: dict[str, Any]) -> str:
    """Both tables as Markdown, which reads well in a terminal too."""
    marks = {True: "yes", False: "no", None: ""}
    told = [
        (one["what"], one["wanted"], one["found"], marks[one["reached"]])
        for one in results["targets"]
        if not one["found"].endswith(NOT_ASKED_FOR)
    ]
    first = markdown(HEADER, list(_rows(results)))
    return f"{first}\n\n{markdown(('target', 'wanted', 'found', 'reached'), told)}"


def markdown(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table, its columns padded."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
