"""Keys that become a part of a path: none leads out of its folder or is a device of Windows."""

import pytest

from mimiceye_duck.pipeline.steps.named_files import _NAME

DEVICES = ["con", "PRN", "Aux", "nul", "COM1", "lpt9"]


@pytest.mark.parametrize(
    "key",
    ["P102R000001", "02aa804e-bde0afdd", "50000001", "a.b_c-d", "console", "com10", "a" * 200],
)
def test_a_plain_key_is_a_name(key):
    assert _NAME.fullmatch(key)


@pytest.mark.parametrize(
    "key",
    [
        *DEVICES,
        *(f"{device}.jpg" for device in DEVICES),
        *("", ".", "..", "../a", "a/b", "a\\b", "/a", "C:", "a:b", ".a", "-a", "_a", "a.", "a "),
        *("a\n", "a\0", "ä", "a*", "a?", "a" * 201),
    ],
)
def test_any_other_key_is_none(key):
    assert not _NAME.fullmatch(key)
