"""Names as people type them: in any case, without their schema, or nearly right."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from glob import escape

from mimiceye_duck.core.errors import Problem, UserError


def resolve(name: str, known: Iterable[str], what: str) -> str:
    """The known name that is meant; `what` says what it should be, `table or view`.

    Case does not matter, nor does the schema of a name that only one schema has. Raises
    `UserError` with near names for any other.

    >>> resolve("EDSTAYS", ["mimiciv_ed.edstays", "mimiciv_ed.triage"], "table or view")
    'mimiciv_ed.edstays'
    """
    names = set(known)
    found = meant(name, names)
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"one of {', '.join(found)}"
        raise UserError(Problem(f"more than one {what} has this name", detail=name, hint=hint))
    raise UserError(
        Problem(f"no {what} has this name", detail=name, hint=did_you_mean(name, names))
    )


def meant(name: str, known: Iterable[str]) -> list[str]:
    """The known names that `name` may stand for; more than one where schemas share it.

    >>> meant("Fixations", ["eye_gaze.fixations", "marts.fixations", "marts.labels"])
    ['eye_gaze.fixations', 'marts.fixations']
    """
    names = sorted(set(known))
    if name in names:
        return [name]
    for spelt in (str, without_schema):
        if found := [one for one in names if spelt(one).lower() == name.lower()]:
            return found
    return []


def matching(pattern: str, known: Iterable[str]) -> list[str]:
    """The known names with a text in them, or like a pattern of `*` or SQL's `%`; any case.

    Raises `UserError` where there is none.

    >>> matching("LAB", ["marts.labels", "mimiciv_hosp.d_labitems", "marts.files"])
    ['marts.labels', 'mimiciv_hosp.d_labitems']
    >>> matching("marts.*", ["marts.labels", "mimiciv_hosp.d_labitems", "marts.files"])
    ['marts.labels', 'marts.files']
    """
    names, like = list(known), pattern.lower().replace("%", "*")
    if "*" not in like:
        like = f"*{escape(like)}*"
    found = [name for name in names if fnmatchcase(name.lower(), like)]
    if not found:
        hint = did_you_mean(pattern, names)
        raise UserError(Problem("no table or view has this in its name", detail=pattern, hint=hint))
    return found


def without_schema(name: str) -> str:
    """The name of a table or view in its schema.

    >>> without_schema("marts.labels"), without_schema("labels")
    ('labels', 'labels')
    """
    return name.partition(".")[2] or name


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


def _likeness(name: str, known: str) -> float:
    # A name without a schema is held against the names without theirs, too.
    spellings = {known} if "." in name else {known, without_schema(known)}
    return max(SequenceMatcher(None, name.lower(), one.lower()).ratio() for one in spellings)
