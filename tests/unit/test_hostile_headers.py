"""First lines that do not end where a table's would."""

import tracemalloc
import zlib

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.readers.headers import check_header

MB = 1 << 20
STAYS = contracts()["mimiciv_ed.edstays"]

ENDLESS = {
    "zeros": (b"", b"\0" * MB),
    "letters": (b"", b"x" * MB),
    "empty names": (b"", b"," * MB),
    "a quote that never ends": (b'subject_id,"', b"x\n" * (MB // 2)),
    "quotes": (b"", b'"' * MB),
    "empty lines": (b"", b"\n" * MB),
    "a header that goes on": (",".join(c.header for c in STAYS.file_columns).encode(), b" " * MB),
}


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("case", ENDLESS)
def test_a_first_line_of_64_megabytes_is_refused_by_name_in_little_memory(case, packed, tmp_path):
    begin, block = ENDLESS[case]
    file = tmp_path / ("edstays.csv.gz" if packed else "edstays.csv")
    packer = zlib.compressobj(9, zlib.DEFLATED, 31) if packed else None
    with open(file, "wb") as opened:
        for piece in (begin, *[block] * 64):
            opened.write(packer.compress(piece) if packer else piece)
        opened.write(packer.flush() if packer else b"")
    tracemalloc.start()
    header, results = check_header(STAYS, file, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * MB
    assert header == () and [result.status for result in results] == ["failed"]
    assert results[0].path == str(file) and "Error" not in str(results[0])
