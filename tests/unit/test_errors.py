"""Errors of a full disk, of the machine, and text that is safe to print."""

import errno
import os
from types import SimpleNamespace

import duckdb
import pytest

from mimiceye_duck.cli.main import _run
from mimiceye_duck.cli.printing.build_summary import warn
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.findings import WARNING, Result, by_reason
from mimiceye_duck.core.text import printable
from mimiceye_duck.database.disk_space import disk_full
from mimiceye_duck.database.errors import FullError, is_disk_full, is_of_machine, reason

ASYNC = 'IO Error: Async write failed for range [0, 1]: {"exception_message":"","errno":"%d"}'
FULL = [
    pytest.param(OSError(errno.ENOSPC, "x"), id="the system"),
    pytest.param(OSError(errno.EDQUOT, "x"), id="a quota"),
    pytest.param(FullError(Problem("x")), id="a database that was opened"),
    pytest.param(duckdb.IOException("Could not write: No space left on device"), id="a write"),
    pytest.param(duckdb.IOException("There is not enough space on the disk."), id="Windows"),
    pytest.param(duckdb.IOException("Could not write: Disk quota exceeded"), id="a quota's write"),
    pytest.param(duckdb.IOException(ASYNC % errno.ENOSPC), id="a write beside others"),
    pytest.param(duckdb.IOException(ASYNC % errno.EDQUOT), id="a quota's write beside others"),
    pytest.param(duckdb.IOException(ASYNC % 112), id="Windows' write beside others"),
    pytest.param(
        duckdb.OutOfMemoryException("failed to offload data block of size 256.0 KiB"), id="a spill"
    ),
]
OTHER = [
    pytest.param(OSError(errno.EIO, "No space left on device"), id="a broken disk"),
    pytest.param(
        duckdb.IOException('Cannot open file "/No space left on device/a": Permission denied'),
        id="a path with these words",
    ),
    pytest.param(duckdb.IOException(ASYNC % errno.EIO), id="a broken disk's write beside others"),
    pytest.param(duckdb.ConversionException("No space left on device"), id="a value"),
    pytest.param(UserError(Problem("No space left on device")), id="an error of ours"),
]


@pytest.mark.parametrize("error", FULL)
def test_a_full_disk_is_recognized_whoever_wrote(error):
    assert is_disk_full(error) and is_of_machine(error)


@pytest.mark.parametrize("error", OTHER)
def test_no_other_error_is_a_full_disk(error):
    assert not is_disk_full(error) and not is_of_machine(error)


UNSAFE = "a\nb\r\x1b[31m\x9b\u202e\u2066\u200f\udcff"
SAFE = "a\\nb\\r\\x1b[31m\\x9b\\u202e\\u2066\\u200f\\udcff"
PLAIN = "Lungenentzündung, 胸 'x' \u00a0\u3000 C:\\data"


def test_text_is_printed_without_what_commands_a_terminal():
    assert printable(UNSAFE) == SAFE and printable(SAFE) == SAFE and printable(PLAIN) == PLAIN


def test_every_message_is_printed_safely(capsys):
    warn([UNSAFE])
    texts = [
        str(Problem(UNSAFE, UNSAFE, UNSAFE, UNSAFE)).replace("\n  ", ""),
        Result("header", "", WARNING, UNSAFE, hint=UNSAFE).text,
        *by_reason([(UNSAFE, "it is empty")], "files"),
        capsys.readouterr().err.rstrip("\n"),
    ]
    for text in texts:
        assert SAFE in text and printable(text) == text


TOO_LARGE = [
    pytest.param(duckdb.IOException('Could not write file "a": File too large'), id="a write"),
    pytest.param(duckdb.TransactionException("Failed to commit: File too large"), id="an end"),
    pytest.param(duckdb.IOException(ASYNC % errno.EFBIG), id="a write beside others"),
]


@pytest.mark.parametrize("error", TOO_LARGE)
def test_a_limit_of_a_files_size_is_named_and_no_input_is_at_fault(error):
    assert "allows no file that is so large" in reason(error)
    assert is_of_machine(error) and not is_disk_full(error)


def test_a_path_with_the_words_of_a_limit_is_no_limit():
    error = duckdb.IOException('Cannot open file "/File too large/a": Permission denied')
    assert not is_of_machine(error) and "large" not in reason(error)
    assert is_of_machine(OSError(errno.EFBIG, "x"))


def test_a_disk_that_takes_no_more_files_is_named(monkeypatch, tmp_path):
    assert "whatever their size" not in str(disk_full([tmp_path], hint=""))
    sizes = {"f_frsize": 4096, "f_blocks": 9, "f_bfree": 9, "f_bavail": 9}
    few = SimpleNamespace(f_files=300, f_favail=5, **sizes)
    monkeypatch.setattr(os, "statvfs", lambda folder: few, raising=False)
    assert "5 more files are possible" in str(disk_full([tmp_path], hint=""))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (duckdb.OutOfMemoryException("SECRET"), "there is not enough memory"),
        (duckdb.TransactionException("SECRET"), "what was changed could not be written"),
        (ValueError("SECRET"), "ValueError"),
    ],
)
def test_an_unforeseen_error_is_told_without_its_text(error, words, capsys):
    def fail():
        raise error

    assert _run(fail, debug=False) == 1
    said = capsys.readouterr().err
    assert words in said and "SECRET" not in said
