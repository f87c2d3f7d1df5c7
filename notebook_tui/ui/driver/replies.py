"""The terminal's answers, cut out of what is typed: nobody else knows them, and they would be taken for keys."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from notebook_tui.ui.pictures.graphics import Answers

_REPLY: Final = re.compile(
    r"\x1b_G(?P<picture>[^\x1b]*)\x1b\\"
    r"|\x1b\]11;rgba?:(?P<background>[0-9a-fA-F/]*)(?:\x1b\\|\x07)"
    r"|\x1bP>\|(?P<version>[^\x1b]*)\x1b\\"
    r"|\x1b\[6;(?P<height>\d+);(?P<width>\d+)t"
    r"|\x1b\[\?(?P<attributes>[\d;]*)c"
)
# What may be the beginning of one, at the end of what has come so far.
_BEGUN: Final = re.compile(
    r"\x1b(?:_(?:G[^\x1b]*\x1b?)?|\](?:1(?:1(?:;[^\x1b\x07]*\x1b?)?)?)?|P(?:>(?:\|[^\x1b]*\x1b?)?)?|\[(?:\?[\d;]*|6(?:;\d*){0,2})?)?\Z"
)
_SIXEL: Final = "4"
_LONGEST: Final = 512
_LARGEST_CELL: Final = 256


class Replies:
    """
    >>> replies = Replies()
    >>> replies.feed("a\\x1b[?62;4"), replies.feed("cb")
    ('a', 'b')
    >>> replies.complete, replies.answers.sixel
    (True, True)
    """

    def __init__(self) -> None:
        self.answers = Answers()
        self.complete = False
        """Whether the last answer has come."""
        self._held = ""

    def feed(self, text: str) -> str:
        """What is left of the text without answers. The beginning of one is held back until the rest comes."""
        text = self._held + text
        self._held = ""
        if "\x1b" not in text:
            return text
        text = _REPLY.sub(self._take, text)
        begun = _BEGUN.search(text)
        if begun is not None and self._may_be_one(begun[0]):
            self._held = begun[0]
            return text[: begun.start()]
        return text

    def _may_be_one(self, begun: str) -> bool:
        """Through tmux the answer about pictures takes longer than the last of those that tmux gives itself."""
        return len(begun) <= _LONGEST and (not self.complete or begun.startswith(("\x1b_G", "\x1b]11;")))

    def release(self) -> str:
        """What was held back and is no answer, for nothing has come after it."""
        held, self._held = self._held, ""
        return held

    def _take(self, reply: re.Match[str]) -> str:
        if reply["picture"] is not None:
            self.answers = replace(self.answers, kitty=reply["picture"].endswith(";OK"))
        elif reply["background"] is not None:
            self.answers = replace(self.answers, light=_is_light(reply["background"]))
        elif reply["version"] is not None:
            self.answers = replace(self.answers, version=reply["version"])
        elif reply["height"] is not None:
            cell = int(reply["width"]), int(reply["height"])
            if all(0 < side <= _LARGEST_CELL for side in cell):
                self.answers = replace(self.answers, cell=cell)
        else:
            self.answers = replace(self.answers, sixel=_SIXEL in reply["attributes"].split(";")[1:])
            self.complete = True
        return ""


def _is_light(background: str) -> bool:
    """Whether dark text is read better there; each part has one to four hexadecimal digits.

    >>> _is_light("ffff/fefe/e0e0"), _is_light("1/2/3"), _is_light("")
    (True, False, False)
    """
    parts = [int(part, 16) / (16 ** len(part) - 1) for part in background.split("/")[:3] if part]
    return len(parts) == 3 and 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2] > 0.5
