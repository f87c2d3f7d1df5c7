"""Which modules stand on which, found in their sources: what must go when one of them changes.

Only what a module imports when it is loaded counts. An import within a function is done anew by its next call, and a
module that is dropped without need loses its state.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping


def imports_of(source: bytes, module: str, is_package: bool) -> frozenset[str]:
    """The modules that loading `module` may import, by full name, and some names that are none; nothing, where the
    source is no Python.

    >>> sorted(imports_of(b"import a.b\\nfrom . import c", "pkg.sub", False))
    ['a', 'a.b', 'pkg', 'pkg.c']
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    package = module if is_package else module.rpartition(".")[0]
    names = {name for statement in _statements(tree) for name in _imported(statement, package)}
    return frozenset(prefix for name in names for prefix in _prefixes(name))


def standing_on(changed: Iterable[str], imports: Mapping[str, frozenset[str]]) -> set[str]:
    """Of the modules in `imports` those that are `changed`, import one that has to go, or lie in one.

    >>> sorted(standing_on({"a"}, {"a": frozenset(), "b": frozenset({"a"}), "b.c": frozenset(), "d": frozenset()}))
    ['a', 'b', 'b.c']
    """
    gone = set(changed)
    while more := {name for name, used in imports.items() if name not in gone and _falls(name, used, gone)}:
        gone |= more
    return gone & imports.keys()


def _falls(name: str, used: frozenset[str], gone: set[str]) -> bool:
    return not used.isdisjoint(gone) or any(outer in gone for outer in _prefixes(name))


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Those that are performed when the module is loaded."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr):
            yield from _statements(child)


def _imported(statement: ast.stmt, package: str) -> Iterator[str]:
    match statement:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module, names, level):
            base = ".".join(filter(None, [_outer(package, level or 0), module]))
            yield base
            yield from (f"{base}.{alias.name}" for alias in names)


def _outer(package: str, level: int) -> str:
    """What the dots of a relative import stand for."""
    if not level:
        return ""
    parts = package.split(".")
    return ".".join(parts[: len(parts) - level + 1])


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
