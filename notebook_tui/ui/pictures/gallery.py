"""The pictures of one terminal: drawn once for each size, in a thread, and kept while there is room.

Whoever draws rows asks `Pictures` for those of a picture, and is given as many that say it is being drawn until it is;
then `on_ready` is called, and the next asking finds it.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from hashlib import blake2b
from pathlib import Path
from typing import Final, ParamSpec, TypeAlias, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.pictures.decoding import NoPicture, refusal_of
from notebook_tui.ui.pictures.drawing import Drawing
from notebook_tui.ui.pictures.files import read_picture
from notebook_tui.ui.pictures.fitting import columns_and_rows
from notebook_tui.ui.pictures.graphics import Graphics
from notebook_tui.ui.pictures.header import size_of
from notebook_tui.ui.plots.kept import Kept

_ROOM: Final = 64
_WAITING: Final = 16
Work = ParamSpec("Work")
Result = TypeVar("Result")
Key: TypeAlias = tuple[bytes, int, int]


class Gallery:
    """`on_ready` is called from another thread."""

    def __init__(self, on_ready: Callable[[], object] = lambda: None) -> None:
        self._on_ready = on_ready
        self._graphics: Graphics | None = None
        self._drawn: OrderedDict[Key, Drawing | NoPicture] = OrderedDict()
        self._jobs: dict[Key, Future[Drawing]] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._said: list[str] = []
        self._numbers = random.randrange(1, 0xFFFFFF)
        self._overlays: dict[int, Key] = {}
        self._last: dict[tuple[str, int, int], Key] = {}
        """The picture that was shown last in a place, at that size."""
        self._files: dict[tuple[Path, str], bytes | str | None] = {}
        self._news = False
        self.version = 0
        self.folder: Callable[[], Path | None] = lambda: None
        """Where the notebook's files are."""

    @property
    def graphics(self) -> Graphics | None:
        """None while the terminal has not been asked, or has not answered."""
        return self._graphics

    def use(self, graphics: Graphics) -> None:
        """From now on draw like this."""
        if graphics != self._graphics:
            self._forget_all()
            self._graphics = graphics
            self.version += 1

    def forget(self) -> str:
        """Draw everything anew when it is asked for; returns what the terminal is to be told."""
        self._forget_all()
        self.version += 1
        return self.take_messages()

    def take_messages(self) -> str:
        """What the terminal is to be told before the next frame."""
        said, self._said = "".join(self._said), []
        return said

    def painting(self, number: int) -> str:
        """What paints the drawing of that number; empty if it is here no more."""
        drawing = self._drawn.get(self._overlays.get(number, (b"", 0, 0)))
        return drawing.painted_over if isinstance(drawing, Drawing) else ""

    def drawing(self, data: bytes | str, columns: int, rows: int, place: str = "") -> Drawing | NoPicture | None:
        """None while it is being drawn; in a place where there was one of that size, the one before."""
        if self._graphics is None:
            return None
        key = (digest_of(data), columns, rows)
        if key in self._drawn:
            self._drawn.move_to_end(key)
            self._last[place, columns, rows] = key
            return self._drawn[key]
        if key not in self._jobs:
            self._begin(key, data, self._graphics)
        return self._drawn.get(self._last.get((place, columns, rows), key)) if place else None

    def wait(self, seconds: float) -> None:
        """Until all that was asked for is drawn."""
        for job in [*self._jobs.values()]:
            job.exception(seconds)
        self.collect()

    def collect(self) -> bool:
        """Take what the threads have drawn; whether there was any."""
        done = [(key, job) for key, job in self._jobs.items() if job.done()]
        for key, job in done:
            del self._jobs[key]
            if not job.cancelled():
                self._keep(key, _outcome(job))
        news, self._news = bool(done) or self._news, False
        self.version += news
        return news

    def file(self, name: str) -> bytes | str | None:
        """What is in a file of the notebook; empty while it is being read, None if there is no such."""
        folder = self.folder()
        if folder is None:
            return None
        key = folder, name
        if key not in self._files:
            self._files[key] = b""
            self._submit(read_picture, folder, name).add_done_callback(lambda job: self._has_read(key, job))
        return self._files[key]

    def _has_read(self, key: tuple[Path, str], job: Future[bytes | str | None]) -> None:
        """Called in the thread."""
        self._files[key] = None if job.cancelled() or job.exception() else job.result()
        self._news = True
        self._on_ready()

    def close(self) -> str:
        """Draw no more; returns what the terminal is to be told: that it may throw its pictures away."""
        self._forget_all()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        return self.take_messages()

    def _begin(self, key: Key, data: bytes | str, graphics: Graphics) -> None:
        self._numbers += 1
        self._overlays[self._numbers] = key
        job = self._submit(_drawn, data, key[1], key[2], graphics, self._numbers)
        self._jobs[key] = job
        self._give_up_the_oldest()
        job.add_done_callback(lambda _: self._on_ready())

    def _give_up_the_oldest(self) -> None:
        """Pictures that come faster than they are drawn: what waits longest is drawn if it is asked for once more."""
        waiting = [key for key, job in self._jobs.items() if not job.running() and not job.done()]
        for key in waiting[:-_WAITING]:
            if self._jobs[key].cancel():
                del self._jobs[key]

    def _submit(self, work: Callable[Work, Result], *args: Work.args, **options: Work.kwargs) -> Future[Result]:
        if self._threads is None:
            # One: the work holds the interpreter, so two would only be in each other's way.
            self._threads = ThreadPoolExecutor(1, "pictures")
        return self._threads.submit(work, *args, **options)

    def _keep(self, key: Key, outcome: Drawing | NoPicture) -> None:
        self._drawn[key] = outcome
        if isinstance(outcome, Drawing):
            self._said.append(outcome.sent_before)
        while len(self._drawn) > _ROOM:
            key, forgotten = self._drawn.popitem(last=False)
            self._forget(forgotten)
            self._last = {place: last for place, last in self._last.items() if last != key}
        self._overlays = {number: at for number, at in self._overlays.items() if at in self._drawn or at in self._jobs}

    def _forget_all(self) -> None:
        for job in self._jobs.values():
            job.cancel()
        self._jobs.clear()
        for outcome in self._drawn.values():
            self._forget(outcome)
        self._drawn.clear()
        self._overlays.clear()
        self._last.clear()

    def _forget(self, outcome: Drawing | NoPicture) -> None:
        if isinstance(outcome, Drawing):
            self._said.append(outcome.forgotten_by)


@frozen
class Pictures:
    """The pictures as they are now: another value whenever rows would look different."""

    version: int = 0
    gallery: Gallery = field(default_factory=Gallery, compare=False)

    def file(self, name: str) -> bytes | str | None:
        """The picture in a file beside the notebook; empty while it is being read, None if there is no such."""
        return self.gallery.file(name)

    def rows(
        self,
        data: bytes | str,
        name: str,
        columns: int,
        rows: int,
        palette: Palette,
        enlarged: bool = False,
        place: str = "",
    ) -> list[Text]:
        """The rows of a picture, as many whether it is drawn yet or not; one that says what is there, where it is not
        shown. In a place where pictures follow each other the last one stays until the next is drawn."""
        if not data:
            return [_caption(f"{name} …", columns, palette)]
        size = size_of(data)
        refusal = refusal_of(data)
        graphics = self.gallery.graphics
        if size is None or refusal:
            return [_caption(f"{name}, not shown: {refusal}", columns, palette)]
        if graphics is not None and graphics.protocol == "off":
            return [
                _caption(
                    f"{name}, {size[0]} × {size[1]}, {len(data):,} bytes · o opens, s there saves", columns, palette
                )
            ]
        cell = graphics.cell if graphics else Graphics("off").cell
        wide, high = columns_and_rows(size, cell, columns, rows, enlarged)
        drawing = self.gallery.drawing(data, wide, high, place)
        if isinstance(drawing, Drawing):
            return [row.copy() for row in drawing.rows]
        if isinstance(drawing, NoPicture):
            said = [_caption(f"{name}, not shown: {drawing}", columns, palette)]
        else:
            said = [_caption(f"{name} {size[0]} × {size[1]} …", columns, palette)]
        return said + [Text(end="") for _ in range(high - 1)]


NO_PICTURES: Final = Pictures()
"""Of a terminal that was never asked: each picture is about to be drawn."""


def _digest(data: bytes | str) -> bytes:
    return blake2b(data.encode("utf-8", "replace") if isinstance(data, str) else data, digest_size=16).digest()


digest_of: Final[Kept[bytes | str, bytes]] = Kept(_digest, room=64)


def _drawn(data: bytes | str, columns: int, rows: int, graphics: Graphics, number: int) -> Drawing:
    from notebook_tui.ui.pictures.draw import drawing_of

    return drawing_of(data, columns, rows, graphics, number)


def _outcome(job: Future[Drawing]) -> Drawing | NoPicture:
    error = job.exception()
    if error is None:
        return job.result()
    return error if isinstance(error, NoPicture) else NoPicture(f"drawing it failed: {error or type(error).__name__}")


def _caption(text: str, width: int, palette: Palette) -> Text:
    shown = printable_row(text)
    shown = shown if cell_len(shown) <= width else set_cell_size(shown, width - 1) + "…"
    return Text(shown, palette.muted, end="")
