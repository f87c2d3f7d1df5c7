"""What becomes of a text when a proposal is taken."""

from __future__ import annotations

import re
from typing import Final

from notebook_tui.document.completion import Completion
from notebook_tui.ui.editing.passage import Passage

_WORD_BEFORE: Final = re.compile(r"\w*$")
_NO_CALL: Final = re.compile(r"^\s*(from|import|del|global|nonlocal|@|def|class|%|!)|\w\s*=$|\b(except|raise)\s+$")
"""Before a function that is named and not called; `key=len` too."""


_FOLLOWS: Final = ("", " ", ")", "]", "}", ",", ":")


def word_before(passage: Passage) -> str:
    """The word that ends at the caret.

    >>> word_before(Passage.at("a.read_c", 8))
    'read_c'
    """
    match = _WORD_BEFORE.search(passage.before)
    return match[0] if match else ""


def accepted(passage: Passage, completion: Completion, *, brackets: bool = False) -> Passage:
    """The proposal in the place of the word before the caret; with brackets where a function is being called, the
    caret between them if it takes anything.

    >>> accepted(Passage.at("x.po", 4), Completion("pop", "function", "pop", "pop(index=-1, /)"), brackets=True)
    Passage(text='x.pop()', anchor=6, caret=6)
    >>> getcwd = Completion("getcwd", "function", "getcwd", "getcwd()")
    >>> accepted(Passage.at("from os import get", 18), getcwd, brackets=True).text
    'from os import getcwd'
    """
    word = word_before(passage)
    put = passage.select(passage.caret - len(word), passage.caret).put(completion.insert)
    if not brackets or not _is_called(passage, word, completion):
        return put
    takes_nothing = re.search(r"\(\s*\)", completion.detail) is not None
    called = put.put("()")
    return called if takes_nothing else called.to(called.caret - 1)


def _is_called(passage: Passage, word: str, completion: Completion) -> bool:
    if completion.kind != "function" or not completion.insert.isidentifier() or "(" not in completion.detail:
        return False
    before = passage.before.removesuffix(word)
    return passage.after[:1] in _FOLLOWS and not _NO_CALL.search(before)
