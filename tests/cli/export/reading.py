"""What an exported folder holds, for tests to look at."""

import json

import pyarrow.parquet


def files(out):
    """The files below a folder, hidden ones too, as bytes."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def listed(out):
    """What dataset.json says of each table."""
    return {one["name"]: one for one in json.loads((out / "dataset.json").read_text())["tables"]}


def column(file, name="subject_id"):
    return pyarrow.parquet.read_table(file, columns=[name]).column(0).to_pylist()
