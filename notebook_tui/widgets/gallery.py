"""Pictures with words below them that come one by one, by the thousand, from any node."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.widgets import views
from notebook_tui.widgets.changes import CARDS, CardsHung
from notebook_tui.widgets.contents import BYTES, card_size
from notebook_tui.widgets.image import image, pillow_image
from notebook_tui.widgets.messages import Answer, Page
from notebook_tui.widgets.place import TERMINAL, Place
from notebook_tui.widgets.server import Behaviour, start_server
from notebook_tui.widgets.views import Card, Display
from notebook_tui.widgets.widget import Widget, new_ref

KEPT: Final = 2_000
ROOM: Final = 32_000_000
"""Bytes, about, of the pictures that one gallery keeps."""
LARGE: Final = 48_000
SIDES: Final = (480, 360)
"""A picture of more than `LARGE` bytes is shown no larger than that many pixels."""
_LONGEST: Final = 1_000


class Gallery(Widget[views.Gallery]):
    """Pictures, the newest of which are shown, `page_size` at a time, in so many columns as far as there is room;
    viewers turn to earlier pages. `keep` pictures are kept where the gallery was made, the oldest go first.

    A picture is what `nb.image` takes. Large ones are made smaller where they are added. `key` is a name for the card:
    what is added under the same one takes its place, so work that is done twice does not show twice.

    >>> from notebook_tui.widgets.gallery import Gallery
    >>> gallery = Gallery(title="Stills")
    >>> gallery.add(b"\\x89PNG\\r\\n\\x1a\\n", "a red circle", key=1)
    >>> gallery.add(b"\\x89PNG\\r\\n\\x1a\\n", "a red square", key=1)
    >>> shown = gallery.show()
    Stills
    ▦ a red square
    1 picture
    """

    def __init__(self, *, columns: int = 4, page_size: int = 8, keep: int = KEPT, title: str = "") -> None:
        if columns < 1:
            raise ValueError(f"expected one column or more, got {columns}")
        if not 1 <= page_size <= CARDS:
            raise ValueError(f"expected 1 to {CARDS} pictures a page, got {page_size}")
        if keep < page_size:
            raise ValueError(f"expected to keep a page of {page_size} pictures or more, got {keep}")
        view = views.Gallery(new_ref(), page_size=page_size, columns=columns, title=title)
        super().__init__(view)
        self._here: Hung | None = None
        """The pictures, where there is no process behind it: in a script."""
        server = None if self._place is TERMINAL else start_server(partial(_Hanging, view, keep, self._place))
        if server is None:
            self._here = Hung(keep)
        else:
            self.served_by(server)

    def add(self, picture: Any, caption: str = "", *, key: Hashable = None) -> None:
        """Shows the picture behind those that are there. TypeError or ValueError for what is no picture."""
        if not isinstance(caption, str):
            raise TypeError(f"expected words to stand below the picture, got {type(caption).__name__}: {caption!r}")
        shown = thumbnail(picture, caption)
        if self._here is not None:
            self._change(self._here.hang(shown, caption, key))
        for _, server in self._servers:
            bl.send(server, _Hang(shown, caption, key))


class Hung:
    """The cards of a gallery, as many as are kept.

    >>> hung = Hung(2)
    >>> [hung.hang(Display(()), word).first for word in "abc"], [card.caption for card in hung.page(0, 8)]
    ([0, 0, 1], ['b', 'c'])
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._cards: OrderedDict[int, Card] = OrderedDict()
        self._named: dict[Hashable, int] = {}
        self._names: dict[int, Hashable] = {}
        self._size = 0
        self.count = 0

    @property
    def first(self) -> int:
        return next(iter(self._cards), self.count)

    def hang(self, picture: Display, caption: str, key: Hashable = None) -> CardsHung:
        """What has changed by that."""
        number = self.count if key is None else self._named.get(key, self.count)
        card = Card(number, picture, caption[:_LONGEST])
        if number == self.count:
            self.count += 1
            if key is not None:
                self._named[key], self._names[number] = number, key
        before = self._cards.get(number)
        self._cards[number] = card
        self._size += card_size(card) - (card_size(before) if before else 0)
        while len(self._cards) > self._keep or (self._size * BYTES > ROOM and len(self._cards) > CARDS):
            self._forget_the_oldest()
        return CardsHung((card,), self.count, self.first)

    def page(self, offset: int, limit: int) -> tuple[Card, ...]:
        """From the card of that number on, or from the oldest that there is."""
        start = max(offset, self.first)
        return tuple(self._cards[number] for number in range(start, min(start + limit, self.count)))

    def _forget_the_oldest(self) -> None:
        number, card = self._cards.popitem(last=False)
        self._size -= card_size(card)
        if number in self._names:
            del self._named[self._names.pop(number)]


def thumbnail(picture: Any, caption: str = "") -> Display:
    """The picture, no larger than a gallery shows it. What is no file yet becomes a JPEG."""
    if isinstance(picture, Display):
        shown = picture
    elif isinstance(picture, str | Path | bytes | bytearray | memoryview):
        shown = image(picture, alt=caption)
    else:
        return image(_small(pillow_image(picture)), alt=caption)
    kind, data = next(((kind, form) for kind, form in shown.forms if kind.startswith("image/")), ("", b""))
    if not isinstance(data, bytes) or not kind:
        raise TypeError(f"expected a picture, or what nb.image makes of one, got a display of {shown.text!r}")
    if len(data) <= LARGE:
        return shown
    try:
        from PIL import Image
    except ImportError as error:
        raise ValueError(
            f"expected a picture of {LARGE:,} bytes or less, got {len(data):,}: "
            "where pillow is installed, larger ones are made smaller"
        ) from error
    return image(_small(Image.open(io.BytesIO(data))), alt=caption)


def _small(picture: Any) -> bytes:
    small = picture.convert("RGB")
    small.thumbnail(SIDES)
    written = io.BytesIO()
    small.save(written, "JPEG", quality=85)
    return written.getvalue()


@frozen
class _Hang:
    picture: Display
    caption: str
    key: Hashable


class _Hanging(Behaviour):
    def __init__(self, view: views.Gallery, keep: int, place: Place) -> None:
        self._first = view
        self._hung = Hung(keep)
        self._place = place

    async def page(self, page: Page) -> Answer:
        if page.offset < 0 or not 1 <= page.limit <= CARDS:
            return Answer(None, f"expected 1 to {CARDS} pictures from a number of 0 or more, got {page}")
        hung = self._hung
        first = self._first
        cards = hung.page(page.offset, page.limit)
        return Answer(
            views.Gallery(first.ref, cards, hung.count, hung.first, first.page_size, first.columns, first.title)
        )

    async def on_message(self, message: object) -> None:
        if isinstance(message, _Hang):
            change = self._hung.hang(message.picture, message.caption, message.key)
            self._place.change(self._first, self._first, change, ())
