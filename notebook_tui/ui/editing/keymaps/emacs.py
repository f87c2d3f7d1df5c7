"""Emacs' keys, pure: a key, a text and a caret go in, edits and places of the caret come out.

Which key means what stands in the table of keys (`keys.emacs`), where users can change it; here is what each means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.keymaps import places
from notebook_tui.ui.editing.keymaps.buffer import Buffer
from notebook_tui.ui.editing.keymaps.effects import Copy, Effect, Mark, Pass, Perform, Place, Say, View
from notebook_tui.ui.finding.pattern import Pattern, Query, TooLong
from notebook_tui.ui.keys.emacs import EMACS
from notebook_tui.ui.keys.key import Key, pretty
from notebook_tui.ui.keys.sequence import KeySequence, Matched, Pending

_PREFIX: Final = "emacs."
_OWN: Final = frozenset(row.action for row in EMACS)
_METHODS: Final = {"mark": "mark_here", "search": "start_search", "search_back": "start_search_back"}
_KILLS: Final = 60
_MOVES: Final = frozenset(
    ("left", "right", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+home", "ctrl+end", "shift+left")
)


@frozen
class _Search:
    text: str
    forward: bool
    from_caret: int
    """Where it began, and goes back to when it is given up."""


class Emacs:
    """
    >>> from notebook_tui.ui.keys.maps import table_of
    >>> emacs = Emacs(table_of("emacs").of("insert"))
    >>> emacs.press("ctrl+e", View("one", 0))
    [Place(caret=3, anchor=None)]
    """

    name = ""
    """There are no modes."""

    def __init__(self, rows: Iterable[Key] = EMACS) -> None:
        """`rows` of the table of keys that hold while a cell is edited."""
        found = [row for row in rows if row.action in _OWN]
        self._sequence = KeySequence({tuple(keys.split()): row for row in found for keys in row.keys})
        self._begun: tuple[str, ...] = ()
        self._kills: list[str] = []
        self._mark: int | None = None
        self._last = ""
        """The action before this one."""
        self._yanked: tuple[int, int, int] | None = None
        """Where the last yank stands, and which kill it is."""
        self._column: int | None = None
        self._search: _Search | None = None
        self._searched = ""

    @property
    def pressed(self) -> str:
        """What of a sequence has been pressed, or the search that goes on."""
        if self._search is not None:
            return f"{'Search' if self._search.forward else 'Search back'}: {self._search.text}"
        return " ".join(pretty(key) for key in self._begun)

    @property
    def is_busy(self) -> bool:
        return False

    def opened(self, *, insert: bool, view: View) -> list[Effect]:
        """Another cell is edited; kills go with the user."""
        self._begun, self._mark, self._search, self._yanked, self._last = (), None, None, None, ""
        self._sequence.forget()
        return []

    def press(self, key: str, view: View) -> list[Effect]:
        """What the key does; a key that is none of Emacs' passes to the editor."""
        if self._search is not None and (effects := self._searching(key, view)) is not None:
            return effects
        outcome = self._sequence.press(key, at=0.0)
        if isinstance(outcome, Pending):
            self._begun = outcome.pressed
            return []
        begun, self._begun = self._begun, ()
        if not isinstance(outcome, Matched):
            self._last = ""
            if begun:
                return [Say(f"{' '.join(pretty(each) for each in outcome.pressed)} is nothing here.")]
            if key not in _MOVES:
                self._mark = None
            return [Pass()]
        return self._do(outcome.key.action, view)

    def _do(self, action: str, view: View) -> list[Effect]:
        if not action.startswith(_PREFIX):
            self._last = ""
            return [Perform(action)]
        name = action.removeprefix(_PREFIX)
        buffer = Buffer(view)
        if view.anchor is not None and view.anchor != view.caret:
            self._mark = view.anchor
        before = buffer.text
        moves = _MOTIONS.get(name)
        if moves is not None:
            buffer.caret = moves(buffer.text, buffer.caret)
        else:
            getattr(self, f"_{_METHODS.get(name, name)}")(buffer)
        if name not in ("next_line", "previous_line"):
            self._column = None
        if buffer.text != before:
            self._mark = None
        self._last = name
        return [*buffer.effects, Place(buffer.caret, self._mark)]

    # Lines

    def _next_line(self, buffer: Buffer) -> None:
        self._by_lines(buffer, 1)

    def _previous_line(self, buffer: Buffer) -> None:
        self._by_lines(buffer, -1)

    def _by_lines(self, buffer: Buffer, by: int) -> None:
        text = buffer.text
        here = places.line_start(text, buffer.caret)
        self._column = buffer.caret - here if self._column is None else self._column
        row = max(0, min(places.row_of(text, buffer.caret) + by, places.rows(text) - 1))
        start = places.row_start(text, row)
        buffer.caret = min(start + self._column, places.line_end(text, start))

    # Kill and yank

    def _kill(self, buffer: Buffer, start: int, end: int, *, before: bool = False) -> None:
        """Kills one after the other are one."""
        killed = buffer.text[start:end]
        if not killed:
            return
        if self._last in _KILLING and self._kills:
            self._kills[-1] = killed + self._kills[-1] if before else self._kills[-1] + killed
        else:
            self._kills = [*self._kills[-_KILLS + 1 :], killed]
        buffer.edit(start, end, "")
        buffer.caret = start
        buffer.do(Copy(self._kills[-1]))

    def _kill_line(self, buffer: Buffer) -> None:
        end = places.line_end(buffer.text, buffer.caret)
        self._kill(buffer, buffer.caret, end if end > buffer.caret else min(len(buffer.text), end + 1))

    def _kill_word(self, buffer: Buffer) -> None:
        self._kill(buffer, buffer.caret, _word_forward(buffer.text, buffer.caret))

    def _kill_region(self, buffer: Buffer) -> None:
        # Terminals send Alt+Backspace, which kills the word before, as the same key.
        if self._mark is None:
            self._kill(buffer, _word_back(buffer.text, buffer.caret), buffer.caret, before=True)
        else:
            self._kill(buffer, *sorted((min(self._mark, len(buffer.text)), buffer.caret)))
            self._mark = None

    def _copy(self, buffer: Buffer) -> None:
        if self._mark is None:
            buffer.do(Say("Nothing is marked."))
            return
        start, end = sorted((min(self._mark, len(buffer.text)), buffer.caret))
        if copied := buffer.text[start:end]:
            self._kills = [*self._kills[-_KILLS + 1 :], copied]
            buffer.do(Copy(copied))
        self._mark = None

    def _yank(self, buffer: Buffer) -> None:
        if buffer.clipboard and (not self._kills or self._kills[-1] != buffer.clipboard):
            self._kills = [*self._kills[-_KILLS + 1 :], buffer.clipboard]
        if not self._kills:
            buffer.do(Say("Nothing was killed yet."))
            return
        self._yank_kill(buffer, buffer.caret, buffer.caret, len(self._kills) - 1)

    def _yank_older(self, buffer: Buffer) -> None:
        if self._last not in ("yank", "yank_older") or self._yanked is None:
            buffer.do(Say("This replaces what was just yanked, and nothing was."))
            return
        start, end, index = self._yanked
        self._yank_kill(buffer, start, end, (index - 1) % len(self._kills))

    def _yank_kill(self, buffer: Buffer, start: int, end: int, index: int) -> None:
        text = self._kills[index]
        buffer.edit(start, end, text)
        buffer.caret = start + len(text)
        self._yanked = (start, buffer.caret, index)

    # The mark

    def _mark_here(self, buffer: Buffer) -> None:
        self._mark = buffer.caret

    def _mark_all(self, buffer: Buffer) -> None:
        self._mark, buffer.caret = len(buffer.text), 0

    def _swap_mark(self, buffer: Buffer) -> None:
        if self._mark is None:
            buffer.do(Say("There is no mark. Ctrl+Space sets it."))
        else:
            self._mark, buffer.caret = buffer.caret, min(self._mark, len(buffer.text))

    def _give_up(self, buffer: Buffer) -> None:
        self._mark = None
        buffer.do(Mark())

    # Changes

    def _delete(self, buffer: Buffer) -> None:
        if self._mark is not None and self._mark != buffer.caret:
            start, end = sorted((min(self._mark, len(buffer.text)), buffer.caret))
            buffer.edit(start, end, "")
            buffer.caret = start
        else:
            buffer.edit(buffer.caret, min(len(buffer.text), buffer.caret + 1), "")

    def _swap_characters(self, buffer: Buffer) -> None:
        text, at = buffer.text, buffer.caret
        if at == places.line_end(text, at):
            at -= 1
        if at <= 0 or "\n" in text[at - 1 : at + 1]:
            return
        buffer.edit(at - 1, at + 1, text[at] + text[at - 1])
        buffer.caret = at + 1

    def _swap_words(self, buffer: Buffer) -> None:
        text = buffer.text
        second_end = _word_forward(text, buffer.caret)
        second = _word_back(text, second_end)
        first = _word_back(text, second)
        first_end = _word_forward(text, first)
        if first_end > second or first == second:
            return
        buffer.edit(first, second_end, text[second:second_end] + text[first_end:second] + text[first:first_end])
        buffer.caret = second_end

    def _upper(self, buffer: Buffer) -> None:
        self._recase(buffer, str.upper)

    def _lower(self, buffer: Buffer) -> None:
        self._recase(buffer, str.lower)

    def _capitalise(self, buffer: Buffer) -> None:
        self._recase(buffer, str.capitalize)

    def _recase(self, buffer: Buffer, how: Callable[[str], str]) -> None:
        start = buffer.caret
        while start < len(buffer.text) and places.kind(buffer.text[start]) != "w":
            start += 1
        end = _word_forward(buffer.text, start)
        old = buffer.text[start:end]
        if how(old) != old:
            buffer.edit(start, end, how(old))
        buffer.caret = start + len(how(old))

    def _open_line(self, buffer: Buffer) -> None:
        buffer.edit(buffer.caret, buffer.caret, "\n")

    # Searching as one types

    def _start_search(self, buffer: Buffer) -> None:
        self._search = _Search("", True, buffer.caret)

    def _start_search_back(self, buffer: Buffer) -> None:
        self._search = _Search("", False, buffer.caret)

    def _searching(self, key: str, view: View) -> list[Effect] | None:
        """What a key does while a search goes on; None ends it, and the key means what it always does."""
        search = self._search
        assert search is not None
        if key == "ctrl+g":
            self._search = None
            return [Mark(), Place(search.from_caret)]
        if key in ("enter", "escape"):
            self._search = None
            return [Mark()]
        if key in ("ctrl+s", "ctrl+r"):
            text = search.text or self._searched
            return self._found(_Search(text, key == "ctrl+s", search.from_caret), view, again=bool(search.text))
        if key == "backspace":
            shorter = _Search(search.text[:-1], search.forward, search.from_caret)
            return self._found(shorter, View(view.text, search.from_caret), again=False)
        if len(key) == 1:
            longer = _Search(search.text + key, search.forward, search.from_caret)
            start = view.caret - len(search.text) if search.forward and search.text else view.caret
            return self._found(longer, View(view.text, max(0, start)), again=False)
        self._search = None
        return None

    def _found(self, search: _Search, view: View, *, again: bool) -> list[Effect]:
        self._search = search
        if not search.text:
            return [Mark(), Place(search.from_caret)]
        self._searched = search.text
        try:
            # As in Emacs: small letters find large ones as well.
            spans = Pattern(Query(search.text, case=search.text != search.text.lower())).spans(view.text)
        except TooLong as error:
            return [Say(str(error))]
        if not spans:
            return [Mark(), Say(f"Not found: {search.text}")]
        if search.forward:
            ahead = [span for span in spans if span[0] >= view.caret] or spans
            end = ahead[0][1]
            return [Mark(tuple(spans)), Place(end)]
        ahead = [span for span in spans if (span[0] < view.caret if again else span[0] <= view.caret)] or spans
        return [Mark(tuple(spans)), Place(ahead[-1][0])]


def _word_forward(text: str, at: int) -> int:
    """Behind the next word.

    >>> _word_forward("one, two", 3)
    8
    """
    while at < len(text) and places.kind(text[at]) != "w":
        at += 1
    while at < len(text) and places.kind(text[at]) == "w":
        at += 1
    return at


def _word_back(text: str, at: int) -> int:
    """Where the word before begins.

    >>> _word_back("one, two", 5)
    0
    """
    while at > 0 and places.kind(text[at - 1]) != "w":
        at -= 1
    while at > 0 and places.kind(text[at - 1]) == "w":
        at -= 1
    return at


def _indentation(text: str, at: int) -> int:
    start, end = places.line_start(text, at), places.line_end(text, at)
    line = text[start:end]
    return start + len(line) - len(line.lstrip())


_KILLING: Final = frozenset(("kill_line", "kill_word", "kill_region"))
_MOTIONS: Final[dict[str, Callable[[str, int], int]]] = {
    "line_start": places.line_start,
    "line_end": places.line_end,
    "back": lambda text, at: max(0, at - 1),
    "forward": lambda text, at: min(len(text), at + 1),
    "word_back": _word_back,
    "word_forward": _word_forward,
    "indentation": _indentation,
    "text_start": lambda text, at: 0,
    "text_end": lambda text, at: len(text),
}
