"""JSON files that an export writes, and reads again when it finds them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Write an object as people can read it."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def read(file: Path, shape: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object in a file; None where there is none that `fits` what we write."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if fits(content, shape) else None


def fits(value: object, shape: Any) -> bool:
    """True if a value is of a type, or has what a mapping names, or is a list of such.

    >>> fits({"name": "a", "n": [1, 2]}, {"n": [int]})
    True
    >>> fits({"name": "a", "n": [1, "b"]}, {"n": [int]})
    False
    """
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], part) for name, part in shape.items()
        )
    if isinstance(shape, list):
        [part] = shape
        return isinstance(value, list) and all(fits(one, part) for one in value)
    return isinstance(value, shape)
