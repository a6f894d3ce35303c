"""How fast this is, beside what the files allow and what was published: just bench

Every measurement is a process of its own. In each round all are made one after another, and what
is compared with `gzip` has a `gzip` of its own just before it, so that a busy machine slows both.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.bench.measure import OURS, FailedError, Run, run, watched
from tests.bench.targets import as_table, targets

HERE = Path(__file__).parent
COHORTS = ("1pc", "200", "1000")
LARGE_MB = 4000


class Skipped(Exception):
    """Why a measurement is not made."""


@dataclass(frozen=True)
class Measured:
    """One run of one measurement; `gzip_wall` is the run of gzip just before it."""

    run: Run
    gzip_wall: float | None = None
    csv_files: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        found = asdict(self.run)
        del found["printed"]
        found.update(gzip_wall=self.gzip_wall, csv_files=self.csv_files, **self.more)
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in found.items()
            if value is not None
        }


@dataclass(frozen=True)
class Tree:
    """A made-up tree: its folder and what `tree.py` says of it."""

    root: Path
    about: dict[str, Any]

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def packed(self) -> list[Path]:
        return sorted(self.source.rglob("*.csv.gz"))

    def cohort(self, name: str) -> Path:
        return self.root / "cohorts" / f"{name}.csv"


class Bench:
    """The measurements, each a method by its name, on trees that are made when they are needed."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.cache: Path = options.cache
        self.work = self.cache / f"work-{os.getpid()}"
        self.work.mkdir(parents=True)
        self._trees: dict[tuple[float, int], Tree] = {}
        self._builds: dict[str, Path] = {}
        self._folders = 0

    def tree(self, scale: float = 1.0, patients: float = 1.0) -> Tree:
        """The tree of the options, or one of so many times its text and patients."""
        key = self.options.scale_mb * scale, round(self.options.patients * patients)
        if key not in self._trees:
            words = ("--scale-mb", key[0], "--patients", key[1], "--cache", self.cache)
            print(f"making a tree of {key[0]:,.0f} MB, {key[1]:,} patients", file=sys.stderr)
            try:
                made = run([sys.executable, HERE / "tree.py", *words])
            except FailedError as error:
                raise SystemExit(f"there is no tree to measure on: {error}") from None
            root = Path(made.printed.splitlines()[0]).parent
            about = json.loads((root / "tree.json").read_text(encoding="utf-8"))
            self._trees[key] = Tree(root, about)
        return self._trees[key]

    def measurements(self) -> dict[str, Callable[[], Measured]]:
        """All of them by name, in the order of a round."""
        found: dict[str, Callable[[], Measured]] = {"help": self.help, "gzip": self.gzip}
        for name in COHORTS:
            found[f"build-{name}"] = lambda name=name: self.build(name)
        found["again"] = self.again
        found["touched"] = self.touched
        found["build-512MB"] = lambda: self.build("1000", "--memory-limit", "512MB", kept=False)
        found["other-cohort"] = self.other_cohort
        found["sources-read"] = self.sources_read
        found["export"] = self.export
        found["link"] = self.link
        found["synth"] = self.synth
        half = (0.5, 0.5), (1.0, 0.5), (0.5, 1.0)
        for name, (scale, patients) in zip(("base", "rows", "patients"), half, strict=True):
            found[f"growth-{name}"] = lambda scale=scale, patients=patients: self.build(
                "20pc", tree=self.tree(scale, patients), kept=False
            )
        found["build-large"] = self.large
        for name in COHORTS[1:]:
            found[f"pandas-{name}"] = lambda name=name: self.pandas(name)
        return found

    def gzip(self, tree: Tree | None = None) -> Measured:
        if not shutil.which("gzip"):
            raise Skipped("gzip is not there")
        packed = (tree or self.tree()).packed
        return Measured(run(["gzip", "-dc", *packed], to_nowhere=True))

    def _out(self, name: str) -> Path:
        """A new folder. All stay until the end: where many files were deleted a moment ago, ext4
        takes up to half a millisecond to make another."""
        self._folders += 1
        return self.work / f"{self._folders}-{name}"

    def build(
        self, cohort: str, *words: object, tree: Tree | None = None, kept: bool = True
    ) -> Measured:
        """A build into a new folder, which others go on from when it is kept."""
        tree, out = tree or self.tree(), self._out(cohort)
        file = tree.cohort(cohort)
        wanted = {"200": 200, "1000": 1000}.get(cohort, 0)
        if len(file.read_text(encoding="utf-8").splitlines()) - 1 < wanted:
            raise Skipped(f"the tree has fewer than {wanted:,} patients")
        beside = self.gzip(tree)
        built = run(self._building(tree, file, out, *words))
        if kept:
            self._builds[cohort] = out
        return Measured(built, beside.run.wall, _csv_files(out))

    def _building(self, tree: Tree, cohort: Path, out: Path, *words: object) -> list[object]:
        options = ["--source", tree.source, "--cohort", cohort, "--files", "none", "--out", out]
        return [*OURS, "build", *options, *words]

    def _built(self) -> tuple[Path, Path]:
        """A build to go on from, and its cohort."""
        name = "1000" if self.options.patients >= 1000 else "20pc"
        cohort = self.tree().cohort(name)
        if name not in self._builds:
            out = self._out(name)
            run(self._building(self.tree(), cohort, out))
            self._builds[name] = out
        return self._builds[name], cohort

    def again(self) -> Measured:
        """The same command, with nothing changed."""
        out, cohort = self._built()
        return Measured(run(self._building(self.tree(), cohort, out)), csv_files=_csv_files(out))

    def touched(self) -> Measured:
        """The same command, after a source of middle size has another time."""
        out, cohort = self._built()
        file = next(self.tree().source.rglob("outputevents.csv.gz"))
        os.utime(file)
        return Measured(run(self._building(self.tree(), cohort, out)))

    def other_cohort(self) -> Measured:
        """Another cohort, when an earlier build has put the sources by as Parquet."""
        told = run([*OURS, "build", "--help"]).printed
        if "--cache-sources" not in told:
            raise Skipped("build has no --cache-sources")
        stored, tree = self.work / "sources", self.tree()
        words = ("--cache-sources", stored)
        if not stored.exists():
            run(self._building(tree, tree.cohort("200"), self._out("kept"), *words))
        out = self._out("other")
        built = run(self._building(tree, tree.cohort("1pc"), out, *words))
        return Measured(built, csv_files=_csv_files(out))

    def sources_read(self) -> Measured:
        """A cold build that is watched: `sources_bytes` is what it reads of the sources."""
        if not shutil.which("strace"):
            raise Skipped("strace is not there")
        tree = self.tree()
        command = self._building(tree, tree.cohort("1pc"), self._out("watched"))
        found, read = watched(command, tree.source)
        return Measured(found, more={"sources_bytes": read})

    def export(self) -> Measured:
        """All tables of all patients as Parquet."""
        database, out = self._built()[0] / "mimiceye.duckdb", self._out("parquet")
        beside = self.gzip()
        words = ("export", "parquet", "--all-patients", "--database", database, "--out", out)
        return Measured(run([*OURS, *words]), beside.run.wall)

    def link(self) -> Measured:
        """Every image's stay at full size: `seconds` are those of the SQL alone."""
        found = run([sys.executable, HERE / "link.py"])
        return Measured(found, more=json.loads(found.printed))

    def synth(self) -> Measured:
        return Measured(run([*OURS, "synth", "--patients", "200", "--out", self._out("synth")]))

    def help(self) -> Measured:
        return Measured(run([*OURS, "--help"]))

    def large(self) -> Measured:
        """A build of much more text than memory is wanted for."""
        if not self.options.with_large:
            raise Skipped("asked for by --with-large")
        scale = LARGE_MB / self.options.scale_mb
        return self.build("20pc", tree=self.tree(scale, scale), kept=False)

    def pandas(self, cohort: str) -> Measured:
        """The published method."""
        if not self.options.with_pandas:
            raise Skipped("asked for by --with-pandas")
        if cohort == "1000" and self.options.patients < 1000:
            raise Skipped("the tree has fewer than 1,000 patients")
        tree, out = self.tree(), self._out("pandas")
        words = (tree.source, tree.cohort(cohort), out)
        made = run([sys.executable, HERE / "published.py", *words])
        return Measured(made, csv_files=_csv_files(out))

    def close(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)


def _csv_files(out: Path) -> int:
    """CSV files in the patients' folders and the spreadsheets."""
    tops = [*out.glob("patient_*"), out / "spreadsheets"]
    return sum(
        name.endswith(".csv") for top in tops for _, _, names in os.walk(top) for name in names
    )


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each figure by itself; and of each run's ratio to its own gzip."""
    names = [name for name, value in rows[0].items() if isinstance(value, int | float)]
    found = {name: statistics.median(row[name] for row in rows if name in row) for name in names}
    if "gzip_wall" in found:
        ratios = [row["wall"] / row["gzip_wall"] for row in rows]
        found["ratio"] = round(statistics.median(ratios), 3)
    return found


def _chosen(names: list[str], only: str | None) -> Iterator[str]:
    wanted = only.split(",") if only else [""]
    for name in names:
        if any(name == one or name.startswith(f"{one}-") or not one for one in wanted):
            yield name


def measure(bench: Bench) -> dict[str, Any]:
    """Round after round; what failed or was skipped says why."""
    options, every = bench.options, bench.measurements()
    rows: dict[str, list[dict[str, Any]]] = {}
    reasons: dict[str, str] = {}
    for number in range(options.repeat):
        for name in _chosen(list(every), options.only):
            if name in reasons or (number and name.startswith(("pandas", "build-large"))):
                continue
            try:
                found = every[name]().row()
            except (Skipped, FailedError) as error:
                reasons[name] = str(error)
                print(f"{name}: {error}", file=sys.stderr)
                continue
            rows.setdefault(name, []).append(found)
            print(f"{number + 1} {name:<16} {found['wall']:8.2f} s", file=sys.stderr)
    tree = bench.tree().about
    return {
        "when": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {
            "processors": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "mimiceye-duck")},
        },
        "repeat": options.repeat,
        "tree": {
            **{name: value for name, value in tree.items() if name != "rows"},
            "rows": sum(tree["rows"].values()),
            "files": len(bench.tree().packed),
        },
        "measured": {
            name: {"runs": found, "median": _median(found)} for name, found in rows.items()
        },
        "not_measured": reasons,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale-mb", type=float, default=870, help="text of the tables")
    parser.add_argument("--patients", type=int, help="else as many as go with the text")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--with-pandas", action="store_true", help="the published method, once")
    parser.add_argument("--with-large", action="store_true", help=f"also {LARGE_MB:,} MB, once")
    parser.add_argument("--only", help="names, with commas: build,again,growth-rows")
    default = Path(gettempdir()) / "mimiceye-duck-bench"
    parser.add_argument("--cache", type=Path, default=default, help="where trees are kept")
    parser.add_argument("--json", type=Path, help="where the results go")
    options = parser.parse_args()
    options.patients = options.patients or round(options.scale_mb * 1e6 / 174_000)
    bench = Bench(options)
    try:
        results = measure(bench)
    finally:
        bench.close()
    results["targets"] = [asdict(target) for target in targets(results)]
    print(as_table(results))
    if options.json:
        text = json.dumps(results, indent=1) + "\n"
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
