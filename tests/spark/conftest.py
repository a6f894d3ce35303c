"""The answers of one Spark session, which starts once a test run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engines.models import COMPARED
from tests.shared import Shared


@pytest.fixture(scope="session")
def on_spark(
    shared: Shared,
    command: Callable[..., Any],
    made_up: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> Any:
    """All that the tests want of Spark; skipped where it cannot be."""
    from tests.spark import spark

    spark.skip_without()
    try:
        demos = request.getfixturevalue("around_demos")
    except pytest.skip.Exception:
        demos = None
    source = made_up()
    return shared.make(
        "spark", (), lambda folder: spark.everything(command, folder, source, demos, COMPARED)
    )
