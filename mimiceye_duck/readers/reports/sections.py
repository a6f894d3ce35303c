"""The sections of a radiology report: findings, impression and the rest."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import NamedTuple

from mimiceye_duck.catalog.models.value_lists import values

# They stand on a line of their own without a colon, whatever stands above.
_TITLES = frozenset({"title", "addendum", "wet_read"})
# Views and parts in the picture: a heading that only names a part or a view stays text in it.
_READING = frozenset({"findings", "impression", "findings_and_impression", "addendum", "wet_read"})
_FINDINGS = frozenset({"findings", "findings_and_impression"})
_IMPRESSION = frozenset({"impression", "findings_and_impression"})
# What a heading of several names is, as IMPRESSION AND RECOMMENDATION: the first of these.
_RANKED = (
    "impression",
    "findings",
    "addendum",
    "recommendation",
    "comparison",
    "indication",
    "history",
    "notification",
    "technique",
    "examination",
)
# Below a reading, a heading that holds the name of one of these ends it.
_APART = frozenset({"recommendation", "comparison", "indication", "history", "notification"})
_STAGES = frozenset({"FINAL", "PRELIMINARY"})
_LINKING = frozenset({"and", "or", "of", "for", "the", "with"})
# One paragraph is usual below these: see `_unlabelled`.
_SHORT = frozenset({"examination", "indication", "history", "technique", "comparison", "other"})

# Possessive throughout, so that no line is read twice.
_BLANK = r"[ \t\f\v\xa0]"
_HEADING = re.compile(
    rf"^{_BLANK}*+(?P<heading>"
    r"(?P<name>[A-Z][A-Z0-9 \t/&,()._'#+-]{0,78}+)(?P<end>:|$)"
    r"|(?P<opener>ADDENDUM|WET READ)\b"
    r"|(?P<mixed>[A-Z][A-Za-z \t/&()-]{0,78}+):"
    rf"|(?P<rule>_{{10,}}+)(?={_BLANK}*+$))",
    re.MULTILINE,
)
_EMPTY_LINE = re.compile(rf"\n{_BLANK}*+(?=\n)")
_INK = re.compile(r"\S")


class _Vocabulary(NamedTuple):
    """Names of the sections in headings, as `sql/models/staging/report_heading*.sql` list it."""

    sections: dict[str, str]
    prefixes: list[str]
    # A misspelt FINIDNGS or IMPRESSON is one of these; a shorter name is too near to other words.
    long: list[str]
    views: frozenset[str]
    joints: frozenset[str]
    parts: frozenset[str]


@cache
def _vocabulary() -> _Vocabulary:
    headings = values("staging.report_headings")
    words = values("staging.report_heading_words")
    views, joints, parts = (
        frozenset(word for word, kind in words if kind == wanted)
        for wanted in ("view", "joint", "part")
    )
    return _Vocabulary(
        sections={heading: section for heading, section, _ in headings},
        prefixes=[heading for heading, _, may_go_on in headings if may_go_on],
        long=[heading for heading, _, _ in headings if len(heading) > 6 and " " not in heading],
        views=views,
        joints=joints,
        parts=parts,
    )


class Section(NamedTuple):
    """A piece of a report. `header` is as written; `section` what it means; `text` as written."""

    header: str
    section: str
    text: str


class _Heading(NamedTuple):
    """The begin and end of a heading."""

    start: int
    end: int
    section: str


def sections(text: str) -> list[Section]:
    """The pieces of a report in reading order; none for a blank one. Never raises.

    No ink is lost: the headers and texts one after another are the report but for blanks. A
    heading is in capitals at a line's start and ends in a colon, or is a known name alone on its
    line; a known name with a colon may have small letters. A heading that holds the name of a
    section, as FINAL IMPRESSION, begins it. `section` is one of staging.report_headings or
    - `title`: FINAL REPORT, a line of underscores: a border with an empty text;
    - `other`, with a header: a heading not known here. It must open a paragraph; below findings,
      impression, addendum or wet read it stays their text, as LUNGS: does;
    - `other`, no header: text of which no heading says what it is, above the first one or below
      a title. It is not called findings, because it often names the examination. A report
      without headings is one such piece, and so are the further paragraphs of, say, COMPARISON
      where the impression or the end follows and no FINDINGS are named.
    """
    # The same length, so that places hold in both.
    lined = text.replace("\r\n", " \n").replace("\r", "\n")
    headings = _unlabelled(lined, [_Heading(0, 0, "other"), *_headings(lined)])
    ends = [*(mark.start for mark in headings[1:]), len(text)]
    pieces = (
        Section(text[mark.start : mark.end].strip(), mark.section, text[mark.end : end].strip())
        for mark, end in zip(headings, ends, strict=True)
    )
    return [piece for piece in pieces if piece.header or piece.text]


def _headings(text: str) -> Iterator[_Heading]:
    last = _Heading(0, 0, "other")
    current = "other"
    for match in _HEADING.finditer(text):
        before = text.rfind("\n", 0, max(match.start() - 1, 0)) + 1
        below_title = last.section == "title" and last.end > before
        opens = below_title or not text[before : match.start()].strip()
        section = _section(match, current, opens)
        if section is None:
            continue
        last = _Heading(match.start("heading"), match.end(), section)
        yield last
        current = section
        if section == "title":
            yield _Heading(last.end, last.end, "other")
            current = "other"


def _section(match: re.Match[str], current: str, opens: bool) -> str | None:
    """The section that a line like a heading starts; `opens`: it begins a paragraph."""
    if match["rule"]:
        return "title"
    if match["opener"]:
        return _vocabulary().sections[match["opener"]] if opens else None
    if match["mixed"]:
        return _of_small_letters(match["mixed"])
    name = match["name"]
    known = _known(name)
    if not match["end"]:
        known = known or (_held(name) if _is_of_names(name) else None)
        alone = known if not set(name) & set(".,_'+-") else None
        return alone if alone in _TITLES or opens else None
    if known:
        return known
    if match.string[match.end() : match.end() + 1].isdigit():
        return None
    held = _held(name) if _may_be_heading(name) else None
    # What goes on with a section is no heading: OTHER FINDINGS below FINDINGS.
    if held in _READING and held != current:
        return held
    if current in _READING:
        return held if opens and held in _APART else None
    if _tells_of_picture(name):
        return "findings"
    return (held or "other") if opens and _may_be_heading(name) else None


def _key(name: str) -> str:
    """A heading's words.

    >>> _key("RECOMMENDATION(S) "), _key("FINDINGS & IMPRESSION"), _key("WET READ VERSION #2")
    ('RECOMMENDATION', 'FINDINGS IMPRESSION', 'WET READ VERSION')
    """
    words = re.findall("[A-Z]+", re.sub(r"\([^()]*\)", " ", name))
    return " ".join(word for word in words if word != "AND")


@lru_cache(maxsize=4096)
def _known(name: str) -> str | None:
    """The section that a heading names, slips of the pen included, None for no name of ours."""
    key = _key(name)
    known = _vocabulary().sections
    if key in known:
        return known[key]
    for prefix in _vocabulary().prefixes:
        if key.startswith(prefix + " "):
            return known[prefix]
    long = _vocabulary().long
    near = get_close_matches(key, long, n=1, cutoff=0.87) if 6 < len(key) < 20 else []
    return known[near[0]] if near else None


@lru_cache(maxsize=4096)
def _tells_of_picture(name: str) -> bool:
    """True if a heading names only views of the chest or parts of it.

    >>> _tells_of_picture("PA AND LATERAL VIEWS OF THE CHEST"), _tells_of_picture("CT CHEST")
    (True, False)
    """
    words = set(re.findall("[A-Z]+", name)) - {"AND"}
    known = _vocabulary()
    return bool(words & known.views and words <= known.views | known.joints) or bool(
        words and words <= known.parts
    )


def _may_be_heading(name: str) -> bool:
    """Some words, no sentence: `DR. ___:` and a line of a report all in capitals are none."""
    words = re.findall("[A-Z]+", name)
    return len(words) < 6 and len("".join(words)) > 2 and not re.search(r"[.,]\s", name)


@lru_cache(maxsize=4096)
def _held(name: str) -> str | None:
    """Find the section that one of a heading's words names.

    >>> _held("TECHNIQUE AND FINDINGS"), _held("FINDINGS WITH IMPRESSIONS"), _held("WORKSTATION")
    ('findings', 'findings_and_impression', None)
    """
    held = {_known(word) for word in _key(name).split()}
    if held >= {"findings", "impression"}:
        return "findings_and_impression"
    return next((section for section in _RANKED if section in held), None)


def _is_of_names(name: str) -> bool:
    """Decide whether a heading without a colon is more than words in capitals.

    >>> _is_of_names("IMPRESSION AND RECOMMENDATION"), _is_of_names("NO NEW FINDINGS")
    (True, False)
    """
    return all(_known(word) or word in _STAGES for word in _key(name).split())


def _of_small_letters(name: str) -> str | None:
    """Find what a heading as `Final Impression` starts; `Impression of a mass` is a sentence."""
    key = _key(name.upper())
    if key in _vocabulary().sections:
        return _vocabulary().sections[key]
    is_title = all(word[0].isupper() or word in _LINKING for word in re.findall("[A-Za-z]+", name))
    held = _held(name.upper()) if is_title and _may_be_heading(name.upper()) else None
    return held if held in _READING else None


def _unlabelled(text: str, headings: list[_Heading]) -> list[_Heading]:
    """Part what follows a short section's first paragraph, if no heading says FINDINGS."""
    named = {mark.section for mark in headings}
    if named & _FINDINGS:
        return headings
    parted = []
    ends = [*headings[1:], _Heading(len(text), len(text), "")]
    for mark, following in zip(headings, ends, strict=True):
        parted.append(mark)
        last = following.section == "impression" or not (
            named & _IMPRESSION or following.section in _SHORT
        )
        if last and mark.section in _SHORT and mark.end > mark.start:
            place = _second_paragraph(text, mark.end, following.start)
            if place is not None:
                parted.append(_Heading(place, place, "other"))
    return parted


def _second_paragraph(text: str, start: int, end: int) -> int | None:
    first = _INK.search(text, start, end)
    gap = _EMPTY_LINE.search(text, first.start(), end) if first else None
    return gap.end() if gap and _INK.search(text, gap.end(), end) else None
