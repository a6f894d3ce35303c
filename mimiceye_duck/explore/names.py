"""Names as people type them: in any case, without their schema, or nearly right."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from mimiceye_duck.errors import Problem, UserError


def resolve(name: str, known: Iterable[str], what: str) -> str:
    """The known name that is meant; `what` says what it should be, `table or view`.

    Case does not matter, nor does the schema of a name that only one schema has. Raises
    `UserError` with near names for any other.

    >>> resolve("EDSTAYS", ["mimiciv_ed.edstays", "mimiciv_ed.triage"], "table or view")
    'mimiciv_ed.edstays'
    """
    names = sorted(set(known))
    if name in names:
        return name
    for spelt in (str, _own):
        meant = [one for one in names if spelt(one).lower() == name.lower()]
        if len(meant) == 1:
            return meant[0]
        if meant:
            do = f"one of {', '.join(meant)}"
            raise UserError(Problem(f"more than one {what} has this name", found=name, do=do))
    raise UserError(Problem(f"no {what} has this name", found=name, do=did_you_mean(name, names)))


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names most like `name`, the nearest first; none if none is like it.

    >>> near("edstay", ["mimiciv_ed.edstays", "mimiciv_icu.icustays", "marts.labels"])
    ['mimiciv_ed.edstays']
    """
    alike = sorted((-_likeness(name, one), one) for one in set(known))
    least = max(0.6, -alike[0][0] - 0.1) if alike else 1
    return [one for minus, one in alike if -minus >= least][:3]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The question that an error ends with, null where no name is near."""
    found = near(name, known)
    return "did you mean " + " or ".join(found) + "?" if found else None


def _own(name: str) -> str:
    """A name without its schema."""
    return name.partition(".")[2] or name


def _likeness(name: str, known: str) -> float:
    # A name without a schema is held against the names without theirs, too.
    spellings = {known} if "." in name else {known, _own(known)}
    return max(SequenceMatcher(None, name.lower(), one.lower()).ratio() for one in spellings)
