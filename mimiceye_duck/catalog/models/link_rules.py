"""The link rules, and the stays of several of them as one select."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from mimiceye_duck.catalog.installation import select_folders


def select_text(file: Path) -> str:
    """The text of one select."""
    return file.read_text(encoding="utf-8").strip()


def sql_name(name: str) -> str:
    """A published name as SQL spells it.

    >>> sql_name("mimic-eye-1.0")
    'mimic_eye_1_0'
    """
    return re.sub(r"[-.]", "_", name)


@cache
def link_rules() -> Mapping[str, str]:
    """Published names of the link rules and the relation of each."""
    files = sorted(select_folders()["link_rules"].glob("*.sql"))
    return {file.stem: f"link_rules.{sql_name(file.stem)}" for file in files}


_STAY_BY_RULE = """\
-- The stay that each link rule gives each image.
-- Grain: link_rule, dicom_id.
-- Columns:
--   link_rule: Published name of the rule.
--   link: Whether the image was taken `within`, `after` or `before` the stay.
--   gap_seconds [s]: From the stay's end to the image (after), or from the image to the
--     stay's start (before); 0 within.
--   n_candidates: Stays that satisfied the clause of the rule that decided.
"""


def select_of_stays(rules: Iterable[str]) -> str:
    """Select the stay that each of some link rules gives each image, one rule after another."""
    # A new rule is one new file, so that no model can list the rules.
    columns = "dicom_id, stay_id, link, gap_seconds, n_candidates"
    selects = [
        f"select '{rule}' as link_rule, {columns} from {relation}"  # noqa: S608
        for rule in rules
        for relation in [link_rules()[rule]]
    ]
    return _STAY_BY_RULE + "\nunion all\n".join(selects)


_RULES = """\
-- The link rules that can be asked for.
-- Grain: link_rule.
-- Columns:
--   link_rule: Published name of the rule.
"""


def select_of_rules() -> str:
    """Select the names of the link rules."""
    return _RULES + "\nunion all\n".join(
        f"select '{rule}' as link_rule"  # noqa: S608
        for rule in link_rules()
    )
