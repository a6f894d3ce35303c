"""Pictures decoded to their last pixel, and the headers of sounds.

What a decoder mends without a word, such as pixels lost between whole ends, only checksums find.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

from mimiceye_duck.checks.deep.check_cache import Memory, key_of
from mimiceye_duck.checks.deep.file_sets import named
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.findings import FAILED, PASSED, Result
from mimiceye_duck.core.limits import PIXELS
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.core.running.threads import on_threads
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers import file_sets
from mimiceye_duck.readers.pictures import FORMATS, TOO_LARGE, read_header
from mimiceye_duck.readers.sources import Source, Sources


def check_pictures(
    sources: Sources, memory: Memory, threads: int, steps: Steps
) -> Iterator[Result]:
    """Decode each picture of the download; a result for each set of them."""
    sets = {
        source.contract.id: list(file_sets.files(source))
        for source in sources.tables.values()
        if source.contract.is_file_set and source.contract.format in FORMATS
    }
    with steps.step("decoding pictures", sum(map(len, sets.values()))) as step:
        for name, files in sets.items():
            source = sources.tables[name]

            def one(file: Path, source: Source = source) -> str | None:
                step.advance(1)
                return _problem(file, source.contract.format, memory)

            problems = on_threads(one, files, threads, lambda: None)
            wrong = {file: what for file, what in zip(files, problems, strict=True) if what}
            if files:
                yield _result(source, len(files), wrong)


def _result(source: Source, n_files: int, wrong: dict[Path, str]) -> Result:
    about, where = source.contract.id, str(source.folders[0])
    if not wrong:
        return Result("pictures", about, PASSED, "", where)
    first = next(iter(wrong.values()))
    message = f"{about}: {len(wrong):,} of {n_files:,} files are damaged; the first {first}"
    hint = "download them again"
    return Result("pictures", about, FAILED, message, where, named(list(wrong)), hint)


def _problem(file: Path, kind: str, memory: Memory) -> str | None:
    try:
        key = digest("decoded", key_of(file))
    except OSError as error:
        return f"cannot be read ({type(error).__name__})"
    if memory.get(key):
        return None
    _, columns, problem = read_header(file, kind)
    if not problem and columns:
        problem = _undecodable(file)
    if not problem:
        memory.put(key, True)
    return problem


def _undecodable(file: Path) -> str | None:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as opened:
                # A file may have two headers.
                if opened.width * opened.height > PIXELS:
                    return TOO_LARGE
                opened.load()
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged file makes Pillow do
        if is_of_machine(error):
            raise
        return "cannot be decoded"
    return None
