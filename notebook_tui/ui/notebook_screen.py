"""The screen of one notebook: list, outline, status; it turns keys into commands and states into rows.

New states only mark the screen dirty. The first after a quiet moment is shown at once, so that a key is answered at
once; the rest wait for a tick, twenty a second, however fast a cell prints.

It is one room because Textual gives all of this to one object; what a command does stands in `commands`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from inspect import iscoroutine
from time import monotonic
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.roles import refusal
from notebook_tui.ui.cells.cell_list import CellList, MakePainter
from notebook_tui.ui.cells.known_items import KnownItems
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.commands.answering import AnswerCommands
from notebook_tui.ui.commands.cells import CellCommands
from notebook_tui.ui.commands.definitions import DefinitionCommands
from notebook_tui.ui.commands.files import FileCommands
from notebook_tui.ui.commands.find import FindCommands
from notebook_tui.ui.commands.history import HistoryCommands
from notebook_tui.ui.commands.interrupt import Interrupts
from notebook_tui.ui.commands.keyboard import HINTS, KeysAway
from notebook_tui.ui.commands.named import commands_of
from notebook_tui.ui.commands.outputs import OutputCommands
from notebook_tui.ui.commands.panels import PanelCommands
from notebook_tui.ui.commands.people import People
from notebook_tui.ui.commands.places import PlaceCommands
from notebook_tui.ui.commands.run import RunCommands
from notebook_tui.ui.commands.session import SessionCommands
from notebook_tui.ui.commands.settings import SettingCommands
from notebook_tui.ui.commands.show import ShowCommands
from notebook_tui.ui.commands.texts import TextCommands
from notebook_tui.ui.commands.touching import Touching
from notebook_tui.ui.commands.write import WriteCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.messages import MessageLog, Note, Severity, sentence
from notebook_tui.ui.drawing.compositor import RowsCompositor
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.editing.editor import Editor
from notebook_tui.ui.finding.bar import FindBar
from notebook_tui.ui.keys.maps import bound, problems_of, table_of
from notebook_tui.ui.keys.roles import role_of
from notebook_tui.ui.keys.sequence import PATIENCE, KeySequence, Matched, Pending, Unknown
from notebook_tui.ui.keys.table import DEFAULT, keys_of
from notebook_tui.ui.keys.unknown import said_of_unknown
from notebook_tui.ui.notebook_view import NotebookView
from notebook_tui.ui.panels.kinds import make_panel
from notebook_tui.ui.panels.panel import Panel
from notebook_tui.ui.panels.panel_list import PanelList
from notebook_tui.ui.panels.side import Side
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.status.bar import Status, StatusBar
from notebook_tui.ui.status.beyond import BeyondTheScreen
from notebook_tui.ui.status.memory import RuntimeMemory

FRAME: Final = 1 / 20
_LIVELY: Final = 1.0
"""Seconds after the last key, or the last change of the notebook, in which every tick looks at all there is."""
_RESTING: Final = 10
"""Of so many ticks one does so afterwards."""
_LONGEST_WAIT: Final = 1.0
_LONGEST_START: Final = 10.0
"""Seconds that a key waits for a view that comes up. Nothing else is acted on meanwhile, not even its failure."""
_ANSWERING: Final = (("Enter", "answer"), ("Ctrl+D", "end of input"), ("Esc", "later"), ("Ctrl+C", "interrupt"))
_FILLING: Final = (("Enter", "keep"), ("Tab", "keep, next"), ("Esc", "leave as it was"))


class NotebookScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(key.keys), f"do('{key.action}')", key.title, show=False, id=key.action)
        for key in keys_of("anywhere")
    ]

    class StateChanged(Message):
        """There is a state that is not on the screen yet."""

    @dataclass
    class Said(Message):
        """The session has something to say."""

        text: str

    @dataclass
    class Asked(Message):
        """A cell waits for a line."""

        wanted: InputWanted

    @dataclass
    class Settled(Message):
        """A question needs no answer any more."""

        question: str

    def __init__(
        self,
        client: SessionClient,
        clock: Callable[[], float],
        make_painter: MakePainter,
        preferences: Preferences | None = None,
        waits: Callable[[float], bool] = lambda since: False,
    ) -> None:
        """`waits` says whether what is to be shown since then had better wait: keys of other views go first."""
        super().__init__()
        self._waits = waits
        self._compositor = RowsCompositor()
        self._preferences = preferences or Preferences()
        self._client = client
        self._clock = clock
        self._shown: State | None = None
        self._shown_at = 0.0
        self._ticks = 0
        self._lively_until = 0.0
        self._announced = False
        self._changed_at: float | None = None
        """When there was the first state that is not on the screen yet."""
        self._log = MessageLog()
        self.table = DEFAULT
        """What keys mean now: help, hints and palette show it."""
        self._sequence = KeySequence(self.table.sequences())
        self._told = False
        self._pressed_at = 0.0
        self._remarked = ""
        self._remarked_at = 0.0
        self._settled = asyncio.Event()
        self._is_up = asyncio.Event()
        self._stop_hearing: Callable[[], None] = lambda: None
        self._came_up = False
        """It does not where the program is left, or another notebook opened, at once."""
        self._followed = "", False
        self._pressed: tuple[str, ...] = ()
        self._view = NotebookView(client, self.action_do, clock, make_painter)
        self._status = StatusBar(client.state)
        self._memory = RuntimeMemory(client)
        desk = Desk(client, self._view, self.say, self.hush, self._preferences, clock)
        self._side = Side(lambda name: make_panel(name, desk))
        self._write = WriteCommands(desk, clock)
        self._history = HistoryCommands(desk, clock)
        self._interrupts = Interrupts(desk)
        self._people = People(desk, self._remark)
        self._items = KnownItems()
        self._answers = AnswerCommands(desk, self._write.edit, clock)
        self._touching = Touching(desk, self.action_do, self._answers.answer)
        self._places = PlaceCommands(desk, self._touching, self._leave_list)
        self._keys_away = KeysAway(desk, clock)
        self._inside = self.table.inside
        self._bar = FindBar()
        self._finding = FindCommands(desk, self._bar, self._remark)
        groups = (
            self._answers,
            self._places,
            RunCommands(desk, self._write, self._interrupts),
            self._write,
            self._history,
            CellCommands(desk, self._write, clock),
            DefinitionCommands(desk),
            TextCommands(desk, clock),
            ShowCommands(desk, self._log, lambda: self.table),
            OutputCommands(desk, self._places),
            PanelCommands(desk, self._side),
            SessionCommands(desk),
            FileCommands(desk),
            self._finding,
            SettingCommands(desk, self._write),
        )
        self._commands = commands_of(groups)

    @property
    def client(self) -> SessionClient:
        return self._client

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield self._side
            yield self._view
        yield self._bar
        yield self._status

    def on_mount(self) -> None:
        try:
            if self._view.is_attached:
                self._come_up()
        finally:
            self._is_up.set()

    def _come_up(self) -> None:
        self._beyond = BeyondTheScreen(self.app, self._clock)
        self._came_up = True
        self._client.subscribe(self._state_changed, self._message_came)
        self._client.take_questions(self._question_came, self._question_went)
        self._client.type_here()
        self._show_newest()
        self._view.take_focus()
        self.set_interval(FRAME, self._tick)
        self._settings_changed(self._preferences.now)
        self._stop_hearing = self._preferences.subscribe(self._settings_changed)
        for problem in self._preferences.problems:
            self.say(problem, "warning")

    def on_unmount(self) -> None:
        self._is_up.set()
        if not self._came_up:
            return
        self._beyond.leave()
        self._stop_hearing()
        self._view.keymap.give_cursor_back()

    def _compositor_refresh(self) -> None:
        if self.is_current:
            self._view.put_terminal_cursor()
        super()._compositor_refresh()

    def say(self, text: str, severity: Severity) -> None:
        """Tell the user: now in a toast, later in the list of messages."""
        text = printable(text)
        self._log.add(Note(text, severity, self._clock()))
        self.notify(text, severity=severity, markup=False)
        self._show_status()

    def hush(self, text: str) -> None:
        """Take the toasts with this text off the screen."""
        for toast in [each for each in self.app._notifications if each.message == text]:
            self.app._unnotify(toast)

    def flush(self) -> bool:
        """Send what was typed and is not sent yet; whether there was any."""
        return self._view.flush()

    @property
    def is_editing(self) -> bool:
        """Whether a cell is in the editor, so that the editor's commands mean something."""
        return self._view.is_editing

    def action_do(self, action: str) -> None:
        """Perform the command of that name."""
        if action.startswith("app."):
            self.app.call_later(self.app.run_action, action)
            return
        if action not in self._commands:
            self._view.editor.action_do(action)
            return
        if (refused := refusal(self._client.person, role_of(action))) is not None:
            self.say(sentence(refused), "warning")
            return
        answer = self._commands[action]()
        if iscoroutine(answer):
            self.run_worker(self._finish(action, answer))
        if self._client.state is not self._shown:
            self._show_newest()
        self._show_status()

    async def ready_for_keys(self) -> bool:
        """Wait until the view is up, a cell that was just asked for has the editor, and a panel its lines: the next key
        is theirs. False if the view did not come up: the key is nobody's."""
        try:
            async with asyncio.timeout(_LONGEST_START):
                await self._is_up.wait()
        except TimeoutError:
            return False
        if not self._came_up:
            return False
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                await self._side.arrived()
                while self._write.is_waiting:
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            self._write.give_up()
            self.say("The session has not answered for a second.", "warning")
        return True

    def take_key(self, event: events.Key) -> bool:
        """Act on a key of navigation; False if it is none, or if something else than the list has the focus."""
        self._beyond.touched()
        self._people.ended_by_key()
        if self._view.take_line_key(event):
            self._show_status()
            return True
        if not isinstance(self.focused, CellList | PanelList):
            return False
        if isinstance(self.focused, CellList) and self._keys_away.are_away and event.key != "ctrl+q":
            self._keys_away.send(event)
            self._show_status()
            return True
        key = event.character if event.character and event.character.isalnum() else event.key
        if isinstance(self.focused, PanelList) and not self._pressed and key != "s":
            return False
        if self._places.is_at_place and not self._pressed and (action := self._inside.get(key)):
            self.action_do(action)
            return True
        if key == "escape":
            self._dismiss()
            return True
        self._pressed_at = self._clock()
        outcome = self._sequence.press(key, self._pressed_at)
        self._pressed = outcome.pressed if isinstance(outcome, Pending) else ()
        if isinstance(outcome, Matched):
            self.action_do(outcome.key.action)
        elif isinstance(outcome, Unknown) and (event.is_printable or len(outcome.pressed) > 1):
            self._remark(said_of_unknown(outcome.pressed, self.table))
        self._show_status()
        return isinstance(outcome, Matched | Pending)

    @on(StateChanged)
    def _changed(self) -> None:
        self._announced = False
        if not self._lets_others_first():
            self._show_newest()

    @on(Said)
    def _session_said(self, event: Said) -> None:
        self._write.give_up()
        self._history.give_up()
        self._settled.set()
        self.say(sentence(event.text), "warning")

    @on(CellList.Clicked)
    def _clicked(self, event: CellList.Clicked) -> None:
        self._view.leave()
        is_something = self._view.may_focus(event.item_id)
        if is_something:
            self._view.focus_item(event.item_id)
        self._view.take_focus()
        if is_something and event.times == 2:
            self.action_do("edit")

    @on(CellList.Touched)
    def _touched(self, event: CellList.Touched) -> None:
        answer = self._places.touch(event.item_id, event.touch)
        if iscoroutine(answer):
            self.run_worker(self._finish("press", answer))
        self._show_status()

    @on(Asked)
    def _asked(self, event: Asked) -> None:
        self._answers.asked(event.wanted)
        self._show_status()

    @on(Settled)
    def _question_settled(self, event: Settled) -> None:
        self._answers.settled(event.question)
        self._show_status()

    @on(NotebookView.EditingChanged)
    def _editing_changed(self) -> None:
        self._sequence.forget()
        self._show_status()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self._show_status()

    @on(FindBar.Changed)
    def _query_changed(self, event: FindBar.Changed) -> None:
        self._finding.changed(event)

    @on(FindBar.Step)
    def _step_wanted(self, event: FindBar.Step) -> None:
        self._finding.step(event.by)

    @on(FindBar.Replace)
    def _replacement_wanted(self, event: FindBar.Replace) -> None:
        self._finding.replaced(event)

    @on(FindBar.Closed)
    def _bar_closed(self) -> None:
        self._finding.close()
        self._show_status()

    @on(Editor.ChordChanged)
    def _chord_changed(self) -> None:
        self._show_status()

    @on(NotebookView.Remarked)
    def _remarked_by_view(self, event: NotebookView.Remarked) -> None:
        self._remark(event.text)

    @on(Panel.Closed)
    def _panel_closed(self) -> None:
        self._side.close()
        self._view.take_focus()

    def go_to(self, item_id: str) -> None:
        """Give that cell, or the heading of that section, the focus."""
        self._view.focus_item(item_id)
        self._view.take_focus()

    @on(Panel.Left)
    def _panel_left(self) -> None:
        self._view.take_focus()

    def _leave_list(self, by: int) -> None:
        """To the panel, where one is open."""
        if len(self.focus_chain) > 1:
            self.focus_next() if by > 0 else self.focus_previous()
        else:
            self.say(
                "There is nothing here to go into: no output with a place for the keyboard, no panel.", "information"
            )

    @on(Panel.Widened)
    def _panel_widened(self, event: Panel.Widened) -> None:
        self._side.widen(event.by)

    def on_resize(self) -> None:
        self._side.fit()

    async def _finish(self, action: str, answer: Coroutine[None, None, None]) -> None:
        try:
            await answer
        except Exception as error:
            # The session's failure, whatever it is, is told; it must not take the user's unsaved text with it.
            self.say(f"{action} failed: {error or type(error).__name__}", "error")
        else:
            if action in self._commands:
                self._log.dismiss()
                self._show_status()

    def _state_changed(self, state: State) -> None:
        # Called by the session, perhaps from a task that knows nothing of this app: only a message is safe.
        now = monotonic()
        if self._changed_at is None:
            self._changed_at = now
        if not self._announced and now - self._shown_at >= FRAME:
            self._announced = True
            self.post_message(self.StateChanged())

    def _message_came(self, text: str) -> None:
        self.post_message(self.Said(text))

    def _question_came(self, wanted: InputWanted) -> None:
        self.post_message(self.Asked(wanted))

    def _question_went(self, question: str) -> None:
        self.post_message(self.Settled(question))

    def _tick(self) -> None:
        self._ticks += 1
        changed = self._client.state is not self._shown
        if changed or self._client.state.evaluating:
            self.rouse()
        elif monotonic() > self._lively_until and self._ticks % _RESTING:
            return
        if changed and not self._lets_others_first():
            self._show_newest()
        if self._pressed and self._clock() - self._pressed_at > PATIENCE:
            self._dismiss()
        if self._remarked and self._clock() - self._remarked_at > PATIENCE:
            self._remark("")
        followed = self._view.focused_id, isinstance(self.focused, PanelList)
        if followed != self._followed:
            self._followed = followed
            self._side.follow(self._view.focused_id)
            self._show_status()
        if self._memory.is_due(now := self._clock()):
            self.run_worker(self._ask_memory(now), exit_on_error=False)
        self._view.tick()
        if self._people.tick():
            self._side.show(self._client.state)
            self._show_status()
        self._answers.tick()

    def rouse(self) -> None:
        """Something goes on: look often for a while. Many views share a processor, and most rest at any time."""
        self._lively_until = monotonic() + _LIVELY

    def _lets_others_first(self) -> bool:
        # What the user's own next keys wait for is not put off.
        return not self._write.is_waiting and self._waits(self._changed_at or monotonic())

    def _show_newest(self) -> None:
        before, self._shown = self._shown, self._client.state
        self._shown_at, self._changed_at = monotonic(), None
        self._view.show(self._items.of(self._shown, self._interrupts.counts(self._shown)))
        self._touching.settle()
        self._places.settle()
        self._answers.settle()
        self._side.show(self._shown)
        self._finding.show_newest()
        self._write.settle()
        self._history.settle()
        self._settled.set()
        self._beyond.show(self._shown)
        if before:
            self._tell_of_runtime(before.runtime, self._shown.runtime)
        self._show_status()

    def _tell_of_runtime(self, before: RuntimeStatus, now: RuntimeStatus) -> None:
        # What was lost last is kept while another is connected to: it is told anew when that does not come either.
        if now.phase == "disconnected" and now.lost and now != before:
            self.say(sentence(now.lost) if now.never_came else f"The runtime is lost: {now.lost}", "error")
        elif now.phase == "connected" and before.phase != "connected":
            self._log.dismiss()

    async def _ask_memory(self, now: float) -> None:
        if await self._memory.ask(now):
            self._show_status()

    def _remark(self, text: str) -> None:
        """Say something for a moment that is worth no toast."""
        self._remarked, self._remarked_at = text, self._clock()
        self._show_status()

    def _show_status(self) -> None:
        pressed, editor = self._pressed, self._view.editor
        continuations = self._sequence.continuations() if pressed else []
        if editor.pressed:
            pressed, continuations = editor.pressed, editor.chord.continuations()
        self._status.show(
            Status(
                self._client.state,
                self._view.is_editing,
                pressed,
                tuple(continuations),
                self._log.unread,
                self._remarked,
                self._answers.count,
                *self._chip(),
                focused_id=self._view.focused_id,
                memory=self._memory.held,
                mode=self._view.keymap.mode,
                begun=self._view.keymap.pressed if self._view.is_editing else "",
                table=self.table,
                in_panel=isinstance(self.focused, PanelList),
                person=self._client.person,
                others=len(self._people.others),
                served=self._client.served,
                away=self._client.away,
                ended=self._client.ended,
            )
        )

    def _chip(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What keys do now, where they neither navigate nor edit, and which to press."""
        if self._keys_away.are_away:
            return "KEYS", HINTS
        if self._answers.is_answering:
            return "ANSWER", _ANSWERING
        if self._view.line is not None:
            return "FILL", _FILLING
        if self._bar.has_focus_within:
            return "FIND", self._bar.hints
        if self._places.is_at_place:
            return "OUTPUT", self._places.hints
        return "", ()

    def _settings_changed(self, settings: Settings) -> None:
        choices = self._view.editor.choices
        choices.completes_while_typing = settings.completion_while_typing
        choices.shows_signatures = settings.signatures_while_typing
        choices.closes_brackets = settings.closing_brackets
        self._view.number_lines(settings.line_numbers)
        self._beyond.long = settings.notify_after_seconds or math.inf
        table = table_of(settings.keymap, settings.keys)
        if table == self.table:
            return
        for problem in problems_of(settings.keys, table) if table.name == settings.keymap and not self._told else ():
            self.say(problem, "warning")
        self._told = True
        self.table = table
        self._sequence = KeySequence(table.sequences())
        self._inside = table.inside
        self._view.editor.use(table)
        self._view.keymap.use(settings.keymap, table.of("insert"))
        self.app.set_keymap(bound(table))
        self._show_status()

    def _dismiss(self) -> None:
        """Forget a begun sequence; without one, close the bar of finding, or else the message in the status bar."""
        if self._pressed:
            self._sequence.forget()
            self._pressed = ()
        elif self._bar.is_open:
            self._finding.close()
        else:
            self._log.dismiss()
        self._show_status()
