"""A value as text, laid out over lines and bounded in size whatever the value is and does.

In two steps. `_Reader` turns the value into a tree of texts; only here is the user's code called, each `__repr__`
once, and reading stops when the limit is reached. `_lay_out` then decides, as pretty printers do, what stands on
one line and what is broken up.

Exact built-in containers and dataclasses are taken apart; everything else is its `repr`, and where that raises, the
name of its type and what was raised. (A repr that never ends is not bounded here: see `time_limit`.)
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import type_name

WIDTH = 72
"""What a terminal of 80 columns has for it beside the numbers of lines; a line that is longer is broken anywhere."""
LIMIT = 10_000
ENTRIES = 50
DEPTH = 20
MORE = "…"


def result_text(value: object, *, width: int = WIDTH, limit: int = LIMIT, entries: int = ENTRIES) -> str:
    """`value` as text of at most `limit` characters, in lines of `width` where it can be broken up at all, with at
    most `entries` entries of each container.

    >>> result_text({"a": [1, 2], "b": "x"})
    "{'a': [1, 2], 'b': 'x'}"
    >>> print(result_text({"numbers": list(range(8)), "name": "x"}, width=30))
    {'numbers': [0, 1, 2, 3, 4,
                 5, 6, 7],
     'name': 'x'}
    >>> result_text(range(3)), result_text([7] * 100, entries=2)
    ('range(0, 3)', '[7, 7, … 98 more]')
    """
    tree = _Reader(limit, entries).read(value)
    return _cut(_lay_out(tree, 0, width), limit)


@frozen
class _Group:
    """Entries between brackets; each has a text in front of it, such as `'key': `."""

    open: str
    entries: tuple[tuple[str, _Tree], ...]
    close: str
    fills: bool
    """Whether short entries share a line."""


_Tree: TypeAlias = _Group | str


@frozen
class _Container:
    """A value that is taken apart; `entries` is lazy, for reading may stop anywhere."""

    open: str
    entries: Iterator[tuple[str, object]]
    close: str
    size: int
    fills: bool


class _Reader:
    def __init__(self, limit: int, entries: int) -> None:
        self._left = limit
        self._entries = entries
        self._path: list[int] = []

    def read(self, value: object) -> _Tree:
        try:
            container = self._take_apart(value)
            return self._leaf(value) if container is None else self._group(container, id(value))
        except Exception as error:  # a hostile class, or another thread changes the container meanwhile
            return self._spend(_instead_of_repr(value, error))

    def _take_apart(self, value: object) -> _Container | None:
        if type(value) is dict:
            return self._mapping("{", value, "}")
        if type(value) is defaultdict:
            return self._mapping(f"defaultdict({_repr(value.default_factory, WIDTH)}, {{", value, "})")
        if type(value) is OrderedDict:
            return self._mapping("OrderedDict({", value, "})")
        if type(value) is list:
            return self._sequence("[", value, "]")
        if type(value) is tuple:
            return self._sequence("(", value, ",)" if len(value) == 1 else ")")
        if type(value) is deque:
            return self._sequence("deque([", value, "])" if value.maxlen is None else f"], maxlen={value.maxlen})")
        if type(value) is set and value:
            return self._sequence("{", value, "}")
        if type(value) is frozenset and value:
            return self._sequence("frozenset({", value, "})")
        return self._fields(value) if _has_generated_repr(type(value)) else None

    def _mapping(self, open: str, value: Mapping[object, object], close: str) -> _Container:
        entries = ((f"{_flat(self.read(key))}: ", item) for key, item in value.items())
        return _Container(open, entries, close, len(value), fills=False)

    def _sequence(self, open: str, value: Collection[object], close: str) -> _Container:
        return _Container(open, (("", item) for item in value), close, len(value), fills=True)

    def _fields(self, value: object) -> _Container:
        names = [field.name for field in dataclasses.fields(type(value)) if field.repr]  # type: ignore[arg-type]
        entries = ((f"{name}=", getattr(value, name)) for name in names)
        return _Container(f"{type(value).__qualname__}(", entries, ")", len(names), fills=False)

    def _group(self, container: _Container, identity: int) -> _Tree:
        self._spend(container.open + container.close)
        if identity in self._path or len(self._path) == DEPTH:
            return container.open + MORE + container.close
        self._path.append(identity)
        try:
            entries = [(prefix, self.read(item)) for prefix, item in self._while_room(container.entries)]
        finally:
            self._path.pop()
        if len(entries) < container.size:
            entries.append(("", f"{MORE} {container.size - len(entries)} more"))
        return _Group(container.open, tuple(entries), container.close, container.fills)

    def _while_room(self, entries: Iterator[tuple[str, object]]) -> Iterator[tuple[str, object]]:
        for entry in islice(entries, self._entries):
            yield entry
            self._spend(", ")
            if self._left <= 0:
                return

    def _leaf(self, value: object) -> str:
        return self._spend(_repr(value, max(self._left, 1)))

    def _spend(self, text: str) -> str:
        self._left -= len(text)
        return text


def _has_generated_repr(kind: type) -> bool:
    """Whether @dataclass wrote the `__repr__` of this class, so that it shows the fields and no more."""
    if not dataclasses.is_dataclass(kind):
        return False
    wrapped = getattr(kind.__repr__, "__wrapped__", None)
    return wrapped is not None and "__create_fn__" in wrapped.__qualname__


def _repr(value: object, limit: int) -> str:
    if (type(value) is str or type(value) is bytes or type(value) is bytearray) and len(value) > limit:
        value = value[:limit]
    return _cut(str.__str__(repr(value)), limit)


def _instead_of_repr(value: object, error: Exception) -> str:
    return f"<{type_name(value)}: its repr raised {_cut(one_line(error), WIDTH)}>"


def one_line(error: Exception) -> str:
    """Its type and message, whatever its own methods do."""
    try:
        return " ".join(f"{type(error).__name__}: {error}".split())
    except Exception:  # the last resort in a chain of hostile code
        return "an exception that cannot be shown"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(MORE)] + MORE


def _flat(tree: _Tree) -> str:
    if isinstance(tree, str):
        return tree
    return tree.open + ", ".join(prefix + _flat(item) for prefix, item in tree.entries) + tree.close


def _lay_out(tree: _Tree, column: int, width: int) -> str:
    """`tree` as text that starts at `column`; further lines are indented to stand below it."""
    flat = _flat(tree)
    if isinstance(tree, str) or "\n" in flat:
        broken = flat.replace("\n", "\n" + " " * column)
        return broken if isinstance(tree, str) else _broken(tree, column, width)
    return flat if column + len(flat) <= width else _broken(tree, column, width)


def _broken(group: _Group, column: int, width: int) -> str:
    """One entry a line, or where the group fills, as many as the line takes."""
    text, used = group.open, column + len(group.open)
    column = min(used, width // 2)  # deep nesting must not push everything off the screen
    between = ",\n" + " " * column
    for number, (prefix, item) in enumerate(group.entries):
        entry = prefix + _lay_out(item, column + len(prefix), width - 1)
        size = len(entry) if group.fills and "\n" not in entry else width
        if number and used + size + 2 < width:
            text += ", "
            used += 2
        elif number:
            text += between
            used = column
        text += entry
        used += size
    return text + group.close
