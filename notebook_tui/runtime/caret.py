"""Where in a source the caret stands: what kind of thing is being typed there. Text in, a record out."""

from __future__ import annotations

from collections.abc import Sequence
from keyword import iskeyword
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime.fstring import is_formatted, scan
from notebook_tui.runtime.source_tokens import Token, tokens

Role: TypeAlias = Literal["", "exception", "decorator"]


@frozen
class NameAt:
    """A bare name; `call` if it may be the keyword of an argument. `role` is what only some names are fit for."""

    prefix: str
    call: CallAt | None
    role: Role = ""


@frozen
class AttributeAt:
    """After a dot behind the expression `base`."""

    base: str
    prefix: str


@frozen
class KeyAt:
    """In the string that subscripts the expression `base`; `typed` is what stands between quote and caret."""

    base: str
    typed: str
    quote: str


@frozen
class TextAt:
    """In any other string, as an argument of `function` if it is one's first; `typed` as in `KeyAt`."""

    typed: str
    quote: str
    function: str


@frozen
class ModuleAt:
    """A module of `package`, or a top-level one if that is empty, in an import."""

    package: str
    prefix: str


@frozen
class MemberAt:
    """What is imported from `module`."""

    module: str
    prefix: str


@frozen
class CallAt:
    """The innermost call whose brackets are open at the caret."""

    function: str
    position: int
    """How many arguments stand before the one at the caret."""
    keyword: str | None
    """The name of the argument at the caret, if it bears one."""
    named: frozenset[str]
    """The names of all arguments before the caret that bear one."""
    unpacked: bool = False
    """Whether one before the caret is `*some` or `**some`, and fills nobody knows what."""


@frozen
class Word:
    """A dotted expression and where its last name stands."""

    expression: str
    start: int
    end: int


Caret: TypeAlias = NameAt | AttributeAt | KeyAt | TextAt | ModuleAt | MemberAt

_OPENING = {")": "(", "]": "[", "}": "{"}
_NEW_NAME_AFTER = {"def", "class", "as"}
# They open a statement and never stand inside brackets: a bracket that is open in front of one was left open.
_STATEMENTS = {
    *("assert", "break", "class", "continue", "def", "del", "global", "import"),
    *("nonlocal", "pass", "raise", "return", "try", "while", "with"),
}


def caret(source: str, offset: int) -> Caret | None:
    """What is typed at `offset`; None where nothing can be proposed, such as in a comment or a new name.

    >>> caret("import os.pa", 12)
    ModuleAt(package='os', prefix='pa')
    >>> caret("print(x.real.im", 15)
    AttributeAt(base='x.real', prefix='im')
    >>> caret("x = 1  # some te", 16) is None
    True
    """
    before = tokens(source[:offset])
    if not before or before[-1].end < offset:
        return _at_word(source, before, "")
    last = before.pop()
    match last.kind:
        case "comment" | "string" | "number":
            return None
        case "open_string" if is_formatted(last.text):
            expression = _expression_before(last)
            return None if expression is None else caret(source[expression:offset], offset - expression)
        case "open_string":
            return _at_text(source, before, last.text)
        case "name":
            return _at_word(source, before, last.text)
        case "newline" | "op":
            return _at_word(source, [*before, last], "")


def word_at(source: str, offset: int) -> Word | None:
    """The dotted expression whose last name is under the caret; None if there is none.

    >>> word_at("print(os.path.join)", 12)
    Word(expression='os.path', start=9, end=13)
    """
    found = tokens(source)
    for place, token in enumerate(found):
        if token.start > offset or token.end < offset:
            continue
        if token.kind == "name":
            expression = _primary(source, found[: place + 1])
            return Word(expression, token.start, token.end) if expression else None
        if token.kind in ("string", "open_string") and is_formatted(token.text):
            return _word_in(token, offset)
    return None


def call_at(source: str, offset: int) -> CallAt | None:
    """The innermost call around the caret, if that is the innermost bracket.

    >>> call_at("f(1, key=", 9)
    CallAt(function='f', position=1, keyword='key', named=frozenset({'key'}), unpacked=False)
    """
    before = tokens(source[:offset])
    if before and before[-1].kind == "open_string" and is_formatted(before[-1].text):
        expression = _expression_before(before[-1])
        inner = None if expression is None else call_at(source[expression:offset], offset - expression)
        if inner is not None:
            return inner
    return _call(source, before)


def _expression_before(literal: Token) -> int | None:
    """Where in the source the expression begins that ends at the end of an open f-string."""
    begun = scan(literal.text, 0).open_expression
    return None if begun is None else literal.start + begun


def _word_in(literal: Token, offset: int) -> Word | None:
    """As `word_at`, of the innermost expression of an f-string."""
    for start, end in reversed(scan(literal.text, 0).expressions):
        begin = literal.start + start
        if begin <= offset <= literal.start + end:
            word = word_at(literal.text[start:end], offset - begin)
            return word and Word(word.expression, word.start + begin, word.end + begin)
    return None


def _at_text(source: str, before: Sequence[Token], string: str) -> KeyAt | TextAt | None:
    if string[0] not in "'\"" or string[:3] in ("'''", '"""'):
        return None
    base = _primary(source, before[:-1]) if before and before[-1].text == "[" else ""
    if base:
        return KeyAt(base, typed=string[1:], quote=string[0])
    call = _call(source, before) if before and before[-1].text == "(" else None
    return TextAt(typed=string[1:], quote=string[0], function=call.function if call is not None else "")


def _at_word(source: str, before: Sequence[Token], prefix: str) -> Caret | None:
    before = [token for token in before if token.kind != "comment"]
    statement = before[_open_brackets(before)[1] :]
    if statement and statement[0].text in ("import", "from"):
        return _in_import(statement, prefix)
    previous = before[-1].text if before else ""
    if previous == ".":
        base = _primary(source, before[:-1])
        return AttributeAt(base, prefix) if base else None
    if previous in _NEW_NAME_AFTER:
        return None
    call = _call(source, before) if previous in ("(", ",") else None
    return NameAt(prefix, call, _role([token.text for token in statement]) if call is None else "")


def _role(statement: Sequence[str]) -> Role:
    if statement and statement[0] == "except" and statement[-1] in ("except", "*", "(", ","):
        return "exception"
    return {"raise": "exception", "@": "decorator"}.get(statement[0], "") if len(statement) == 1 else ""  # type: ignore[return-value]


def _in_import(statement: Sequence[Token], prefix: str) -> Caret | None:
    texts = [token.text for token in statement if token.kind != "newline"]
    if texts[-1] == "as":
        return None
    if texts[0] == "import":
        last_comma = max((place for place, text in enumerate(texts) if text == ","), default=0)
        path = texts[last_comma + 1 :]
    elif "import" not in texts:
        path = texts[1:]
    elif texts[-1] in ("import", ",", "("):
        module = "".join(texts[1 : texts.index("import")])
        return MemberAt(module, prefix) if not module.startswith(".") else None
    else:
        return NameAt(prefix, None)
    if path and path[-1] != ".":
        return NameAt(prefix, None)
    return ModuleAt("".join(path[:-1]), prefix) if path[:1] != ["."] else None


def _call(source: str, before: Sequence[Token]) -> CallAt | None:
    before = [token for token in before if token.kind not in ("comment", "open_string")]
    opened, _ = _open_brackets(before)
    if not opened or before[opened[-1]].text != "(":
        return None
    callee = before[: opened[-1]]
    function = _primary(source, callee)
    if not function or (len(callee) > 1 and callee[-2].text in _NEW_NAME_AFTER):
        return None
    arguments = _arguments(before[opened[-1] + 1 :])
    names = [_argument_name(argument) for argument in arguments]
    unpacked = any(argument and argument[0].text == "*" for argument in arguments[:-1])
    return CallAt(function, len(names) - 1, names[-1], frozenset(filter(None, names)), unpacked)


def _open_brackets(found: Sequence[Token]) -> tuple[list[int], int]:
    """The places of the brackets that are open at the end, and the place where the last statement begins."""
    opened: list[int] = []
    statement = 0
    for place, token in enumerate(found):
        if token.text in _STATEMENTS and place and found[place - 1].kind == "newline":
            opened.clear()
            statement = place
        elif token.text in ("(", "[", "{"):
            opened.append(place)
        elif token.text in _OPENING:
            if opened and found[opened[-1]].text == _OPENING[token.text]:
                opened.pop()
        elif not opened and (token.kind == "newline" or token.text in (";", ":")):
            statement = place + 1
    return opened, statement


def _primary(source: str, found: Sequence[Token]) -> str:
    """The expression of names, attributes, subscripts and calls that ends with the last token; "" if none does."""
    place = last = _before_newlines(found, len(found) - 1)
    while place >= 0:
        token = found[place]
        if token.text in _OPENING:
            place = _matching(found, place)
            if place > 0 and _may_be_called(found[place - 1]):
                place -= 1
                continue
            break
        if token.kind == "string":
            break
        if token.kind != "name" or iskeyword(token.text):
            return ""
        if place == 0 or found[place - 1].text != ".":
            break
        place = _before_newlines(found, place - 2)
    return source[found[place].start : found[last].end] if place >= 0 else ""


def _before_newlines(found: Sequence[Token], place: int) -> int:
    while place >= 0 and found[place].kind == "newline":
        place -= 1
    return place


def _matching(found: Sequence[Token], closing: int) -> int:
    """The place of the bracket that the one at `closing` closes; -1 if there is none."""
    depth = 0
    for place in range(closing, -1, -1):
        if found[place].text in _OPENING:
            depth += 1
        elif found[place].text in ("(", "[", "{"):
            depth -= 1
            if depth == 0:
                return place
    return -1


def _may_be_called(token: Token) -> bool:
    return (token.kind == "name" and not iskeyword(token.text)) or token.kind == "string" or token.text in _OPENING


def _arguments(found: Sequence[Token]) -> list[list[Token]]:
    """The arguments of a call, from the tokens behind its bracket; the last one may be empty."""
    arguments: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += (token.text in ("(", "[", "{")) - (token.text in _OPENING)
        if token.text == "," and depth == 0:
            arguments.append([])
        elif token.kind != "newline":
            arguments[-1].append(token)
    return arguments


def _argument_name(argument: Sequence[Token]) -> str | None:
    texts = [token.text for token in argument[:3]]
    if len(texts) > 1 and argument[0].kind == "name" and texts[1] == "=" and texts[2:] != ["="]:
        return texts[0]
    return None
