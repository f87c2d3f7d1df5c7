"""What Enter puts in, and how a line finds its indent: in Python, and in lists of Markdown."""

from __future__ import annotations

import re
from typing import Final

from notebook_tui.ui.editing.indent import INDENT, white
from notebook_tui.ui.editing.open_brackets import TOKEN
from notebook_tui.ui.editing.passage import Passage, line_start

_LEAVES_BLOCK: Final = re.compile(r"\s*(return|pass|break|continue|raise)\b")
_LOOKED_AT: Final = 20_000
"""Characters before the caret: a text of a megabyte is not read for every line."""
_CLAUSE: Final = re.compile(r"(else|elif\b.*|except\b.*|finally)$", re.DOTALL)
_OPENERS: Final = {
    "else": r"(if|elif|for|while|try|except|async for)\b",
    "elif": r"(if|elif)\b",
    "except": r"(try|except)\b",
    "finally": r"(try|except|else)\b",
}
_ITEM: Final = re.compile(r"(\s*)(?:([-*+])|(\d+)([.)])|(>))(\s+)(\[[ xX]\]\s+)?")
_BETWEEN: Final = {"(": ")", "[": "]", "{": "}"}


def line_broken(passage: Passage, language: str) -> Passage:
    """With the line broken at the caret, and the new one begun as the language wants it.

    >>> line_broken(Passage.at("def f():", 8), "python").text
    'def f():\\n    '
    >>> line_broken(Passage.at("- one", 5), "markdown").text
    '- one\\n- '
    """
    if language == "markdown":
        return _broken_prose(passage)
    if language != "python":
        return passage.put("\n" + white(passage.before))
    before = passage.select(passage.start, passage.start)
    indent = indent_after(before.text[: before.caret])
    if _BETWEEN.get(before.before[-1:]) == passage.text[passage.end : passage.end + 1] != "":
        closed = passage.put(f"\n{indent}\n{white(before.before)}")
        return closed.to(closed.caret - len(white(before.before)) - 1)
    after = passage.text[passage.end :]
    dropped = len(after) - len(after.lstrip(" "))
    return passage.select(passage.start, passage.end + dropped).put("\n" + indent)


def indent_after(text: str) -> str:
    """The white space with which the line after `text` begins, which is all that stands before it.

    >>> indent_after("    if x:"), indent_after("    return x"), indent_after("    f(")
    ('        ', '', '        ')
    >>> indent_after("f(a,"), indent_after("x = [\\n    1]")
    ('  ', '')
    """
    text = text[line_start(text, max(0, len(text) - _LOOKED_AT)) :]
    open_brackets: list[int] = []
    statement = line_start(text, len(text))
    code = ""
    ended = 0
    for token in TOKEN.finditer(text):
        kind = token[0]
        code += text[ended : token.start()]
        ended = token.end()
        if kind in ("'''", '"""'):
            return white(text[line_start(text, len(text)) :])
        if kind in "([{":
            open_brackets.append(token.start())
        elif kind in ")]}" and open_brackets:
            opened = open_brackets.pop()
            if token.start() >= statement:
                statement = min(statement, line_start(text, opened))
        elif "\n" in kind and token.end() > statement:
            statement = min(statement, line_start(text, token.start()))
        code += "_" if kind[0] in "\"'" else "" if kind[0] == "#" else kind
    code = (code + text[ended:]).rstrip()
    if open_brackets:
        return _within(text, open_brackets[-1])
    return _after_statement(text, statement, code)


def _within(text: str, opened: int) -> str:
    """In brackets: behind the bracket, or one level in where nothing follows it."""
    start = line_start(text, opened)
    line = text[start:].split("\n", 1)[0]
    rest = line[opened - start + 1 :]
    if not rest.strip() or rest.strip().startswith("#"):
        return white(line) + INDENT
    if "\n" in text[opened:]:
        return white(text[line_start(text, len(text)) :])
    return " " * (opened - start + 1)


def _after_statement(text: str, statement: int, code: str) -> str:
    while text[max(0, statement - 2) : statement] == "\\\n":
        statement = line_start(text, statement - 1)
    indent = white(text[statement:])
    if code.endswith((":", "\\")):
        return indent + INDENT
    return indent[: -len(INDENT)] if _LEAVES_BLOCK.match(text[statement:]) else indent


def clause_dedented(passage: Passage) -> Passage | None:
    """After a colon that ends `else:` and its like: the clause below what it belongs to. None if it stands there.

    >>> clause_dedented(Passage.at("if x:\\n    y\\n    else:", 21)).text
    'if x:\\n    y\\nelse:'
    """
    line = passage.before
    indent, clause = white(line), line.strip().removesuffix(":")
    word = re.split(r"\W", clause, maxsplit=1)[0]
    if passage.after.strip() or not line.endswith(":") or not indent or not _CLAUSE.fullmatch(clause):
        return None
    opener = re.compile(_OPENERS[word])
    nearest = len(indent)
    for above in reversed(passage.text[: max(0, passage.line_start - 1)].split("\n")[-_LOOKED_AT:]):
        level = len(white(above))
        if not above.strip() or level > nearest:
            continue
        if opener.match(above.lstrip()):
            return _with_indent(passage, white(above)) if level < len(indent) else None
        if not level:
            return None
        nearest = level
    return None


def _with_indent(passage: Passage, indent: str) -> Passage:
    start, old = passage.line_start, white(passage.before)
    text = passage.text[:start] + indent + passage.text[start + len(old) :]
    return Passage.at(text, passage.caret + len(indent) - len(old))


def _broken_prose(passage: Passage) -> Passage:
    """A list goes on with its next item, and ends with an empty one."""
    before = passage.before
    item = _ITEM.match(before)
    if item is None or passage.selected:
        return passage.put("\n" + white(before))
    if not before[item.end() :].strip() and not passage.after.strip():
        return passage.select(passage.line_start, passage.line_end).put("")
    space, bullet, number, dot, quote, gap, box = item.groups()
    mark = bullet or quote or f"{int(number) + 1}{dot}"
    return passage.put(f"\n{space}{mark}{gap}{'[ ] ' if box else ''}")
