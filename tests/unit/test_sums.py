"""SHA256SUMS.txt, however the program that wrote it spells a digest and a path."""

import os
import tracemalloc

import pytest

from mimiceye_duck.checks.checksum_lists import NAME, read_sums, tables_listed

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("line", "path"),
    [
        pytest.param(f"{DIGEST} ed/edstays.csv.gz\n", "ed/edstays.csv.gz", id="PhysioNet"),
        pytest.param(f"{DIGEST}  ed/edstays.csv.gz\n", "ed/edstays.csv.gz", id="sha256sum"),
        pytest.param(f"{DIGEST} *ed/edstays.csv.gz\n", "ed/edstays.csv.gz", id="its binary mode"),
        pytest.param(f"{DIGEST}  ./ed/edstays.csv.gz\n", "ed/edstays.csv.gz", id="from find"),
        pytest.param(f"{DIGEST.upper()} ed/edstays.csv.gz\n", "ed/edstays.csv.gz", id="capitals"),
        pytest.param(f"{DIGEST} ed/edstays.csv.gz\r\n", "ed/edstays.csv.gz", id="Windows"),
        pytest.param(f"{DIGEST} ed/edstays.csv.gz", "ed/edstays.csv.gz", id="no line end"),
        pytest.param(f"{DIGEST} ed/a b é.csv\n", "ed/a b é.csv", id="a name with blanks"),
        pytest.param(f"{DIGEST[1:]} ed/edstays.csv.gz\n", None, id="a digit too few"),
        pytest.param(f"{DIGEST}0 ed/edstays.csv.gz\n", None, id="a digit too many"),
        pytest.param("<html>\n", None, id="a web page"),
        pytest.param("\n", None, id="an empty line"),
    ],
)
def test_a_line_is_read_in_any_spelling(line, path, tmp_path):
    (tmp_path / NAME).write_text(line, encoding="utf-8", newline="")
    wanted = {path: DIGEST} if path else {}
    assert read_sums(tmp_path, lambda path: True) == wanted
    assert tables_listed(tmp_path) == wanted


def test_a_list_that_is_one_endless_line_takes_no_memory(tmp_path):
    line = f"{DIGEST} ed/edstays.csv.gz\n".encode()
    (tmp_path / NAME).write_bytes(line + bytes(32 << 20) + b"\n" + line)
    tracemalloc.start()
    assert read_sums(tmp_path, lambda path: True) == {"ed/edstays.csv.gz": DIGEST}
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_for_a_list_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / NAME)
    assert read_sums(tmp_path, lambda path: True) == {} == tables_listed(tmp_path)
