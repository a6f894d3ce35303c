"""Pages in Debian's chromium."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; the tests that want one are skipped where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not there: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright: pip install .[dev]")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def looking(chromium: Any) -> Callable[..., Any]:
    """Open a page; at its end it must have asked no network and told no error."""

    @contextmanager
    def look(file: Path, width: int = 1600, scheme: str = "light", height: int = 1000) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page = context.new_page()
        asked: list[str] = []
        told: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(file.absolute().as_uri())
        yield page
        context.close()
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert told == []

    return look
