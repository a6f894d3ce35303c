"""The index: every built patient, searched and filtered without a server."""

from pathlib import Path

import duckdb
import pytest

from mimiceye_duck.pages.browse import browse


@pytest.fixture(scope="module")
def folder(made_up, built, tmp_path_factory) -> Path:
    out = built(made_up())
    return browse(out / "mimiceye.duckdb", tmp_path_factory.mktemp("browse") / "pages").parent


def test_every_built_patient_has_a_line_and_a_page(folder, made_up, built, looking):
    with duckdb.connect(str(built(made_up()) / "mimiceye.duckdb"), read_only=True) as connection:
        wanted = {str(one) for (one,) in connection.execute("from cohort.subjects").fetchall()}
    with looking(folder / "index.html") as page:
        links = page.query_selector_all("tbody a")
        assert {link.inner_text() for link in links} == wanted
        links[0].click()
        page.wait_for_selector("h1:has-text('Patient')")


def test_lines_are_searched_and_filtered(folder, looking):
    with looking(folder / "index.html", 360) as page:
        visible = "tbody tr:not([hidden])"
        every = page.locator(visible).count()
        first = page.locator("tbody a").first.inner_text()
        page.fill("[name=id]", first)
        assert page.locator(visible).count() == 1
        assert page.inner_text("#count") == f"1 of {every} patients"
        page.fill("[name=id]", "")
        page.select_option("[name=dataset]", "EyeGaze")
        kept = page.locator(visible).all_inner_texts()
        assert 0 < len(kept) < every and all("EyeGaze" in line for line in kept)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
