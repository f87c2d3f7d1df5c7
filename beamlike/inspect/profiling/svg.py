"""A flame graph as an SVG file: it needs no script, and a browser shows the whole name of what the mouse rests on."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from beamlike.inspect.profiling.flame import Bar, bars
from beamlike.inspect.profiling.profile import Profile, tree

_WIDTH: Final = 1200
_ROW: Final = 17
_HEAD: Final = 34
_LETTER: Final = 7.0
_UNITS: Final = 4
"""Columns for each pixel, so that narrow functions keep their places."""


def svg(profile: Profile) -> str:
    """
    >>> from beamlike.inspect.profiling.profile import Frame
    >>> frames = (Frame("main", "", 0), Frame("<f>", "/a.py", 3))
    >>> text = svg(Profile("a@h", 0.0, 1.0, 0.01, 9, 0, frames, (((0, 1), 9),)))
    >>> text.startswith("<svg"), "&lt;f&gt;" in text
    (True, True)
    """
    laid = bars(tree(profile), _WIDTH * _UNITS)
    height = _HEAD + _ROW * (max((bar.row for bar in laid), default=0) + 1) + 8
    title = escape(f"{profile.node}: {profile.busy} samples at work in {profile.seconds:.1f} s")
    body = "\n".join(_drawn(bar, profile) for bar in laid)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="monospace" font-size="11.5">\n<rect width="100%" height="100%" fill="#fbfaf7"/>\n'
        f'<text x="10" y="21" font-size="14" fill="#2c3038">{title}</text>\n{body}\n</svg>\n'
    )


def _drawn(bar: Bar, profile: Profile) -> str:
    x, width = bar.left / _UNITS, bar.width / _UNITS
    y = _HEAD + bar.row * _ROW
    seconds = bar.block.total * profile.interval
    told = f"{bar.block.frame}: {seconds:.2f} s, {bar.share:.1%}; itself {bar.block.own * profile.interval:.2f} s"
    room = int((width - 6) / _LETTER)
    name = bar.block.frame.name
    label = "" if room < 3 else name if len(name) <= room else f"{name[: room - 1]}…"
    return (
        f"<g><title>{escape(told)}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{max(0.3, width - 0.5):.2f}" height="{_ROW - 1}" rx="1.5" '
        f"fill={quoteattr(_fill(bar))}/>"
        + (f'<text x="{x + 3:.2f}" y="{y + 12}" fill="#2c3038">{escape(label)}</text>' if label else "")
        + "</g>"
    )


def _fill(bar: Bar) -> str:
    """One hue for each file: functions of one module are seen to belong together."""
    hue = hash_of(bar.block.frame.file) % 360
    return f"hsl({hue}, 52%, {82 - (bar.row % 2) * 4}%)" if bar.block.frame.file else "#e7e6e0"


def hash_of(text: str) -> int:
    """The same number for the same text in every interpreter.

    >>> hash_of("/srv/shop.py") == hash_of("/srv/shop.py") != hash_of("/srv/till.py")
    True
    """
    value = 2166136261
    for character in text:
        value = (value ^ ord(character)) * 16777619 & 0xFFFFFFFF
    return value >> 7
