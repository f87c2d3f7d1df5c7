"""The names that a text binds before the caret, read from its tokens: at once, and however broken the text is.

What jedi finds is better, and may come too late or not at all. Not seen: names of comprehensions and lambdas, and
what only running the text binds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import Kind
from notebook_tui.runtime.source_tokens import Token, tokens


@frozen
class Bound:
    """A name and where it was bound last."""

    kind: Kind
    start: int
    module: str = ""
    """What it was imported from, or which module it is."""
    member: str = ""
    """Its name there; empty if it is the module itself."""


@frozen
class TextNames:
    local: dict[str, Bound] = field(default_factory=dict)
    """Of the functions around the caret, arguments included, and of the class, if the caret stands right in one."""
    shared: dict[str, Bound] = field(default_factory=dict)
    """Of the whole text."""

    def find(self, name: str) -> Bound | None:
        return self.local.get(name) or self.shared.get(name)


def text_names(source: str, offset: int) -> TextNames:
    """What the text before `offset` binds, as seen from there.

    >>> names = text_names("import os\\ndef f(path):\\n    size = 1\\n    ", 39)
    >>> list(names.local), list(names.shared)
    (['path', 'size'], ['os', 'f'])
    """
    found = TextNames()
    scopes: list[_Scope] = [_Scope(-1, "module", found.shared)]
    for line in _statements(tokens(source[:offset])):
        column = _column(source, line[0].start)
        _leave(scopes, column)
        _enter(scopes, column, line)
    last_line = source[source.rfind("\n", 0, offset) + 1 : offset]
    if not last_line.strip():
        _leave(scopes, len(last_line))
    for scope in scopes[1:]:
        if scope.kind == "function" or scope is scopes[-1]:
            found.local.update(scope.names)
    return found


@dataclass(slots=True)
class _Scope:
    column: int
    """Of the statement that opens it: what is indented further is in it."""
    kind: str
    names: dict[str, Bound]


def _leave(scopes: list[_Scope], column: int) -> None:
    while scopes[-1].column >= column:
        scopes.pop()


def _enter(scopes: list[_Scope], column: int, line: Sequence[Token]) -> None:
    names = scopes[-1].names
    for statement in _parts(line):
        texts = [token.text for token in statement[:3]]
        is_async = texts[:1] == ["async"]
        head = texts[is_async : is_async + 1]
        rest = statement[is_async + 1 :]
        if head == ["def"] and rest:
            _bind(names, rest[0], "function")
            names = {}
            scopes.append(_Scope(column, "function", names))
            for argument in _arguments(rest):
                _bind(names, argument, "variable")
        elif head == ["class"] and rest:
            _bind(names, rest[0], "class")
            names = {}
            scopes.append(_Scope(column, "class", names))
        elif head in (["import"], ["from"]):
            _bind_imports(names, head[0], rest)
        else:
            for token in _targets(statement, head):
                _bind(names, token, "variable")


def _statements(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The logical lines, without comments; one that a keyword begins in an open bracket ends what was left open."""
    line: list[Token] = []
    depth = 0
    fresh = True
    for token in found:
        if token.kind == "comment":
            continue
        if token.kind == "newline":
            fresh = True
            if depth == 0 and line:
                yield line
                line = []
            continue
        if fresh and depth and token.text in _BEGIN:
            yield line
            line, depth = [], 0
        fresh = False
        if token.kind == "op":
            depth = max(0, depth + (token.text in "([{") - (token.text in ")]}"))
        line.append(token)
    if line:
        yield line


_BEGIN = {"def", "class", "import", "return", "with", "while", "try", "raise", "del", "assert", "global", "nonlocal"}
_BLOCKS = {"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async"}


def _parts(line: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The simple statements of a line, and what opens a block."""
    begin = depth = 0
    for place, token in enumerate(line):
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
        opens_block = token.text == ":" and line[begin].text in _BLOCKS
        if depth == 0 and (token.text == ";" or opens_block):
            if place > begin:
                yield line[begin:place]
            begin = place + 1
    if begin < len(line):
        yield line[begin:]


def _bind(names: dict[str, Bound], token: Token, kind: Kind, module: str = "", member: str = "") -> None:
    if token.kind == "name" and not iskeyword(token.text):
        names.pop(token.text, None)  # the newest stands last
        names[token.text] = Bound(kind, token.start, module, member)


def _arguments(definition: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    expected = False
    for token in definition:
        if token.kind == "op":
            if token.text in "([{":
                depth += 1
                expected = depth == 1 and token.text == "("
            elif token.text in ")]}":
                depth -= 1
                if depth == 0 and token.text == ")":
                    return
            elif token.text != "*":
                expected = depth == 1 and token.text == ","
        elif expected:
            yield token
            expected = False


def _bind_imports(names: dict[str, Bound], head: str, rest: Sequence[Token]) -> None:
    texts = [token.text for token in rest]
    module = ""
    if head == "from":
        if "import" not in texts:
            return
        at = texts.index("import")
        module, rest = "".join(texts[:at]), rest[at + 1 :]
    for path in _split([token for token in rest if token.text not in ("(", ")")]):
        parts = [token.text for token in path]
        renamed = len(parts) > 2 and parts[-2] == "as"
        dotted = "".join(parts[:-2] if renamed else parts)
        if head == "from":
            _bind(names, path[-1], "variable", module, dotted)
        else:
            _bind(names, path[-1 if renamed else 0], "module", dotted if renamed else parts[0])


def _split(found: Sequence[Token]) -> Iterator[list[Token]]:
    path: list[Token] = []
    for token in found:
        if token.text != ",":
            path.append(token)
        elif path:
            yield path
            path = []
    if path:
        yield path


def _targets(statement: Sequence[Token], head: Sequence[str]) -> Iterator[Token]:
    """The names that a statement binds which is no definition and no import."""
    if head == ["for"]:
        texts = [token.text for token in statement]
        yield from _plain_names(statement[: texts.index("in") if "in" in texts else len(texts)])
        return
    begin = depth = 0
    for place, token in enumerate(statement):
        following = statement[place + 1] if place + 1 < len(statement) else None
        if token.text == "as":
            yield from _plain_names(_up_to_bracket(statement[place + 1 :]))
        elif token.kind == "op" and token.text in "([{":
            depth += 1
        elif token.kind == "op" and token.text in ")]}":
            depth -= 1
        elif token.text == ":" and following is not None and following.text == "=" and following.start == token.end:
            yield from _plain_names(statement[place - 1 : place] if place else ())
        elif token.text == ":" and place == 1 and depth == 0:
            yield from _plain_names(statement[:1])
        elif token.text == "=" and depth == 0 and _assigns(statement, place):
            yield from _plain_names(statement[begin:place])
            begin = place + 1


def _assigns(statement: Sequence[Token], place: int) -> bool:
    before, token = statement[place - 1] if place else None, statement[place]
    after = statement[place + 1] if place + 1 < len(statement) else None
    compares = before is not None and before.end == token.start and before.text in ("=", "!", "<", ">", ":")
    return not compares and not (after is not None and after.start == token.end and after.text == "=")


def _up_to_bracket(found: Sequence[Token]) -> Sequence[Token]:
    """What stands behind `as`: a name, or names in brackets."""
    if not found or found[0].text != "(":
        return found[:1]
    closing = next((place for place, token in enumerate(found) if token.text == ")"), len(found))
    return found[1:closing]


def _plain_names(found: Sequence[Token]) -> Iterator[Token]:
    """Those that stand alone: not the `x` of `x.a`, `x[i]` and `x: int`, nor what follows its dot or colon."""
    skipped = 0
    for place, token in enumerate(found):
        before = found[place - 1] if place else None
        after = found[place + 1].text if place + 1 < len(found) else ""
        is_subscript = (
            token.text in ("(", "[") and before is not None and (before.kind == "name" or before.text in ")]")
        )
        if is_subscript or (skipped and token.text in ("(", "[", "{")):
            skipped += 1
        elif skipped:
            skipped -= token.text in (")", "]", "}")
        elif token.kind == "name" and after not in (".", "(", "[") and (before is None or before.text != "."):
            yield token
        if token.text == ":" and place == 1:
            return


def _column(source: str, start: int) -> int:
    return start - (source.rfind("\n", 0, start) + 1)
