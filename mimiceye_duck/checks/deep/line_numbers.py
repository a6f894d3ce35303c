"""On which line of a file a record begins; a quoted cell may go over several."""

import csv
from collections.abc import Iterable
from pathlib import Path

from mimiceye_duck.readers.headers import open_text


def lines_of(file: Path, records: Iterable[int]) -> list[int]:
    """The lines of some records, both counted from 1; the header is no record.

    Empty when the file cannot be read so far.
    """
    wanted = set(records)
    found: list[int] = []
    try:
        with open_text(file) as text:
            reader = csv.reader(text)
            next(reader, None)
            number, line = 0, reader.line_num + 1
            for record in reader:
                number += bool(record)  # an empty line is none
                if record and number in wanted:
                    found.append(line)
                    if len(found) == len(wanted):
                        return found
                line = reader.line_num + 1
    except (OSError, EOFError, ValueError, csv.Error):
        return []
    return []
