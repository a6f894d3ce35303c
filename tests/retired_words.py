"""The words that this project no longer uses, looked for in names, prose and messages.

    python tests/retired_words.py            # every use that is not allowed; exit 1 if any
    python tests/retired_words.py --allow    # write the uses that are left to the allowance

`tests/retired_words.txt` allows so many uses in a file. The numbers only go down.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWANCE = Path(__file__).with_suffix(".txt")
# Words of our own, of which the field has one: house style, "Words".
RETIRED = re.compile(
    r"(?<![a-z])(?:told|odd|nobody|room|sought|settled?|settles|settling|spool|heap|marks|anew"
    r"|needless(?:ly)?|unclear|whose|stand(?:s|ing)?[ _]ins?|stood[ _]in)(?![a-z])",
    re.IGNORECASE,
)
# Modules are called after what they hold.
MODULES = {"why", "small", "heap", "room", "sought", "spool", "keep", "take", "told"}
# A docstring begins with a verb or a noun.
QUESTIONS = re.compile(r"(?:What|Whether|Whose|Which)\b")


def uses(file: Path) -> Iterator[tuple[int, str]]:
    """Line and word of every retired word, question and module name of a file."""
    text = file.read_text(encoding="utf-8")
    if file.stem in MODULES:
        yield 1, f"module {file.stem}"
    if file.suffix != ".py":
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((number, match.group()) for match in RETIRED.finditer(line))
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kinds = (tokenize.NAME, tokenize.STRING, tokenize.COMMENT)
        if token.type in kinds or "FSTRING" in tokenize.tok_name[token.type]:
            for number, line in enumerate(token.string.splitlines(), token.start[0]):
                yield from ((number, match.group()) for match in RETIRED.finditer(line))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            docstring = ast.get_docstring(node) or ""
            if match := QUESTIONS.match(docstring):
                yield getattr(node, "lineno", 1), f"docstring {match.group()}"


def files() -> Iterator[Path]:
    for folder, pattern in (("mimiceye_duck", "*.py"), ("sql", "*.sql"), ("sql", "*.j2")):
        yield from sorted((ROOT / folder).rglob(pattern))


def allowance() -> dict[str, int]:
    lines = ALLOWANCE.read_text(encoding="utf-8").splitlines() if ALLOWANCE.exists() else []
    return {name: int(number) for number, name in (line.split(" ", 1) for line in lines)}


def main(arguments: list[str]) -> int:
    found = {file.relative_to(ROOT).as_posix(): list(uses(file)) for file in files()}
    counts = Counter({name: len(lines) for name, lines in found.items() if lines})
    if "--allow" in arguments:
        lines = [f"{number} {name}\n" for name, number in sorted(counts.items())]
        ALLOWANCE.write_text("".join(lines), encoding="utf-8")
        return 0
    allowed = allowance()
    wrong = [name for name in sorted(counts) if counts[name] > allowed.get(name, 0)]
    for name in wrong:
        for line, word in found[name]:
            print(f"{name}:{line}: {word}")
        print(f"{name}: {counts[name]} retired words, {allowed.get(name, 0)} allowed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
