"""The report: a build's own numbers, few patients hidden."""

import json
import re
from pathlib import Path

import pytest

from mimiceye_duck.pages.report import report as write_report


@pytest.fixture(scope="module")
def out(made_up, built) -> Path:
    return built(made_up(patients=40), cohort="all")


def test_every_build_leaves_its_report(out):
    text = (out / "report.html").read_text(encoding="utf-8")
    figures = json.loads((out / "build.json").read_text(encoding="utf-8"))["figures"]
    images = next(value for name, value, _ in figures if name == "images")
    assert f"{int(images):,}" in text and "377,110" in text
    assert "http-equiv" in text and not re.search(r"(?:src|href)=.https?:", text)


def test_few_patients_are_hidden_unless_asked(out, tmp_path, looking):
    shown = {}
    for small in (False, True):
        file = write_report(out / "mimiceye.duckdb", tmp_path / f"{small}.html", shows_small=small)
        with looking(file) as page:
            page.eval_on_selector_all("details", "(all) => all.forEach((one) => (one.open = true))")
            shown[small] = page.inner_text("main")
    assert "under 10" in shown[False] and "under 10" not in shown[True]
    hidden = len(re.findall("under 10", shown[False]))
    assert hidden > 3


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(out, looking, width, scheme):
    with looking(out / "report.html", width, scheme) as page:
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        names = "(all) => all.filter((one) => !one.querySelector('title, [id]')).length"
        assert page.eval_on_selector_all("svg[role=img]:not([aria-label])", names) == 0
