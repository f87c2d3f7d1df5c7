"""From values to places along an axis, and which values are worth a tick."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.widgets.plot_text import number

_NICE: Final = (1.0, 2.0, 5.0, 10.0)
_LARGEST: Final = 1e306
_LOOSE: Final = 1.15
_DIGITS: Final = 5
"""From here on, to the left or to the right of the point, a number is written with its power of ten."""


@frozen
class Scale:
    """`steps` places, from that of `low` to that of `high`.

    >>> [Scale(0.0, 10.0, 5).at(value) for value in (0.0, 4.9, 10.0, 99.0)]
    [0, 2, 4, 4]
    """

    low: float
    high: float
    steps: int

    def at(self, value: float) -> int:
        """The place of the value; of one beyond an end, that end."""
        return round(self.exactly(max(self.low, min(self.high, value))))

    def exactly(self, value: float) -> float:
        """The same between the places."""
        # Halved, for the difference may be more than there are numbers.
        across = self.high / 2 - self.low / 2
        if not across:
            return (self.steps - 1) / 2
        return (value / 2 - self.low / 2) / across * (self.steps - 1)


@frozen
class Tick:
    value: float
    label: str


def ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """Round values from `low` to `high`, at most so many, all written with as many digits.

    >>> [tick.label for tick in ticks(0.0, 1.0, 6)], [tick.label for tick in ticks(-3.0, 12.0, 4)]
    (['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'], ['0', '5', '10'])
    """
    span = high - low
    if not 0 < span < math.inf or most < 2:
        return tuple(Tick(value, number(value)) for value in sorted({low, high})[: max(1, most)])
    step = _step(span, most)
    if not step or not math.isfinite(low / step) or abs(low / step) > 1e15 or abs(high / step) > 1e15:
        return tuple(Tick(value, number(value)) for value in (low, high))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [index * step for index in range(first, last + 1)]
    if not 2 <= len(values) <= most:
        return tuple(Tick(value, number(value)) for value in (low, high))
    return tuple(Tick(value, label) for value, label in zip(values, labels(values, step), strict=True))


def rounded_ends(low: float, high: float, most: int) -> tuple[float, float]:
    """Ends a little farther apart, at round values between the ticks, as far as that costs little room.

    >>> rounded_ends(0.03, 3.28, 5)
    (0.0, 3.5)
    """
    span = high - low
    step = _step(span, most) if 0 < span < math.inf else 0.0
    for part in (step / 2, step / 5, step / 10):
        if part and abs(low / part) < 1e15 and abs(high / part) < 1e15:
            ends = math.floor(low / part) * part, math.ceil(high / part) * part
            if ends[1] - ends[0] <= min(span * _LOOSE, sys.float_info.max):
                return ends
    return low, high


def room_ahead(low: float, high: float) -> float:
    """An end at most a thirty-second of the way beyond `high`, and the same for a while as that grows.

    >>> [room_ahead(0.0, high) for high in (64.0, 65.0, 66.0, 67.0)]
    [64.0, 66.0, 66.0, 68.0]
    """
    span = high - low
    if not 0 < span < math.inf:
        return high
    part = 2.0 ** (math.frexp(span)[1] - 6)
    end = low + math.ceil(span / part) * part
    return end if high <= end < math.inf else high


def log_ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """Of an axis of powers of ten, where `low` and `high` are the exponents.

    >>> [(tick.value, tick.label) for tick in log_ticks(-2.2, 1.0, 4)]
    [(-2.0, '0.01'), (-1.0, '0.1'), (0.0, '1'), (1.0, '10')]
    """
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first < 1:
        return tuple(Tick(value, unlogged(value)) for value in sorted({low, high})[: max(1, most)])
    every = -(-(last - first + 1) // max(1, most))
    return tuple(Tick(float(power), unlogged(power)) for power in range(first, last + 1, every))


def unlogged(exponent: float) -> str:
    """The number with that logarithm."""
    try:
        return number(10.0**exponent)
    except OverflowError:  # by a rounding, at the end of what a float holds
        return number(math.inf)


def labels(values: Sequence[float], step: float) -> list[str]:
    """The values as texts that differ where the values do.

    >>> labels([0.0, 0.25, 0.5], 0.25), labels([0.0, 2e6], 2e6)
    (['0.00', '0.25', '0.50'], ['0', '2e+06'])
    """
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals and not float(step * 10**decimals).is_integer() and decimals < _DIGITS:
        decimals += 1
    most = max((abs(value) for value in values), default=0.0)
    if decimals > _DIGITS or most >= 10**_DIGITS * 10:
        return [f"{value:.6g}" for value in values]
    return [f"{value + 0.0:.{decimals}f}" for value in values]


def _step(span: float, most: int) -> float:
    """The smallest round step of which at most `most` fit."""
    rough = span / (most - 1)
    if rough <= 0 or not math.isfinite(rough):
        return 0.0
    power: float = 10.0 ** math.floor(math.log10(rough))
    if not 0 < power < _LARGEST:
        return 0.0
    # Two ends that happen to be round may make one tick too many: then the next step is taken.
    for nice in (*_NICE, 20.0):
        step = nice * power
        if math.floor(span / step + 1e-9) + 1 <= most:
            return step
    return 50.0 * power
