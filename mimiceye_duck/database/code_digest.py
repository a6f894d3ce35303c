"""Digests of the code that makes an output: a module and all that it imports.

Comments and docstrings do not count, nor do modules that only wait, report or share the work:
what they do changes no byte of what is written. A SQL template counts where a module names it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from mimiceye_duck.catalog.installation import PACKAGE, SQL
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.files.caches import parsed

# Modules and packages that decide nothing of what is written.
NOT_DECIDING = frozenset(
    f"mimiceye_duck.{name}"
    for name in (
        "core.files.caches",
        "core.errors",
        "core.findings",
        "core.files.lock",
        "core.running.machine",
        "core.files.privacy",
        "core.running.processes",
        "core.running.progress",
        "core.running.threads",
        "database.code_digest",
        "database.disk_space",
        "database.errors",
        "database.interrupts",
        "database.parallel",
        "pipeline.node",
        "pipeline.state",
    )
)


@cache
def code(*modules: str) -> str:
    """The digest of modules of this package, of what they import, and of the engine.

    >>> code("database.engine") == code("database.engine", "core.running.progress")
    True
    """
    found = _parsed()
    names = sorted(deciding(*modules))
    return digest(duckdb.__version__, [found[name]["digest"] for name in names])


def deciding(*modules: str) -> set[str]:
    """The modules that `code` of these is a digest of."""
    found = _parsed()
    reached: set[str] = set()
    waiting = [f"mimiceye_duck.{name}" for name in modules]
    while waiting:
        name = waiting.pop()
        if name not in reached and not _is_left_out(name):
            reached.add(name)
            waiting += [module for module in found[name]["imports"] if module in found]
    return reached


def _is_left_out(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in NOT_DECIDING)


@cache
def _parsed() -> Mapping[str, Any]:
    """Of each module of the package its digest, and the modules it imports while it runs."""
    modules = {_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}
    templates = sorted((SQL / "templates").iterdir())
    found: dict[str, Any] = parsed(
        "code",
        [*modules.values(), *templates],
        lambda: _parse(modules, {file.name.split(".")[0]: file for file in templates}),
    )
    return found


def _name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _parse(modules: Mapping[str, Path], templates: Mapping[str, Path]) -> dict[str, Any]:
    found = {}
    for name, file in modules.items():
        tree = ast.parse(file.read_bytes())
        nodes = [tree, *_nodes(tree)]
        imports = {one for node in nodes for one in _imports(node)} - {name}
        words = {node.value for node in nodes if isinstance(node, ast.Constant)}
        named = sorted(word for word in words if isinstance(word, str) and word in templates)
        texts = [templates[word].read_text(encoding="utf-8") for word in named]
        _drop_docstrings(nodes)
        found[name] = {"digest": digest(ast.dump(tree), texts), "imports": sorted(imports)}
    return found


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module, but for what only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        yield node
        yield from _nodes(node)


def _imports(node: ast.AST) -> Iterator[str]:
    """Names that may be modules: `from package import name` may name either."""
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{one.name}" for one in node.names)
    elif isinstance(node, ast.Import):
        yield from (one.name for one in node.names)


def _drop_docstrings(nodes: Iterable[ast.AST]) -> None:
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
