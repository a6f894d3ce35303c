"""The parts of pages by themselves: what is escaped, hidden, counted and drawn where.

None of them needs a build or a browser; what they make together, test_pages and test_browser see.
"""

import base64
import io
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from PIL import Image

from mimiceye_duck.pages import html
from mimiceye_duck.pages.bar_chart import HEIGHT, chart
from mimiceye_duck.pages.gaze import Circle, circles, words
from mimiceye_duck.pages.heat_map import heat_map
from mimiceye_duck.pages.patient import _ellipse, _measures
from mimiceye_duck.pages.report import _funnel
from mimiceye_duck.pages.suppression import Cell, Guard
from mimiceye_duck.pages.timeline import strips

MARKUP = "<script>window.entered = 1</script><b>\"'&"
START = datetime(2130, 5, 6, 7, 8, 9)


class Page(HTMLParser):
    """The elements of a page, and its text below each heading's id."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.below, self.links = [], {}, []
        self._id = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        own = dict(attributes)
        self.tags.append(tag)
        if tag == "h2":
            self._id = own.get("id", "")
        if tag == "a":
            self.links.append(own["href"])

    def handle_data(self, data):
        self.below[self._id] = self.below.get(self._id, "") + data


def index(label):
    one = {
        "subject_id": 90000001,
        "link": "pages/patient_90000001.html",
        "gender": "F",
        "anchor_age": 52,
        "n_images": 2,
        "n_linked": 1,
        "datasets": ["REFLACX"],
        "kinds": ["linked"],
        "labels": [label],
    }
    return html.page("index", {"patients": [one], "labels": [label]}, script="index.js")


def test_what_goes_in_is_text():
    plain, marked = Page(index("Edema")), Page(index(MARKUP))
    assert marked.tags == plain.tags
    assert marked.below[""] == plain.below[""].replace("Edema", MARKUP)


def test_a_page_reaches_nothing_but_itself():
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', index("Edema"))
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "'self' file: data:"
    for name in ("style-src", "script-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules[name])


# Every part of the report, and a number or name that only it has.
SECTIONS = {
    "in": ("reflacx.gaze", "1,001"),
    "funnel": ("a step", "1,002"),
    "figures": ("a fact", "1,003"),
    "gaps": ("Hours from a stay", "1,004"),
    "hours": ("Hours of a day", "1,005"),
    "rules": ("a reason", "1,006"),
    "coverage": ("eye_gaze.audio", "1,007"),
    "labels": ("Pleural abnormality", "1,008"),
    "audits": ("a claim", "a_claim", "1,009", "set aside", "1,010", "1,011", "1,012"),
    "steps": ("linking", "12.34"),
}


def report():
    def few(count):
        return Cell(count, 1000)

    def drawn(title, count):
        return chart(title, "It says.", ["0 to 1"], {"within": [few(count)]}, {0: "0"})

    step = dict.fromkeys(("n_images", "n_studies", "n_patients"), few(1002))
    covered = dict.fromkeys(("patients", "rows", "files", "bytes"), few(1007))
    values = {
        "record": {
            "started": "2130",
            "mimiceye_duck": "1",
            "duckdb": "1",
            "files_written": 1,
            "bytes_written": 1,
            "seconds": 1,
            "releases": {},
            "absent": [],
            "absent_tables": [],
            "skipped": [],
            "options": {"cohort": "eye", "window": "7d", "files": "copy", "as_published": False},
            "subjects_not_found": [],
            "warnings": [],
        },
        "guard": Guard(),
        "link": {"link_rule": "closed"},
        "went_in": [{"table": "reflacx.gaze", "rows": 1001, "cohort": few(1)}],
        "funnel": [{"step": "a step", **step, "share": 1}],
        "figures": [
            {
                "fact": "a fact",
                "value": few(1003),
                "published": 1,
                "by_published_rule": None,
                "why": "",
            }
        ],
        "gaps": [drawn("Hours from a stay", 1004)],
        "hours": drawn("Hours of a day", 1005),
        "rules": ["closed"],
        "agreement": {("closed", "closed"): {"differ": few(0), "share": 1}},
        "differences": [{"link_rule": "closed", "reason": "a reason", "cell": few(1006)}],
        "n_images": 1,
        "coverage": [{"folder": "EyeGaze", "table_name": "eye_gaze.audio", **covered, "share": 1}],
        "folders": ["EyeGaze"],
        "combinations": [{"folders": ["EyeGaze"], "cell": few(1)}],
        "patients": [],
        "answers": ["5"],
        "labels": [{"name": "Pleural abnormality", "cells": {"5": few(1008)}, "shares": {"5": 1}}],
        "repairs": [("eye_gaze.csv", "set aside", few(2), few(1010))],
        "audits": [
            {
                "claim": "a claim",
                "name": "a_claim",
                "status": "passed",
                "absent": [],
                "cell": few(1009),
            }
        ],
        "misfits": [{"column": "triage.pain", "cell": few(1012), "form": "a number"}],
        "missing": {"reflacx.fixations": few(1011)},
        "steps": [("linking", 12.34, 1)],
    }
    return Page(html.page("report", values))


def test_every_part_of_the_report_is_there_below_its_heading():
    page = report()
    assert [f"#{section}" for section in SECTIONS] == page.links
    for section, wanted in SECTIONS.items():
        assert [text for text in wanted if text not in page.below[section]] == []


def test_an_ellipse_lies_in_its_box():
    row = {"xmin": 100, "xmax": 300, "ymin": 40, "ymax": 50, "labels": "Edema"}
    found = _ellipse(row, 1000)
    assert {name: found[name] for name in ("cx", "cy", "rx", "ry")} == {
        "cx": 200,
        "cy": 45,
        "rx": 100,
        "ry": 5,
    }


def fixation(number, seconds):
    return {
        "fixation": number,
        "duration_seconds": seconds,
        "x": number,
        "y": -number,
        "start_seconds": float(number),
        "end_seconds": number + (seconds or 0),
    }


def test_the_longest_fixations_are_drawn_in_the_order_of_time():
    rows = [fixation(n, s) for n, s in enumerate([0.1, 0.5, None, 0.2, 0.4, 0.2], 1)]
    assert [one.number for one in circles(rows, 3, 1000)] == [2, 4, 5]
    assert [one.number for one in circles(rows, 9, 1000)] == [1, 2, 3, 4, 5, 6]


def circle(start, end):
    return Circle(1, 0, 0, 1, 0, start, end, end - start)


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        pytest.param(0.0, 0.9, (None, None), id="before all"),
        pytest.param(0.0, 1.0, (0, 0), id="until the first begins"),
        pytest.param(2.0, 2.5, (0, 0), id="from when the first ends"),
        pytest.param(2.5, 2.9, (None, None), id="between"),
        pytest.param(1.5, 3.5, (0, 1), id="over two"),
        pytest.param(4.5, 9.0, (2, 2), id="within the last"),
        pytest.param(5.1, 9.0, (None, None), id="after all"),
        pytest.param(None, 1.5, (None, None), id="of no time"),
    ],
)
def test_a_word_has_the_fixations_that_its_time_touches(start, end, wanted):
    drawn = [circle(1.0, 2.0), circle(3.0, 4.0), circle(4.2, 5.0)]
    [word] = words([{"text": "word", "start_seconds": start, "end_seconds": end}], drawn)
    assert (word.first, word.last) == wanted


def test_a_heat_map_is_brightest_where_the_eye_rested_longest():
    """One long look on the right against two short ones on the left, in the lower half."""
    address = heat_map([(16, 96, 0.1), (16, 96, 0.1), (112, 96, 0.9)], 128, 128)
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    alpha = picture.getchannel("A")
    scale = picture.width / 128
    left, right, above = (
        alpha.getpixel((int(x * scale), int(y * scale)))
        for x, y in ((16, 96), (112, 96), (112, 32))
    )
    assert right == alpha.getextrema()[1] > 3 * left > 0
    assert above == 0


def at(hours):
    return START + timedelta(hours=hours)


def stay(number, start, end):
    return {"kind": "admission", "id": number, "start_at": at(start), "end_at": at(end)}


def test_a_strip_lasts_as_long_as_its_longest_stay():
    """A day within a stay of ten days ends before it: what comes on the eleventh is near."""
    stays = [stay(1, 0, 240), stay(2, 24, 48), stay(3, 264, 288)]
    [strip] = strips(stays, [])
    assert (strip.start, strip.end) == (at(0), at(288))
    assert all(bar.left >= 0 and bar.left + bar.width <= 1 for bar in strip.bars)
    first, second = strips([stay(1, 0, 10), stay(2, 10 + 72.1, 100)], [])
    assert (first.end, second.start) == (at(10), at(82.1))


def vital(hours):
    return {
        "kind": "vital signs",
        "measured_at": at(hours),
        "chiefcomplaint": None,
        "acuity": None,
    }


def test_vital_signs_stand_before_and_after_the_image():
    rows = [vital(hours) for hours in (2, -3, 0, 1, -1)]
    found = _measures(rows, {"study_at": at(0)})
    told = {
        side: [(row["measured_at"] - START) / timedelta(hours=1) for row in found[side]]
        for side in ("before", "after")
    }
    assert told == {"before": [-3, -1, 0], "after": [1, 2]}


def step(left, patients=1000):
    return {
        "step": "a step",
        "n_images": patients,
        "n_studies": patients,
        "n_patients": patients,
        "n_patients_left": left,
    }


@pytest.mark.parametrize(
    ("left", "hidden"),
    [
        pytest.param([0, 50, 40], [False, False, False], id="many"),
        pytest.param([0, 4, 40], [False, True, False], id="few leave, then many"),
        pytest.param([0, 4, 4], [False, True, True], id="few leave twice"),
        pytest.param([0, 4, 4, 4], [False, True, True, False], id="few leave until they are many"),
        pytest.param([0, 4, 0, 20], [False, True, True, False], id="few leave, then nobody"),
    ],
)
def test_no_step_tells_how_few_left_since_the_last_that_is_told(left, hidden):
    found = _funnel([step(one) for one in left], Guard())
    assert [one["n_patients"].is_hidden for one in found] == hidden


def test_a_hidden_count_has_no_height_of_its_own():
    for count in (1, 9):
        cells = {"within": [Cell(100, 50), Cell(count, 3, is_hidden=True)]}
        told = chart("Hours", "", ["a", "b"], cells, {})
        [[shown], [hidden]] = [column.parts for column in told.columns]
        assert (hidden.height, hidden.count) == (6.0, None)
        assert shown.height == HEIGHT - 18 and shown.count == 100
