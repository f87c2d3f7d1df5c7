"""A flame graph to walk through, and to write to a file."""

from __future__ import annotations

from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen

from beamlike.inspect.profiling.profile import Profile
from notebook_tui.ui.top.bar import Status, TopBar
from notebook_tui.ui.top.flame_view import FlameView


class FlameScreen(Screen[None]):
    DEFAULT_CSS = """
    FlameScreen { layout: vertical; background: $background; color: $foreground; }
    """

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._profile = profile
        self.flame = FlameView()
        self.bar = TopBar()

    def compose(self) -> ComposeResult:
        yield self.flame
        yield self.bar

    def on_mount(self) -> None:
        self.set_focus(self.flame)
        self.flame.show(self._profile)
        self._show_bar()

    @on(FlameView.Moved)
    def _show_bar(self) -> None:
        hints = (
            ("← ↑ ↓ →", "walk"),
            ("Enter", "as wide as the screen"),
            ("Bksp", "wider again"),
            ("w", "write"),
            ("Esc", "back"),
        )
        self.bar.show(Status("FLAME", self.flame.about, hints=hints))

    def on_key(self, event: events.Key) -> None:
        directions = {"h": "left", "j": "down", "k": "up", "l": "right"}
        key = directions.get(event.key, event.key)
        if key in directions.values():
            self.flame.go(key)
        elif key == "enter":
            self.flame.zoom()
        elif key == "backspace":
            self.flame.out()
        elif key == "w":
            self._ask_where()
        elif key in ("escape", "q"):
            self.dismiss()
        elif key == "ctrl+q":
            self.app.exit()
        else:
            return
        event.stop()
        event.prevent_default()

    def _ask_where(self) -> None:
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        name = f"profile-{self._profile.node.partition('@')[0]}.svg"
        self.app.push_screen(
            PromptScreen("Write to which file? .svg, .json (speedscope) or .folded", name), self._write
        )

    def _write(self, path: str | None) -> None:
        if path is None:
            return
        from beamlike.inspect.profiling.written import written

        try:
            Path(path).write_text(written(self._profile, path), encoding="utf-8")
        except (OSError, ValueError) as error:
            self.notify(f"not written: {error}", severity="error", markup=False)
        else:
            self.notify(f"written: {path}", markup=False)
