"""Privacy of patient data: new files and folders are the owner's alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def owner_only(*, shared: bool = False) -> Iterator[None]:
    """Files made within can be read by their owner only, unless they are to be shared.

    The process's own setting rules all of its threads and the processes that it starts.
    Windows knows no such setting: there the folder's own rights decide.
    """
    if shared:
        yield
        return
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
