"""The two lines at the bottom: where things stand, and what to press now.

`status_line` and `hint_line` are pure; the widget only holds the newest `Status`. A line that does not fit loses its
least important parts, never its first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from beamlike.kernel.record import frozen
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.document.versions import nodes_behind
from notebook_tui.session.people import OWNER, Person
from notebook_tui.ui.cells.running import tally
from notebook_tui.ui.cells.stamp import duration
from notebook_tui.ui.dialogs.messages import Note
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.key_line import fitted, told_keys
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.keys.key import Key, Mode, pretty
from notebook_tui.ui.keys.roles import role_of
from notebook_tui.ui.keys.table import DEFAULT, KeyTable

_NARROW: Final = "  "
_MORE: Final = "  …"
_BEGINNING: Final = 12
"""Columns in which one reads what the runtime is, or that there is none."""
_CHIP: Final = Style(reverse=True, bold=True)
_NAVIGATION_HINTS: Final = ("edit", "run", "insert_code_below", "run_outdated", "save", "help", "app.quit")
_INSERT_HINTS: Final = ("leave", "run", "run_and_next", "complete_or_indent", "save")

_HINTED: Final = (
    *("pressed", "continuations", "begun", "remark", "chip", "hints", "note", "in_panel", "editing", "table", "person"),
)
"""What of a `Status` its second line tells."""
_PANEL_HINTS: Final = (
    *(("jk", "move"), ("Enter", "choose"), ("Tab", "to the cells"), ("<>", "width"), ("s…", "another panel")),
    ("Esc", "close"),
)


@frozen
class Status:
    state: State
    editing: bool = False
    pressed: tuple[str, ...] = ()
    """The keys of a sequence that has begun."""
    continuations: tuple[tuple[str, Key], ...] = ()
    note: Note | None = None
    """A warning or an error that has not been dismissed."""
    remark: str = ""
    """What is said for a moment."""
    asks: int = 0
    """How many lines cells wait for."""
    chip: str = ""
    """What keys do now, where they neither navigate nor edit."""
    hints: tuple[tuple[str, str], ...] = ()
    """With such a chip: keys, and what they do."""
    focused_id: str = ""
    memory: int | None = None
    """Bytes that the runtime's process holds."""
    mode: str = ""
    """That of a map of keys that has modes, while a cell is edited."""
    begun: str = ""
    """What has been pressed of a command of such a map, or typed into its prompt."""
    table: KeyTable = DEFAULT
    in_panel: bool = False
    """Whether a panel has the keys, and not the cells."""
    served: bool = False
    """Whether the session goes on when nobody looks."""
    away: bool = False
    """Whether it is out of reach."""
    ended: bool = False
    """Whether it is over."""
    person: Person = OWNER
    """Who sits here: keys of what they may not do are grey."""
    others: int = 0
    """How many people are here too."""


class StatusBar(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, state: State) -> None:
        super().__init__()
        self._status = Status(state)
        self._drawn: tuple[Text, Text] | None = None
        self._told: tuple[Status, int, Palette, tuple[Text, Text]] | None = None
        """The two lines, and of what they were made."""
        self._hinted: tuple[tuple[object, ...], Text] | None = None
        """The second line, which few keys change, and of what it was made."""
        self._inked: tuple[object, Palette] | None = None
        """The palette, and of which theme's colours it is."""

    def show(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            # Most of what happens while a cell prints is not told here: over a slow line every row counts.
            if self._drawn is None or not self.is_attached or self._lines() != self._drawn:
                self.refresh()

    def render_line(self, y: int) -> Strip:
        if y == 0 or self._drawn is None:
            self._drawn = self._lines()
        row = strip_of(self._drawn[min(y, 1)])
        return row.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _lines(self) -> tuple[Text, Text]:
        status, width, palette = self._status, self.size.width, self._palette()
        told = self._told
        if told is None or told[0] is not status or told[1] != width or told[2] is not palette:
            lines = status_line(status, width, palette), self._hints(status, width, palette)
            told = self._told = (status, width, palette, lines)
        return told[3]

    def _hints(self, status: Status, width: int, palette: Palette) -> Text:
        of = tuple(getattr(status, name) for name in _HINTED), width, palette
        if self._hinted is None or self._hinted[0] != of:
            self._hinted = of, hint_line(status, width, palette)
        return self._hinted[1]

    def _palette(self) -> Palette:
        variables = self.app.theme_variables  # another mapping after each change of the theme
        if self._inked is None or self._inked[0] is not variables:
            self._inked = variables, palette_of(variables)
        return self._inked[1]


def status_line(status: Status, width: int, palette: Palette) -> Text:
    """Mode, file, runtime and nodes at the left, how far the cells are at the right."""
    state = status.state
    edit = status.mode or "EDIT"
    keys = status.chip or ("PANEL" if status.in_panel else edit if status.editing else "NAV")
    mode = Text(f" {keys} ", _CHIP)
    runtime = state.runtime
    # In the order of their use: what does not fit is left out from the end.
    before = [
        mode,
        _file(state, palette),
        *_trust(state, palette),
        *_server(status, palette),
        *_role(status.person, palette),
        *_others(status.others, palette),
        *_node_count(runtime, palette),
    ]
    after = [*_memory(status, palette), *_timing(status, palette), *_node_names(runtime, palette)]
    asks = f"? {status.asks} {'asks' if status.asks == 1 else 'ask'} · " if status.asks else ""
    right = Text.assemble((asks, palette.running), _progress(state, palette), " ", end="")
    room = width - right.cell_len - len(_NARROW)
    if room < mode.cell_len:
        return fitted(before, width, _NARROW)
    left = room - sum(part.cell_len + len(_NARROW) for part in before)
    line = fitted([*before, _shortened(_runtime(runtime, palette), left), *after], room, _NARROW)
    line.append(" " * (width - line.cell_len - right.cell_len))
    return line.append_text(right)


def hint_line(status: Status, width: int, palette: Palette) -> Text:
    """What a begun sequence may become; else what is remarked or went wrong last; else the most useful keys."""
    if status.pressed:
        begun = Text(f" {''.join(pretty(key) for key in status.pressed)}…", palette.strong)
        told = [begun, *(_hint(key, entry, palette, status.person) for key, entry in status.continuations)]
        line = fitted(told, width, _NARROW)
        if cut := line.cell_len < sum(part.cell_len + len(_NARROW) for part in told) - len(_NARROW):
            line = fitted(told, width - len(_MORE), _NARROW)
        return line.append(_MORE if cut else "", palette.muted)
    if status.begun:
        return Text.assemble(" ", (f"{printable(status.begun)}▏", palette.strong), end="")
    if status.remark:
        return fitted([Text(f" {status.remark}", palette.muted)], width)
    if status.chip:
        return told_keys(status.hints, width, palette)
    if status.note is not None:
        sign = "✗" if status.note.severity == "error" else "!"
        ink = palette.error if status.note.severity == "error" else palette.warning
        text = " ".join(status.note.text.split())
        line = Text.assemble((f" {sign} ", ink), text, end="")
        line.truncate(max(1, width - 22), overflow="ellipsis")
        return line.append("  sm all · Esc dismiss", palette.muted)
    if status.in_panel:
        return told_keys(_PANEL_HINTS, width, palette)
    actions = _INSERT_HINTS if status.editing else _NAVIGATION_HINTS
    modes: tuple[Mode, ...] = ("insert", "anywhere") if status.editing else ("navigation", "anywhere")
    entries = (status.table.entry(action, *modes) for action in actions)
    hints = [_hint(key.keys[0], key, palette, status.person) for key in entries if key is not None]
    return Text(" ", end="").append_text(fitted(hints, width - 1))


def _file(state: State, palette: Palette) -> Text:
    name = PurePath(state.path).name if state.path else "no file yet"
    unsaved = (" unsaved", palette.warning) if state.dirty else ("", palette.muted)
    return Text.assemble((name, palette.strong), unsaved)


def _trust(state: State, palette: Palette) -> Sequence[Text]:
    return [] if state.trusted else [Text("? not trusted", palette.warning)]


def _server(status: Status, palette: Palette) -> Sequence[Text]:
    """Where the session is, if not in this program, or that there is none any more."""
    if status.ended:
        return [Text("✗ session ended", palette.error)]
    if status.away:
        return [Text("✗ server out of reach", palette.error)]
    return [Text("⇄ served", palette.muted)] if status.served else []


def _role(person: Person, palette: Palette) -> Sequence[Text]:
    """What they may do, where that is not everything."""
    return [] if person.may("admin") else [Text(f"may {person.role}", palette.warning)]


def _others(count: int, palette: Palette) -> Sequence[Text]:
    return [Text(f"+{count} here", palette.ok)] if count else []


def _shortened(text: Text, room: int) -> Text:
    """Its beginning says what it is; where there is no room for that, it is left as it is, and so left out."""
    if room >= _BEGINNING:
        text.truncate(room, overflow="ellipsis")
    return text


def _runtime(runtime: RuntimeStatus, palette: Palette) -> Text:
    match runtime.phase:
        case "connected":
            return Text.assemble(("● ", palette.ok), runtime.text or "connected")
        case "connecting":
            return Text.assemble(("◌ ", palette.running), runtime.text or "connecting")
        case "disconnected" if runtime.lost:
            words = runtime.lost if runtime.never_came else f"runtime lost: {runtime.lost}"
            return Text.assemble(("✗ ", palette.error), words)
        case "disconnected":
            return Text("○ no runtime yet", palette.muted)


def _node_count(runtime: RuntimeStatus, palette: Palette) -> Sequence[Text]:
    count, behind = len(runtime.nodes), len(nodes_behind(runtime.versions.values()))
    if not count:
        return []
    text = Text(f"◆ {count} {'node' if count == 1 else 'nodes'}", palette.ok, end="")
    return [text.append(f" · {behind} behind", palette.warning) if behind else text]


def _node_names(runtime: RuntimeStatus, palette: Palette) -> Sequence[Text]:
    names = ", ".join(name.partition("@")[0] for name in runtime.nodes)
    return [Text(names, palette.muted)] if names else []


def _memory(status: Status, palette: Palette) -> Sequence[Text]:
    if status.memory is None or status.state.runtime.phase != "connected":
        return []
    return [Text(size_text(status.memory), palette.muted)]


def _timing(status: Status, palette: Palette) -> Sequence[Text]:
    """Of the focused cell, how long it ran last; one that runs counts beside itself."""
    took = status.state.evaluation(status.focused_id).took
    if took is None or not status.state.notebook.has_cell(status.focused_id):
        return []
    return [Text(f"cell {status.state.notebook.label(status.focused_id)}: {duration(took)}", palette.muted)]


def _progress(state: State, palette: Palette) -> Text:
    found = tally(state)
    parts = [f"{len(state.running)} running"] if state.running else []
    parts += [f"{len(state.queue)} queued"] if state.queue else []
    parts.append(f"{found.done}/{found.all} done")
    text = Text(" · ".join(parts), palette.running if state.running else palette.muted, end="")
    if found.failed:
        return Text.assemble((f"✗ {found.failed} failed", palette.error), (" · ", palette.muted), text, end="")
    return text


def _hint(keys: str, entry: Key, palette: Palette, person: Person = OWNER) -> Text:
    ink = palette.strong if person.may(role_of(entry.action)) else palette.muted
    return Text.assemble((pretty(keys), ink), (f" {entry.hint or entry.title.lower()}", palette.muted))
