"""Things that a process of ours does without, and that another program may need in its own."""

import atexit
import gc
import os
import sys
from importlib.abc import MetaPathFinder

# Where they are installed, PyArrow loads pandas with its first array, pydicom requests.
_UNUSED = ("pandas", "requests")
_OBJECTS = 100_000


class _Absent(MetaPathFinder):
    """Finds these libraries nowhere, as where they are not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in _UNUSED:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def begin() -> None:
    """Start no more than our code needs: together a fifth of a small build."""
    sys.meta_path.insert(0, _Absent())
    # numpy would start a thread a processor, for algebra that nothing here does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Modules that are being loaded leave no cycles; at its end the process gives all back.
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
