"""Numbers, times and histories as the view of a node shows them: few columns, no jumping about."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"


def count_text(count: float | None) -> str:
    """
    >>> [count_text(each) for each in (None, 0, 0.4, 999, 1234, 56_789, 1_234_567)]
    ['', '0', '0.4', '999', '1,234', '56.8k', '1.2M']
    """
    if count is None:
        return ""
    if count >= 999_500:
        return f"{count / 1e6:.1f}M"
    if count >= 9999.5:
        return f"{count / 1e3:.1f}k"
    return f"{count:.1f}" if 0 < count < 10 and count != int(count) else f"{count:,.0f}"


def seconds_text(seconds: float | None) -> str:
    """
    >>> [seconds_text(each) for each in (None, 0.0, 0.00042, 0.0123, 1.5, 75)]
    ['', '0 ms', '0.4 ms', '12 ms', '1.5 s', '1:15']
    """
    if seconds is None:
        return ""
    if seconds >= 60:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f} ms" if 0 < milliseconds < 9.95 else f"{milliseconds:.0f} ms"


def uptime_text(seconds: float) -> str:
    """
    >>> uptime_text(59), uptime_text(3725), uptime_text(200_000)
    ('0:59', '1:02:05', '2d 07:33')
    """
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class History:
    """The last values of something, to be drawn."""

    def __init__(self, length: int = 60) -> None:
        self._values: deque[float] = deque(maxlen=length)

    def add(self, value: float | None) -> None:
        if value is not None:
            self._values.append(value)

    def clear(self) -> None:
        self._values.clear()

    @property
    def last(self) -> float | None:
        return self._values[-1] if self._values else None

    def spark(self, width: int, least_top: float = 0.0) -> str:
        return sparkline(tuple(self._values)[-width:], width, least_top)


def sparkline(values: Sequence[float], width: int, least_top: float = 0.0) -> str:
    """Bars for the last `width` values, the largest (but at least `least_top`) as high as a line; room at the left.

    >>> sparkline([0, 1, 2, 7], 6), sparkline([0.1], 3, least_top=1.0)
    ('  ▁▂▃█', '  ▁')
    """
    shown = list(values)[-width:]
    top = max([*shown, least_top], default=0.0)
    bars = "".join(_BARS[min(7, int(each / top * 7.999))] if top > 0 else _BARS[0] for each in shown)
    return bars.rjust(width)


def share_bar(share: float, width: int) -> str:
    """
    >>> share_bar(0.5, 4), share_bar(0.0, 4), share_bar(2.0, 4)
    ('██  ', '    ', '████')
    """
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + " " * (width - full)


def total(values: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None if none is."""
    known = [each for each in values if each is not None]
    return sum(known) if known else None
