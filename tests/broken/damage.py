"""Ways to break a file."""

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.broken.tiny import SECRET, change, put, take
from tests.conftest import Table, csv_bytes, read_csv

Damage = Callable[[Path], object]
Bytes = Callable[[bytes], bytes]

PAGE = b"<!DOCTYPE html>\n<html><body>%s</body></html>\n" % SECRET.encode()


def replaced(content: bytes) -> Damage:
    """By other bytes."""
    return lambda file: put_bytes(file, content)


def put_bytes(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def packed(damage: Bytes) -> Damage:
    """In the bytes that lie there."""
    return lambda file: file.write_bytes(damage(file.read_bytes()))


def repacked(pack: Bytes) -> Damage:
    """By another way to pack its text."""
    return lambda file: file.write_bytes(pack(take(file)))


def text(damage: Bytes) -> Damage:
    """In its text, packed again."""
    return lambda file: put(file, damage(take(file)))


def row(number: int, damage: Bytes) -> Damage:
    """In one line of a table, the header being 0."""

    def damaged(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[number] = damage(lines[number])
        return b"".join(lines)

    return text(damaged)


def rows(damage: Bytes) -> Damage:
    """In every line of a table but the header."""

    def damaged(content: bytes) -> bytes:
        header, *lines = content.splitlines(keepends=True)
        return b"".join([header, *map(damage, lines)])

    return text(damaged)


def header(damage: Bytes) -> Damage:
    return row(0, damage)


def named(old: str, new: str) -> Damage:
    """By another name of a column."""
    return header(lambda line: line.replace(old.encode(), new.encode(), 1))


def added(name: str, cell: str = "") -> Damage:
    """By a column more, the same cell in each row."""

    def damage(file: Path) -> None:
        table = read_csv(file)
        rows_of_it = [[*row, cell] for row in table.rows]
        put(file, csv_bytes(Table([*table.header, name], rows_of_it)))

    return damage


def ordered(order: Callable[[list[str]], list[str]]) -> Damage:
    """By another order of its columns."""

    def damage(file: Path) -> None:
        table = read_csv(file)
        put(file, csv_bytes(Table(order(table.header), [order(row) for row in table.rows])))

    return damage


def both(*damages: Damage) -> Damage:
    return lambda file: [damage(file) for damage in damages]


def long(content: bytes) -> bytes:
    """A table of 30,000 rows: DuckDB guesses at its form by the first 20,480."""
    lines = content.splitlines(keepends=True)
    return lines[0] + b"".join(lines[1 + number % 2] for number in range(30_000))


def far(damage: Bytes) -> Damage:
    """In a row that is read last, long after the first are looked at."""
    return both(text(long), row(30_000, damage))


def secret(new: bytes) -> Bytes:
    """The first secret of a line replaced; `@` in the replacement is the secret."""
    return lambda line: line.replace(SECRET.encode(), new.replace(b"@", SECRET.encode()), 1)


def more(line: bytes) -> bytes:
    """A line with a cell more."""
    return line[:-1] + b",x\n"


def empty(line: bytes) -> bytes:
    """A line with an empty cell more."""
    return line[:-1] + b",\n"


def fewer(line: bytes) -> bytes:
    """A line without its first cell."""
    return line.partition(b",")[2]


def cells(**first: str) -> Damage:
    """By other cells in the first row."""
    return lambda file: change(file, first=first)


def again(**more: str) -> Damage:
    """By the first row once more, with other cells."""
    return lambda file: change(file, more=[more])


def blocks(content: bytes) -> bytes:
    """Gzip of two blocks whose bytes are stored as they are."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    half = len(content) // 2
    first = packer.compress(content[:half]) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + packer.compress(content[half:]) + packer.flush()


def second_block(data: bytes) -> int:
    """Where the second block of `blocks` begins, behind the mark of a full flush."""
    return data.index(b"\0\0\xff\xff") + 4


def flipped(place: Callable[[bytes], int], bits: int) -> Damage:
    """By some bits of a byte turned over in a file of two stored blocks."""

    def damage(file: Path) -> None:
        data = bytearray(blocks(take(file)))
        data[place(bytes(data))] ^= bits
        file.write_bytes(data)

    return damage


def members(*parts: bytes) -> bytes:
    """Gzip of several members."""
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def halves(content: bytes) -> tuple[bytes, bytes]:
    return content[: len(content) // 2], content[len(content) // 2 :]


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def link(target: str) -> Damage:
    return lambda file: (file.unlink(), file.symlink_to(target))


def directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def circle(file: Path) -> None:
    """Two links that lead to each other."""
    link("other.gz")(file)
    file.with_name("other.gz").symlink_to(file)
