"""Emacs' keys against tables of before and after, and against what must hold for any keys at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.ui.editing.keymaps.emacs import Emacs
from notebook_tui.ui.keys.emacs import EMACS
from tests.support.model_editor import ModelEditor
from tests.support.soak import count

KEYS = {
    "^": "ctrl+",
    "~": "alt+",
}


def keys_in(said: str) -> list[str]:
    """`^a` is Ctrl+A, `~f` Alt+F, as in `^x^s`; `^@` Ctrl+Space."""
    keys, modifier = [], ""
    for character in said:
        if character in KEYS:
            modifier = KEYS[character]
        else:
            keys.append(modifier + {";": "semicolon" if modifier else ";"}.get(character, character))
            modifier = ""
    return keys


def after(marked: str, keys: str) -> str:
    editor = ModelEditor(Emacs(), marked)
    editor.press(*keys_in(keys))
    return editor.marked


TABLE = [
    ("a\nb|c", "^a", "a\n|bc"),
    ("a\n|bc", "^e", "a\nbc|"),
    ("a|bc", "^f", "ab|c"),
    ("a|bc", "^b", "|abc"),
    ("ab|c\nd\nefg", "^n^n", "abc\nd\nef|g"),
    ("abc\nd\nef|g", "^p^p", "ab|c\nd\nefg"),
    ("|one, two", "~f~f", "one, two|"),
    ("one, two|", "~b", "one, |two"),
    ("  ab|c", "~m", "  |abc"),
    ("a|bc", "^d", "a|c"),
    ("|one two", "~d", "| two"),
    ("o|ne\ntwo", "^k", "o|\ntwo"),
    ("one|\ntwo", "^k", "one|two"),
    ("|one\ntwo", "^k^k^y^y", "one\none\n|two"),
    ("|a b", "~d^f~d^y", " b|"),
    ("|a b", "~d^f~d^y~y", " a|"),
    ("|abc d", "^@^f^f^w^e^y", "c dab|"),
    ("|abc d", "^@^f^f~w^e^y", "abc dab|"),
    ("one two|", "^w", "one |"),
    ("a|b", "^x" + "h^w", "|"),
    ("|abc", "^@^f^x^x^d", "|bc"),
    ("|abc", "^@^f^g^w", "|bc"),
    ("ab|c", "^t", "acb|"),
    ("abc|", "^t", "acb|"),
    ("|abc", "^t", "|abc"),
    ("one| two", "~t", "two one|"),
    ("|one two", "~u", "ONE| two"),
    ("|One two", "~l", "one| two"),
    ("|one two", "~c~c", "One Two|"),
    ("a|b", "^o", "a|\nb"),
    ("|x one ONE", "^sone", "x one| ONE"),
    ("|x one ONE", "^sone^s", "x one ONE|"),
    ("x one one|", "^rone", "x one |one"),
    ("x one one|", "^rone^r", "x |one one"),
    ("|x one", "^sone^g", "|x one"),
    ("|x one", "^sone^a", "|x one"),
    ("a\nb|", "^x[", "|a\nb"),
]


@pytest.mark.parametrize(("before", "keys", "then"), TABLE)
def test_a_key_does_what_emacs_does(before: str, keys: str, then: str) -> None:
    names = {"[": "left_square_bracket", "]": "right_square_bracket"}
    editor = ModelEditor(Emacs(), before)
    editor.press(*(names.get(key, key) for key in keys_in(keys)))
    assert editor.marked == then


def test_what_is_marked_is_selected() -> None:
    editor = ModelEditor(Emacs(), "|abc")
    editor.press("ctrl+@", "ctrl+f", "ctrl+f")
    assert (editor.anchor, editor.caret) == (0, 2)
    editor.press("ctrl+g")
    assert editor.anchor is None


def test_kills_and_copies_are_on_the_clipboard_and_what_others_copied_is_yanked() -> None:
    editor = ModelEditor(Emacs(), "|one two")
    editor.press("alt+d")
    assert editor.clipboard == "one"
    editor.clipboard = "theirs"
    editor.press("ctrl+y")
    assert editor.marked == "theirs| two"


def test_sequences_ask_the_terminal_and_an_unknown_one_is_told() -> None:
    emacs = Emacs()
    editor = ModelEditor(emacs, "|a")
    editor.press("ctrl+x")
    assert emacs.pressed == "Ctrl+X"
    editor.press("ctrl+s", "ctrl+c", "ctrl+c", "ctrl+x", "ctrl+c", "alt+x")
    assert editor.done == ["save", "run", "app.quit", "app.command_palette"]
    editor.press("ctrl+x", "z")
    assert editor.said == ["Ctrl+X z is nothing here."]
    assert editor.text == "a"


def test_a_search_says_what_is_looked_for_and_finds_without_regard_to_case() -> None:
    emacs = Emacs()
    editor = ModelEditor(emacs, "|a ONE")
    editor.press("ctrl+s", "o", "n")
    assert emacs.pressed == "Search: on"
    assert editor.marks == ((2, 4),)
    editor.press("x")
    assert editor.said == ["Not found: onx"]
    editor.press("backspace", "enter")
    assert editor.marked == "a ON|E"
    assert editor.text == "a ONE"


def test_every_own_action_of_the_table_is_known() -> None:
    for row in EMACS:
        for keys in row.keys:
            editor = ModelEditor(Emacs(), "one| two\nthree")
            editor.press(*keys.split())


@settings(max_examples=count(100, 5000, part=1500), deadline=None)
@given(
    st.text(alphabet="ab .(\n_漢", max_size=30),
    st.integers(0, 30),
    st.lists(st.sampled_from([*"ax u", *sorted({key for row in EMACS for keys in row.keys for key in keys.split()})])),
)
def test_no_keys_bring_the_caret_out_of_the_text__and_undo_brings_the_text_back(
    text: str, caret: int, keys: list[str]
) -> None:
    editor = ModelEditor(Emacs(), "|")
    editor.text, editor.caret = text, min(caret, len(text))
    editor.press(*keys)
    editor._travel(editor._past, editor._future, 10_000)
    assert editor.text == text
