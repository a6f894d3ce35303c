"""A build's options, checked before any work."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.catalog.options.build_options import (
    LINK_RULE,
    PUBLISHED_RULE,
    BuildOptions,
    Content,
)
from mimiceye_duck.catalog.options.cohort_choice import chosen_cohort
from mimiceye_duck.core.errors import Problem, UsageError
from mimiceye_duck.core.files import paths
from mimiceye_duck.core.files.paths import unfit
from mimiceye_duck.core.given import takes

ENGINES = ("duckdb", "spark")
DIALECTS = ("duckdb", "spark", "bigquery", "postgres")
FILE_WAYS = ("copy", "hardlink", "symlink", "none")
_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@dataclass(frozen=True)
class Options:
    """The choices that change what a build writes.

    `window` is how long after a stay's end an image may still belong to it, `near_window` how far
    from an image labs and vital signs are near it, both as they were given.
    `wanted` are the subject_ids of a cohort file, `wanted_images` its dicom_ids; `query` is a
    cohort's select, of which `selected` is the id that it gives. None for other cohorts.
    `accept_misfits` is true to link though many cells of a column that decides links cannot be
    read.
    """

    cohort: str
    wanted: tuple[int, ...] | None
    window: str
    window_seconds: float
    near_window: str
    near_window_seconds: float
    link_rule: str
    as_published: bool
    files: str
    render_missing: bool
    accept_misfits: bool = False
    wanted_images: tuple[str, ...] | None = None
    query: str | None = None
    selected: str | None = None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def window_seconds(text: str, option: str = "--window") -> float:
    """Read a length of time such as 7d, 36h, 90min, 30s or 0.

    >>> window_seconds("36h")
    129600.0
    """
    match = re.fullmatch(rf"({_AMOUNT}) ?(d|h|min|s)", text.strip())
    if match:
        return float(match.group(1)) * _UNITS[match.group(2)]
    if re.fullmatch(r"0{1,9}", text.strip()):
        return 0.0
    raise UsageError(
        Problem(f"{option} '{text}' is not a duration", hint="7d, 36h, 90min, 30s or 0")
    )


def window_text(seconds: float) -> str:
    """Seconds as --window takes them, in the largest unit of which they are a whole number.

    >>> [window_text(seconds) for seconds in (604800.0, 129600.0, 0.0, 1.5)]
    ['7d', '36h', '0', '1.5s']
    """
    if not seconds:
        return "0"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length:.0f}{unit}"
    return f"{seconds:g}s"


def memory(text: str | None) -> str | None:
    """Check an amount of memory such as 2GB, 512MiB or 50%.

    >>> memory("2GB")
    '2GB'
    """
    if text is None:
        return None
    match = re.fullmatch(rf"({_AMOUNT}) ?([KMGT]i?B|B|%)", text.strip(), re.IGNORECASE)
    if match:
        amount, unit = float(match.group(1)), match.group(2)[0].upper()
        share_or_bytes = amount if unit == "%" else amount * 1024 ** "BKMGT".index(unit)
        if 0 < share_or_bytes <= (100 if unit == "%" else 2**62):
            return text
    raise UsageError(
        Problem(f"--memory-limit '{text}' is not an amount of memory", hint="2GB, 512MiB or 50%")
    )


def table_names(words: Iterable[str]) -> list[str]:
    """Part names of tables that are given one by one, or with commas between them.

    >>> table_names(["mimiciv_ed.triage, marts.labels"])
    ['mimiciv_ed.triage', 'marts.labels']
    """
    given = list(words)
    found = [name.strip() for word in given for name in word.split(",") if name.strip()]
    if given and not found:
        raise UsageError(Problem("--tables names no table", hint="mimiciv_ed.triage,marts.labels"))
    return found


def cache_folder(folder: str | PathLike[str] | None, source: Path, out: Path) -> Path | None:
    """Check where a build is to keep a copy of the sources: neither in them nor in OUT."""
    found = _writable(folder, "--cache-sources")
    if found is None:
        return None
    place = Path(os.path.realpath(found))
    for other in (source, out):
        real = Path(os.path.realpath(other))
        if place.is_relative_to(real) or real.is_relative_to(place):
            problem = Problem(
                "--cache-sources cannot be used",
                str(folder),
                f"it is in {other}, or that in it",
                "--cache-sources with a folder of its own",
            )
            raise UsageError(problem)
    return place


def spill_folder(folder: str | PathLike[str] | None) -> Path | None:
    """Check where a build is to spill: a folder, or a place where one can be made."""
    return _writable(folder, "--temp-dir")


def _writable(folder: str | PathLike[str] | None, option: str) -> Path | None:
    if folder is None:
        return None
    nearest = paths.there(Path(folder))
    if not nearest.is_dir():
        found = f"{nearest.name} is not a folder"
    elif what := unfit(Path(os.path.abspath(folder))):
        found = f"{what} in its path"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        found = "it may not be written"
    else:
        return Path(folder)
    problem = Problem(f"{option} cannot be used", str(folder), found, f"{option} with a folder")
    raise UsageError(problem)


def _one_of(option: str, value: str, known: Iterable[str]) -> str:
    names = list(known)
    if value not in names:
        raise UsageError(Problem(f"{option} knows no '{value}'", hint="one of " + ", ".join(names)))
    return value


def checked(given: Content) -> Options:
    """Check a build's options; raises `UsageError` and lists what there is."""
    as_published, who = given.as_published, chosen_cohort(given.cohort)
    rule = given.link_rule or (PUBLISHED_RULE if as_published else LINK_RULE)
    if as_published and rule != PUBLISHED_RULE:
        raise UsageError(
            Problem(f"--as-published uses the rule {PUBLISHED_RULE}", hint="leave out --link-rule")
        )
    return Options(
        cohort=who.name,
        wanted=who.subjects,
        wanted_images=who.images,
        query=who.query,
        window=given.window.strip(),
        window_seconds=window_seconds(given.window),
        near_window=given.near_window.strip(),
        near_window_seconds=window_seconds(given.near_window, "--near-window"),
        link_rule=_one_of("--link-rule", rule, link_rules()),
        as_published=as_published,
        files=_one_of("--files", given.files, FILE_WAYS),
        render_missing=given.render_missing,
        accept_misfits=given.accept_misfits,
    )


options = takes(Content)(checked)


def check_engine(given: BuildOptions) -> None:
    """Check that a build's options go with its engine; raises `UsageError`."""
    _one_of("--engine", given.engine, ENGINES)
    if given.spark_master and given.engine != "spark":
        problem = Problem("--spark-master goes with --engine spark", hint="--engine spark")
        raise UsageError(problem)
    about_files = {"--as-published": given.as_published, "--render-missing": given.render_missing}
    for option, is_there in about_files.items():
        if is_there and given.engine == "spark":
            message = f"{option} is about files, of which --engine spark writes none"
            raise UsageError(Problem(message, hint=f"leave out {option}, or --engine spark"))


def releases(pairs: Iterable[str]) -> Mapping[str, str]:
    """Read `DATASET=VERSION` words."""
    chosen: dict[str, str] = {}
    for pair in pairs:
        dataset, equals, version = pair.partition("=")
        if not (dataset and equals and version):
            raise UsageError(
                Problem(f"--release '{pair}' is not understood", hint="--release mimiciv=2.2")
            )
        chosen[dataset] = version
    return chosen
