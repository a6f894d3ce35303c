"""Plant faults in a copy of the project, one at a time: does a test go red at each?

    just mutants
    just mutants --group sql --group records --workers 2
    just mutants --only closed-start --json found.json

A fault is an entry of `faults/GROUP.toml`:

    [[fault]]
    id = "closed-start"
    kind = "a bound that is included is not"
    file = "sql/link_rules/closed.sql"
    old = "what the file has exactly once"
    new = "what stands there instead"
    tests = ["test_link_rule_closed.py", "test_this_alone", "sections.py"]

`tests` are those of the fault's own layer, as few as must notice it: a file by its name, wherever
it lies, or one function of whichever file has it, or both as `file.py::function`; a module of the
package stands for its doctests. A test may so move to another folder, and only a module that moves
asks for another `file`. `old` that is not there exactly once and tests that are not there are
errors: the list is to be kept up with the code, and `--check` looks at nothing else.

Each selection of tests is first run without any fault and must pass, or nothing is known of its
faults. The table goes to stdout; the end is 0 where every fault was caught.
"""

import argparse
import json
import queue
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.mutants.planting import ROOT, Copy, Fault, Tests, UnusableError, faults, planted

CAUGHT, MISSED, ERROR = "caught", "NOT CAUGHT", "ERROR"
_SUMMARY = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
_PASSED = re.compile(r"\b[0-9]+ passed\b")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one fault: `by` is the first test that failed, or what is wrong with it."""

    group: str
    id: str
    kind: str
    file: str
    tests: tuple[str, ...]
    status: str
    by: str
    seconds: float


def _first(output: str) -> str:
    found = _SUMMARY.search(output)
    return found[1] if found else "?"


def _control(copy: Copy, tests: tuple[str, ...]) -> str | None:
    """Run some tests without a fault; returns what is wrong with them, None where they pass."""
    code, output = copy.run(tests)
    if code == 0 and _PASSED.search(output):
        return None
    return "no test ran" if code == 0 else f"fails without a fault: {_first(output)}"


def _judged(copy: Copy, fault: Fault) -> tuple[str, str]:
    with copy.with_fault(fault):
        code, output = copy.run(fault.tests)
    if code == 0:
        return MISSED, ""
    if code == 1:
        return CAUGHT, _first(output)
    # Else all would be caught that cannot even be imported.
    return ERROR, f"no test ran (pytest ends with {code}): {_first(output)}"


def outcomes(
    chosen: Sequence[Fault], workers: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run the tests of each selection without a fault, and then with each of its faults."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(workers):
            root = Path(folder) / str(number)
            root.mkdir()
            copies.put(Copy(root))
        selections: dict[tuple[str, ...], list[Fault]] = {}
        for fault in chosen:
            selections.setdefault(fault.tests, []).append(fault)

        def work(tests: tuple[str, ...]) -> list[Outcome]:
            copy = copies.get()
            try:
                return list(_of_selection(copy, tests, selections[tests], tell))
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(workers) as pool:
            found = {one.id: one for some in pool.map(work, selections) for one in some}
    return [found[fault.id] for fault in chosen]


def _of_selection(
    copy: Copy, tests: tuple[str, ...], some: Iterable[Fault], tell: Callable[[Outcome], None]
) -> Iterator[Outcome]:
    wrong = _control(copy, tests)
    for fault in some:
        begin = time.perf_counter()
        status, by = (ERROR, wrong) if wrong else _judged(copy, fault)
        seconds = round(time.perf_counter() - begin, 1)
        output = asdict(fault)
        one = Outcome(
            **{key: output[key] for key in ("group", "id", "kind", "file")},
            tests=tests,
            status=status,
            by=by,
            seconds=seconds,
        )
        tell(one)
        yield one


def table(found: Sequence[Outcome]) -> str:
    """The outcomes as Markdown, and how many were caught of each group."""
    head = ("group", "fault", "kind", "tests", "caught by", "s")
    rows = [
        (one.group, one.id, one.kind, ", ".join(one.tests), _caught_by(one), f"{one.seconds:.1f}")
        for one in found
    ]
    lines = [head, tuple("---" for _ in head), *rows]
    groups = list(dict.fromkeys(one.group for one in found))
    counts = [
        f"{name} {sum(one.status == CAUGHT for one in own)} of {len(own)}"
        for name in groups
        for own in [[one for one in found if one.group == name]]
    ]
    caught = sum(one.status == CAUGHT for one in found)
    output = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    return f"{output}\n{caught} of {len(found)} faults were caught: {', '.join(counts)}.\n"


def _caught_by(one: Outcome) -> str:
    return one.by if one.status == CAUGHT else f"**{one.status}** {one.by}".strip()


def _check(chosen: Iterable[Fault]) -> list[str]:
    """Find what of the list does not go with the tree."""
    tests, wrong = Tests(ROOT), []
    for fault in chosen:
        try:
            planted(fault, (ROOT / fault.file).read_text(encoding="utf-8"))
            tests.nodes(fault.tests)
        except (UnusableError, OSError) as error:
            wrong.append(f"{fault.group}/{fault.id}: {error}")
    return wrong


def main(words: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--group", action="append", help="the faults of this group alone")
    parser.add_argument("--only", action="append", metavar="ID", help="this fault alone")
    parser.add_argument("--workers", type=int, default=1, help="as many at a time (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found here, too")
    parser.add_argument("--check", action="store_true", help="look at the list, run no test")
    asked = parser.parse_args(words)
    chosen = [
        fault
        for fault in faults()
        if (not asked.group or fault.group in asked.group)
        and (not asked.only or fault.id in asked.only)
    ]
    if not chosen:
        parser.error("there is no such fault")
    if wrong := _check(chosen):
        sys.stderr.write("".join(f"{line}\n" for line in wrong))
        return 2
    if asked.check:
        sys.stdout.write(f"{len(chosen)} faults can be planted\n")
        return 0

    def tell(one: Outcome) -> None:
        sys.stderr.write(f"{one.seconds:6.1f} s  {one.group}/{one.id}: {_caught_by(one)}\n")

    found = outcomes(chosen, max(1, asked.workers), tell)
    if asked.json:
        content = [asdict(one) for one in found]
        asked.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(table(found))
    return 0 if all(one.status == CAUGHT for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
