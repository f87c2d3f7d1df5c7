"""A program that shows pictures: it hears what the terminal can, and paints over frames what is no text.

Overrides `App._display`, which Textual does not promise to keep; a test looks at what is written after a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from rich.console import RenderableType
from textual import on
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from notebook_tui.ui.driver.answered import TerminalAnswered
from notebook_tui.ui.driver.driver_class import terminal_driver
from notebook_tui.ui.pictures.gallery import Gallery, Pictures
from notebook_tui.ui.pictures.graphics import SETTING, Answers, complaint, graphics_for
from notebook_tui.ui.pictures.overlay import Overlay, Placed, at
from notebook_tui.ui.terminal_environment import terminal_environment

DEADLINE: Final = 0.2
"""Seconds that the first pictures wait for the terminal's answer."""


@runtime_checkable
class ShowsPictures(Protocol):
    """A widget with pictures in it."""

    def show_pictures(self, pictures: Pictures) -> None:
        """There are others now, or they are drawn in another way."""

    def placed_pictures(self) -> Iterator[Placed]:
        """Those that are to be painted over, seen from the widget's top left."""


class PictureApp(App[None]):
    class PicturesReady(Message):
        """Some have been drawn."""

    gallery: Gallery
    _overlay: Overlay
    _answers = Answers()
    _wanted = ""

    def make_gallery(self, folder: Callable[[], Path | None]) -> None:
        """To be called before the app runs; pictures of Markdown lie in that folder."""
        self.driver_class = terminal_driver() or self.driver_class
        self.gallery = Gallery(lambda: self.post_message(self.PicturesReady()))
        self.gallery.folder = folder
        self._overlay = Overlay()

    def show_pictures_as(self, wanted: str) -> None:
        """The user's choice among the ways to show them; `auto` leaves it to the terminal."""
        if wanted != self._wanted:
            self._wanted = wanted
            if self.gallery.graphics is not None:
                self._use(self._answers)

    @property
    def pictures(self) -> Pictures:
        """As they are now."""
        return Pictures(self.gallery.version, self.gallery)

    def farewell(self) -> str:
        return self.gallery.forget()

    def on_mount(self) -> None:
        if said := complaint(terminal_environment()):
            self.notify(said, severity="warning", markup=False)
        self.set_timer(DEADLINE, self._wait_no_longer)

    async def on_unmount(self) -> None:
        self.gallery.close()

    @on(TerminalAnswered)
    def _answered(self, event: TerminalAnswered) -> None:
        event.stop()
        self.gallery.forget()
        self._overlay.forget()
        self._use(event.answers)

    @on(PicturesReady)
    def _pictures_ready(self, event: PicturesReady) -> None:
        event.stop()
        if self.gallery.collect():
            self._show_pictures()

    def _wait_no_longer(self) -> None:
        if self.gallery.graphics is None:
            self._use(Answers())

    def _use(self, answers: Answers) -> None:
        self._answers = answers
        environ = {SETTING: self._wanted, **terminal_environment()}
        self.gallery.use(graphics_for(answers, environ, self.console.color_system))
        self._show_pictures()

    def _show_pictures(self) -> None:
        if (said := self.gallery.take_messages()) and self._driver is not None:
            self._driver.write(said)
        for screen in self.screen_stack:
            for widget in screen.walk_children(Widget):
                if isinstance(widget, ShowsPictures):
                    widget.show_pictures(self.pictures)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        graphics = self.gallery.graphics
        if graphics is None or not graphics.overlays or self._driver is None or screen is not self.screen:
            return
        placed = list(_placed_on(screen))
        painted = self._overlay.to_paint(
            [each for each, _ in placed],
            lambda region: _touches(renderable, region),
            lambda region: _is_covered(screen, region, [widget for _, widget in placed]),
        )
        for each in painted:
            self._driver.write(at(each.region, self.gallery.painting(each.number)))


def _placed_on(screen: Screen[object]) -> Iterator[tuple[Placed, Widget]]:
    for widget in screen.walk_children(Widget):
        if isinstance(widget, ShowsPictures) and isinstance(widget, Widget):
            corner = widget.region.offset
            for each in widget.placed_pictures():
                yield Placed(each.number, each.region.translate(corner)), widget


def _touches(renderable: RenderableType | None, region: Region) -> bool:
    """Whether that frame painted anything there."""
    match renderable:
        case LayoutUpdate(region=painted):
            return bool(painted.overlaps(region))
        case ChopsUpdate(spans=spans):
            return any(
                region.y <= y < region.bottom and left < region.right and right > region.x for y, left, right in spans
            )
        case _:
            return renderable is not None


def _is_covered(screen: Screen[object], region: Region, holders: list[Widget]) -> bool:
    """Whether something lies on top of it, such as a list of completions or a message."""
    for widget, (place, _) in screen._compositor.visible_widgets.items():
        if widget in holders:
            return False
        if place.overlaps(region) and widget.visible:
            return True
    return False
