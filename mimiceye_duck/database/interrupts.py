"""Long work that a person or the system may stop at any moment."""

import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from mimiceye_duck.core.errors import Problem, UserError

# Windows has Ctrl-Break beside Ctrl-C, and ends a program without a signal.
_TO_TERMINATE = [getattr(signal, n) for n in ("SIGTERM", "SIGBREAK") if hasattr(signal, n)]
_TO_STOP = [signal.SIGINT, *_TO_TERMINATE]
_SECONDS = 0.1


@contextmanager
def stoppable() -> Iterator[None]:
    """A command's work, which a signal would end without a word.

    Raises `UserError` after Ctrl-C, or a signal to terminate as schedulers and shutdowns send it.
    """
    try:
        with _terminated_like_interrupted(), interruptible():
            yield
    except KeyboardInterrupt:
        raise UserError(Problem("stopped", hint="the same command completes the work")) from None


@contextmanager
def interruptible() -> Iterator[None]:
    """Stop DuckDB when a signal comes: Python hears of it only between two statements."""
    if not _hears_signals():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    heard = threading.Event()
    thread = threading.Thread(target=_pass_on, args=(reader, heard), daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    with ExitStack() as ending:
        ending.callback(reader.close)
        ending.callback(thread.join)
        ending.callback(writer.close)
        ending.callback(signal.set_wakeup_fd, before)
        try:
            yield
        except Exception:
            ending.close()  # what was sent has been heard then
            if heard.is_set():
                # Whatever it is, of a statement that was stopped or of what follows one.
                raise KeyboardInterrupt from None
            raise


def _pass_on(reader: socket.socket, heard: threading.Event) -> None:
    from mimiceye_duck.database import connection

    while True:
        # Again and again, since a statement may not have begun.
        ready, *_ = select.select([reader], [], [], _SECONDS if heard.is_set() else None)
        if ready:
            numbers = reader.recv(64)
            if not numbers:
                return
            if any(number in _TO_STOP for number in numbers):
                heard.set()
        if heard.is_set():
            connection.interrupt_all()


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    if not _hears_signals():
        yield
        return
    # One that is ignored, as `nohup` has it, stays so.
    ours = [number for number in _TO_TERMINATE if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _hears_signals() -> bool:
    # Only a program's main thread does; a notebook's cells may run in another.
    return threading.current_thread() is threading.main_thread()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
