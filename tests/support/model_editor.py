"""A text and a caret that a key map drives, without any terminal: `|` in a text stands for the caret."""

from __future__ import annotations

from typing import Protocol

from notebook_tui.ui.editing.keymaps.effects import (
    Copy,
    Edit,
    Effect,
    Mark,
    Pass,
    Perform,
    Place,
    Play,
    Redo,
    Revert,
    Say,
    Undo,
    View,
)


class KeyMap(Protocol):
    @property
    def is_busy(self) -> bool: ...
    def press(self, key: str, view: View) -> list[Effect]: ...


NAMED = {"<Esc>": "escape", "<CR>": "enter", "<BS>": "backspace", "<C-": "ctrl+", "<Del>": "delete", "<Tab>": "tab"}


def keys_in(said: str) -> list[str]:
    """Keys as Vim's people write them: `d2w<Esc><C-r>`."""
    keys: list[str] = []
    while said:
        if said.startswith("<C-") and len(said) > 4 and said[4] == ">":
            keys.append(f"ctrl+{said[3]}")
            said = said[5:]
        elif name := next((name for name in NAMED if said.startswith(name) and name != "<C-"), None):
            keys.append(NAMED[name])
            said = said[len(name) :]
        else:
            keys.append(said[0])
            said = said[1:]
    return keys


class ModelEditor:
    def __init__(self, keymap: KeyMap, marked: str) -> None:
        self.keymap = keymap
        self.caret = marked.index("|")
        self.text = self.opened = marked.replace("|", "", 1)
        self.anchor: int | None = None
        self.clipboard = ""
        self.done: list[str] = []
        """Actions that were asked for."""
        self.said: list[str] = []
        self.marks: tuple[tuple[int, int], ...] = ()
        self._past: list[tuple[str, int]] = []
        self._future: list[tuple[str, int]] = []
        self._group: tuple[str, int] | None = None

    @property
    def marked(self) -> str:
        return self.text[: self.caret] + "|" + self.text[self.caret :]

    def press(self, *keys: str) -> None:
        for key in keys:
            before = (self.text, self.caret)
            effects = self.keymap.press(key, View(self.text, self.caret, self.anchor, self.clipboard))
            for effect in effects:
                self._perform(effect, key, before)
            assert 0 <= self.caret <= len(self.text), f"after {key!r} the caret is at {self.caret} of {self.text!r}"
            if self._group is not None and not self.keymap.is_busy:
                self._past.append(self._group)
                self._group = None

    def type(self, said: str) -> None:
        self.press(*keys_in(said))

    def _perform(self, effect: Effect, key: str, before: tuple[str, int]) -> None:
        match effect:
            case Edit(start, end, text):
                assert 0 <= start <= end <= len(self.text), f"{effect} on {self.text!r}"
                self._edit(start, end, text, before)
            case Place(caret, anchor):
                self.caret, self.anchor = caret, anchor
            case Pass():
                self._own_key(key, before)
            case Undo(count):
                self._travel(self._past, self._future, count)
            case Redo(count):
                self._travel(self._future, self._past, count)
            case Revert():
                self._edit(0, len(self.text), self.opened, before)
                self.caret = 0
            case Copy(text):
                self.clipboard = text
            case Perform(action):
                self.done.append(action)
            case Say(text):
                self.said.append(text)
            case Mark(spans):
                self.marks = spans
            case Play(keys):
                self.press(*keys)

    def _edit(self, start: int, end: int, text: str, before: tuple[str, int]) -> None:
        self._group = self._group or before
        self._future.clear()
        self.text = self.text[:start] + text + self.text[end:]
        if self.caret > start:
            self.caret = min(max(start, self.caret + len(text) - (end - start)), len(self.text))

    def _own_key(self, key: str, before: tuple[str, int]) -> None:
        if key == "backspace" and self.caret:
            self._edit(self.caret - 1, self.caret, "", before)
        elif len(key) == 1 or key == "enter":
            at = self.caret
            self._edit(at, at, "\n" if key == "enter" else key, before)
            self.caret = at + 1

    def _travel(self, back: list[tuple[str, int]], forth: list[tuple[str, int]], count: int) -> None:
        for _ in range(min(count, len(back))):
            forth.append((self.text, self.caret))
            self.text, self.caret = back.pop()
