"""Help for whoever types: proposals and their documentation, what a call takes, what a name stands for.

All of it is asked of a session that may be far away, slow or dead. Each question is a task of its own that a newer one
of its kind ends; an answer counts only where the caret still is where it was asked for, so nothing waits and nothing
comes late. Questions that nobody pressed a key for are asked after a short rest and fail in silence but for a remark.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final, Literal, Protocol, TypeAlias

from textual.geometry import Offset, Region, Size

from beamlike.kernel.record import frozen
from notebook_tui.document.completion import Completion
from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.session.hover import Hover
from notebook_tui.ui.editing.accepting import accepted, word_before
from notebook_tui.ui.editing.completion_popup import CompletionPopup
from notebook_tui.ui.editing.editor import Editor
from notebook_tui.ui.editing.open_brackets import open_call
from notebook_tui.ui.editing.passage import Passage
from notebook_tui.ui.editing.placing import beside, by_caret
from notebook_tui.ui.editing.reading_popup import ReadingPopup
from notebook_tui.ui.editing.signature_popup import SignaturePopup

REST: Final = 0.12
"""Seconds without a key before a question is asked that no key asked for."""
_PATIENCE: Final = 5.0
"""Seconds; an answer that takes longer is for another text."""
_HOVER_WIDTH: Final = 70

Kind: TypeAlias = Literal["completion", "documentation", "signature", "hover", "soundness"]


class Asking(Protocol):
    """What is asked of a session."""

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]: ...
    async def describe(self, cell_id: str, source: str, offset: int) -> Hover | None: ...
    async def describe_completion(self, cell_id: str, source: str, offset: int, chosen: Completion) -> Hover | None: ...
    async def signatures(self, cell_id: str, source: str, offset: int) -> tuple[SignatureHelp, ...]: ...


class Around(Protocol):
    """What stands around the editor."""

    @property
    def focused_id(self) -> str: ...
    @property
    def room(self) -> Size:
        """In which all that floats lies."""

    def place_in_room(self, place: int) -> Offset:
        """Where that place of the text is seen."""

    def ask(self, kind: Kind, question: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run it beside everything else, and end the last one of its kind."""

    def remark(self, text: str) -> None: ...


@frozen
class WordPlace:
    """Where the word under the caret begins: completions are for this place and no other."""

    cell_id: str
    start: int
    before: str
    """The line before the word."""


class CaretHelp:
    def __init__(self, asking: Asking, editor: Editor, around: Around) -> None:
        self._asking = asking
        self._editor = editor
        self._around = around
        self.completions = CompletionPopup(self._marked)
        self.documentation = ReadingPopup()
        self.signature = SignaturePopup()
        self.hover = ReadingPopup()
        self._word: WordPlace | None = None
        self._by_itself = False
        """Whether the open list came without being asked for."""
        self._narrowed = ""
        """The word that the open list was narrowed to last."""
        self._call: int | None = None
        self._hovered = 0
        self._pointed = False
        """Whether the mouse asked for what is told of a name."""
        self._known: dict[Completion, str] = {}
        """Documentation of the proposals of this list, by now."""
        self._shows_documentation = True

    @property
    def widgets(self) -> tuple[CompletionPopup, ReadingPopup, SignaturePopup, ReadingPopup]:
        return self.completions, self.documentation, self.signature, self.hover

    def close(self) -> None:
        """Nothing floats any more, and what is asked is for nobody."""
        self._word = self._call = None
        for each in self.widgets:
            each.close()

    def typed(self, character: str) -> None:
        """A character was put into the text."""
        choices, python = self._editor.choices, self._editor.language_of_source == "python"
        if not python:
            return
        if choices.completes_while_typing and not self.completions.is_open and self._may_be_completed():
            self._around.ask("completion", partial(self._complete, asked=False))
        if character in "(," and choices.shows_signatures and not self.signature.is_open:
            self._around.ask("signature", partial(self._sign, asked=False))

    def caret_moved(self) -> None:
        """The caret is elsewhere, or the text is another."""
        self.hover.close()
        if self.completions.is_open:
            passage = self._editor.passage
            if self._word_place() != self._word:
                self.completions.close()
            elif word_before(passage) != self._narrowed:
                self._narrowed = word_before(passage)
                self.completions.narrow(self._narrowed)
        if self.signature.is_open:
            passage = self._editor.passage
            call = open_call(passage.text, passage.caret)
            if call != self._call:
                self.signature.close()
            if call is not None:
                self._around.ask("signature", partial(self._sign, asked=False))

    def complete(self) -> None:
        """Asked for by a key; once more, with or without documentation."""
        if self.completions.is_open:
            self._shows_documentation = not self._shows_documentation
            self._marked()
        else:
            self._around.ask("completion", partial(self._complete, asked=True))

    def show_signature(self) -> None:
        """Asked for by a key; once more closes it."""
        if self.signature.is_open:
            self.signature.close()
        else:
            self._around.ask("signature", partial(self._sign, asked=True))

    def describe(self) -> None:
        """What stands at the caret; asked for once more it goes."""
        if self.hover.is_open:
            self.hover.close()
        else:
            self._pointed = False
            self._around.ask("hover", partial(self._describe, self._editor.passage.caret, asked=True))

    def point_at(self, offset: int | None) -> None:
        """The mouse rests there, or, None, has moved on: what a key asked for it leaves alone."""
        if self.hover.is_open and not self._pointed:
            return
        self.hover.close()
        self._pointed = True
        if offset is not None and self._editor.language_of_source == "python":
            self._around.ask("hover", partial(self._describe, offset, asked=False))

    def accept(self, completion: Completion) -> None:
        """Put the completion in the place of the word before the caret."""
        self.completions.close()
        self._editor.become(accepted(self._editor.passage, completion, brackets=self._editor.choices.closes_brackets))
        passage = self._editor.passage
        if passage.text[passage.caret - 1 : passage.caret] == "(" or passage.before.endswith("()"):
            self._editor.bracket_given()
            if self._editor.choices.shows_signatures:
                self._around.ask("signature", partial(self._sign, asked=False))

    def take_key(self, key: str) -> bool:
        """Act on a key that is for what floats; False if it is for the text."""
        if self.hover.is_open and key in ("escape", "pagedown", "pageup"):
            if key == "escape":
                self.hover.close()
            else:
                self.hover.scroll_page(1 if key == "pagedown" else -1)
            return True
        if not self.completions.is_open:
            return False
        match key:
            case "up" | "down":
                self.completions.move(1 if key == "down" else -1)
            case "pageup" | "pagedown":
                self.completions.move_page(1 if key == "pagedown" else -1)
            case "ctrl+down" | "ctrl+up" if self.documentation.is_open:
                self.documentation.scroll_rows(1 if key == "ctrl+down" else -1)
            case "enter" | "tab":
                return self._take_marked(key)
            case "escape":
                self.completions.close()
                # Whoever presses Escape to leave must not have to look whether a list has come up meanwhile.
                return not self._by_itself
            case _:
                return False
        return True

    def place(self) -> None:
        """Lay everything where the text is now."""
        if not any(each.is_open for each in self.widgets):
            return
        passage, room = self._editor.passage, self._around.room
        caret = self._around.place_in_room(passage.caret)
        if self.completions.is_open:
            self.completions.place(self._around.place_in_room(passage.caret - len(word_before(passage))), room)
        if self.documentation.is_open:
            self._place_documentation(caret, room)
        if self.signature.is_open:
            self.signature.place(self._around.place_in_room((self._call or passage.caret) + 1), room)
        if self.hover.is_open:
            width = min(_HOVER_WIDTH, room.width)
            at = self._around.place_in_room(self._hovered)
            self.hover.place(by_caret(at, Size(width, self.hover.rows_at(width)), room))

    async def _complete(self, *, asked: bool) -> None:
        if not asked:
            await asyncio.sleep(REST)
            if not self._may_be_completed():
                return
        word, passage = self._word_place(), self._editor.passage
        started = word_before(passage)
        async with asyncio.timeout(_PATIENCE):
            found = await self._asking.complete(word.cell_id, passage.text, passage.caret)
        if self._word_place() != word or not self._editor.display:
            return
        typed = word_before(self._editor.passage)
        if not typed.startswith(started):
            # Letters were taken away meanwhile: there may be more that fits.
            await self._complete(asked=asked)
            return
        self._word, self._narrowed, self._by_itself = word, typed, not asked
        self._known.clear()
        if asked and len(found) == 1 and found[0].insert.startswith(typed):
            self.accept(found[0])
            return
        self.completions.open(found, typed)
        if self.completions.is_open:
            self.place()
        elif asked:
            self._around.remark("Nothing to complete here.")

    def _may_be_completed(self) -> bool:
        """Whether proposals come by themselves here: after two letters, and after a dot."""
        passage = self._editor.passage
        word = word_before(passage)
        return (len(word) >= 2 and not word[0].isdigit()) or passage.before.removesuffix(word).endswith(".")

    def _take_marked(self, key: str) -> bool:
        """A list that came by itself has nothing to say about a line that ends with the very word."""
        chosen = self.completions.selected
        if key == "enter" and self._by_itself and chosen.insert == word_before(self._editor.passage):
            self.completions.close()
            return False
        self.accept(chosen)
        return True

    def _marked(self) -> None:
        """Another proposal is marked: its documentation takes the place of the last one's."""
        self.documentation.close()
        if not self.completions.is_open or not self._shows_documentation:
            return
        chosen = self.completions.selected
        if chosen in self._known:
            self._show_documentation(chosen)
        else:
            self._around.ask("documentation", partial(self._document, chosen))

    async def _document(self, chosen: Completion) -> None:
        await asyncio.sleep(REST)
        passage, cell_id = self._editor.passage, self._around.focused_id
        async with asyncio.timeout(_PATIENCE):
            found = await self._asking.describe_completion(cell_id, passage.text, passage.caret, chosen)
        self._known[chosen] = found.markdown if found is not None else ""
        if self.completions.is_open and self.completions.selected == chosen and self._shows_documentation:
            self._show_documentation(chosen)

    def _show_documentation(self, chosen: Completion) -> None:
        self.documentation.open(self._known[chosen])
        self.place()

    def _place_documentation(self, caret: Offset, room: Size) -> None:
        region = beside(self.completions.list_region, caret, room)
        if region is None:
            self.documentation.close()
            return
        rows = min(self.documentation.rows_at(region.width), room.height)
        if region.height < rows and region.x != self.completions.list_region.x:
            # Beside the list it may begin higher up.
            region = Region(region.x, room.height - rows, region.width, rows)
        self.documentation.place(region)

    async def _sign(self, *, asked: bool) -> None:
        if not asked:
            await asyncio.sleep(REST)
        passage, cell_id = self._editor.passage, self._around.focused_id
        call = open_call(passage.text, passage.caret)
        if call is None:
            self.signature.close()
            if asked:
                self._around.remark("The caret is in no call.")
            return
        async with asyncio.timeout(_PATIENCE):
            found = await self._asking.signatures(cell_id, passage.text, passage.caret)
        now = self._editor.passage
        if not self._editor.display or open_call(now.text, now.caret) != call:
            return
        self._call = call
        self.signature.open(found)
        if found:
            self.place()
        elif asked:
            self._around.remark("Nothing is known of what this takes.")

    async def _describe(self, place: int, *, asked: bool) -> None:
        before, cell_id = self._editor.passage, self._around.focused_id
        async with asyncio.timeout(_PATIENCE):
            found = await self._asking.describe(cell_id, before.text, place)
        if self._editor.passage != before or not self._editor.display:
            return
        if found is not None and found.markdown.strip():
            self.completions.close()
            self._hovered = found.start
            self.hover.open(found.markdown)
            self.place()
        elif asked:
            self._around.remark("Nothing is known of this.")

    def _word_place(self) -> WordPlace:
        passage: Passage = self._editor.passage
        start = passage.caret - len(word_before(passage))
        return WordPlace(self._around.focused_id, start, passage.text[passage.line_start : start])
