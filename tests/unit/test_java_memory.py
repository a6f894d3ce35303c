"""How much memory the Java that Spark starts is told to take."""

import pytest

from mimiceye_duck.pipeline.spark.build import _memory


@pytest.mark.parametrize(
    ("limit", "mebibytes"), [("2GB", 1907), ("512MiB", 512), ("1.5GiB", 1536), ("2000000 kB", 1907)]
)
def test_a_limit_is_told_to_java_in_mebibytes(limit, mebibytes):
    assert _memory("local[*]", limit) == _memory("yarn", limit) == f"{mebibytes}m"
