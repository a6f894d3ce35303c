"""Rules of this house that no linter knows: words, docstrings, sizes. Exit 1 if one is broken.

python tests/house_rules.py
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mimiceye_duck"
# Words of our own, of which the field has one: house style, "Words".
RETIRED = re.compile(
    r"(?<![a-z])(?:told|odd|nobody|room|sought|settled?|settles|settling|spool|heap|marks|anew"
    r"|needless(?:ly)?|unclear|whose|stand(?:s|ing)?[ _]ins?|stood[ _]in)(?![a-z])",
    re.IGNORECASE,
)
# Modules are called after what they hold.
MODULES = {"why", "small", "heap", "room", "sought", "spool", "keep", "take", "told"}
# The comment on a line of Python that must have such a word.
ALLOWED = "# allowed:"
# A docstring begins with a verb or a noun.
QUESTIONS = re.compile(r"(?:What|Whether|Whose|Which|Who|How|Why|Where|When)\b")
LINES_OF_MODULE, LINES_OF_FUNCTION, MODULES_OF_PACKAGE = 300, 60, 12
TERMS_OF_GLOSSARY = 25


def words(file: Path) -> Iterator[tuple[int, str]]:
    """Line and word of every retired word and module name of a file."""
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
            if ALLOWED in token.line:
                continue
            for number, line in enumerate(token.string.splitlines(), token.start[0]):
                yield from ((number, match.group()) for match in RETIRED.finditer(line))


def definitions(file: Path) -> Iterator[tuple[int, str]]:
    """Line and fault of every docstring that begins as a question, and of what is too long."""
    text = file.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > LINES_OF_MODULE:
        yield 1, f"{lines} lines, more than {LINES_OF_MODULE}"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        number = getattr(node, "lineno", 1)
        if match := QUESTIONS.match(ast.get_docstring(node) or ""):
            yield number, f"docstring {match.group()}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or number) - number + 1
            if lines > LINES_OF_FUNCTION:
                yield number, f"{node.name} has {lines} lines, more than {LINES_OF_FUNCTION}"


def packages() -> Iterator[str]:
    """Packages of too many modules, and a glossary of too many terms."""
    for folder in sorted({file.parent for file in PACKAGE.rglob("*.py")}):
        modules = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
        if len(modules) > MODULES_OF_PACKAGE:
            name = folder.relative_to(ROOT).as_posix()
            yield f"{name}: {len(modules)} modules, more than {MODULES_OF_PACKAGE}"
    glossary = (PACKAGE / "README.md").read_text(encoding="utf-8").partition("## Glossary")[2]
    terms = len(re.findall(r"^\| ", glossary, re.MULTILINE)) - 1
    if not 0 < terms <= TERMS_OF_GLOSSARY:
        yield f"mimiceye_duck/README.md: {terms} terms, more than {TERMS_OF_GLOSSARY}"


def broken() -> Iterator[str]:
    """Every broken rule, a line each."""
    for folder, pattern in (("mimiceye_duck", "*.py"), ("sql", "*.sql"), ("sql", "*.j2")):
        for file in sorted((ROOT / folder).rglob(pattern)):
            found = [*words(file), *(definitions(file) if file.suffix == ".py" else ())]
            name = file.relative_to(ROOT).as_posix()
            yield from (f"{name}:{line}: {fault}" for line, fault in found)
    yield from packages()


if __name__ == "__main__":
    lines = list(broken())
    print("\n".join(lines) if lines else "the house rules hold")
    sys.exit(bool(lines))
