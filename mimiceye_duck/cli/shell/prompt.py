"""The shell's prompt: line editing, history, completion."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer
from prompt_toolkit.filters import has_selection, is_searching
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import Output
from pygments.lexers.sql import SqlLexer

PROMPT = "mimiceye> "


def typed(
    completer: Completer,
    is_whole: Callable[[str], bool],
    *,
    input: Input | None = None,
    output: Output | None = None,
) -> Iterator[str]:
    """Texts typed at the prompt, until Ctrl-D; Enter goes on until `is_whole`.

    `input` and `output` are the terminal unless given.
    """
    session: PromptSession[str] = PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation="...> ".rjust(len(PROMPT)),
        completer=completer,
        # On Tab only: a menu at every letter is slow over a far line.
        complete_while_typing=False,
        lexer=PygmentsLexer(SqlLexer),
        history=_history(),
        key_bindings=_keys(is_whole),
        enable_suspend=True,
        input=input,
        output=output,
    )
    while True:
        try:
            text = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        yield text


def _keys(is_whole: Callable[[str], bool]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=~is_searching & ~has_selection)
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline()

    return keys


def _history() -> History:
    file = Path(typer.get_app_dir("mimiceye-duck")) / "history"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Questions may name patients.
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        file.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return _KeptHistory(file)


class _KeptHistory(FileHistory):
    def store_string(self, string: str) -> None:
        # A full disk must not end the shell.
        with suppress(OSError):
            super().store_string(string)
