"""A policy that goes by the time of day: windows in which another rule holds than in between.

A window is so many hours by the clock on the wall of one time zone. It belongs to the day on which it begins and may
end on the next. Where clocks are put forward or back, its times mean what RFC 5545 makes of them: a time that is
skipped is as late as if the clock had not been moved, and of a time that comes twice the first is meant. So two windows
of which one begins when the other ends leave no gap and do not overlap on such a day either.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beamlike.kernel.record import frozen
from flame.policies import AtLeast, Demand, Policy, Wanted, checked_policy, on_demand

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)
LOOK_BACK = 2
"""Days: a window that began the day before yesterday may last until now where a zone skips hours."""
LOOK_AHEAD = 8
"""Days: a window begins within them, unless clocks that are put forward leave nothing of it."""

Row: TypeAlias = tuple[str, str, str, "int | Policy"]


@frozen
class Window:
    """The hours from `start` to `end` minutes after midnight on `days` (0 is Monday); `end` may be on the next day."""

    days: frozenset[int]
    start: int
    end: int
    policy: Policy
    words: str


@frozen
class Schedule:
    """The policy of the windows that are open, the largest where several are; `otherwise` while none is."""

    windows: tuple[Window, ...]
    zone: ZoneInfo
    otherwise: Policy

    def wanted(self, demand: Demand) -> Wanted:
        wanted = [_within(window, demand) for window in self._open(demand.wall)]
        if not wanted:
            return self.otherwise.wanted(demand)
        return max(wanted, key=lambda wanted: wanted.runners)

    def next_change(self, demand: Demand) -> float | None:
        policies = [window.policy for window in self._open(demand.wall)] or [self.otherwise]
        changes = [change for policy in policies if (change := policy.next_change(demand)) is not None]
        return min([*changes, self._next_boundary(demand.wall)])

    def _open(self, wall: datetime) -> list[Window]:
        now = _aware(wall)
        return [
            window
            for window in self.windows
            if any(opens <= now < closes for opens, closes in self._spans(window, now, days_ahead=1))
        ]

    def _next_boundary(self, wall: datetime) -> float:
        now = _aware(wall)
        boundaries = (
            boundary
            for window in self.windows
            for span in self._spans(window, now, days_ahead=LOOK_AHEAD)
            for boundary in span
            if boundary > now
        )
        return (min(boundaries, default=now + 5 * ONE_DAY) - now).total_seconds()

    def _spans(self, window: Window, now: datetime, days_ahead: int) -> Iterator[tuple[datetime, datetime]]:
        today = now.astimezone(self.zone).date()
        for days in range(-LOOK_BACK, days_ahead + 1):
            day = today + days * ONE_DAY
            if day.weekday() in window.days:
                opens, closes = _moments(day, window.start, window.end, self.zone)
                if opens < closes:
                    yield opens, closes


def schedule(*windows: Row, zone: str, otherwise: Policy = on_demand) -> Policy:
    """Other rules at other times of the day.

    A window is `(days, start, end, rule)`. Days are such as "mon-fri", "sat,sun" or "daily", times "08:00" to "24:00";
    a window that ends before it starts ends on the next day. The rule is a policy, or a number: so many runners at
    least, and more on demand. `zone` is the IANA name of the time zone, `otherwise` the policy in between.

    Raises TypeError or ValueError, which quote the window.

    >>> from datetime import datetime
    >>> office = schedule(("mon-fri", "08:00", "18:00", 4), zone="Europe/Berlin")
    >>> monday = datetime(2026, 3, 30, 5, 30, tzinfo=UTC)
    >>> quiet = Demand(waiting=0, waited=0.0, busy=0, up=0, booting=0, slots=1, at=0.0, wall=monday)
    >>> office.wanted(quiet), office.next_change(quiet)
    (Wanted(runners=0, why='no call runs or waits: no runner'), 1800.0)
    """
    if not windows:
        raise ValueError('schedule(...): expected windows such as ("mon-fri", "08:00", "18:00", 4), got none')
    return Schedule(
        tuple(_window(row) for row in windows), _zone(zone), checked_policy(otherwise, "schedule(...): otherwise")
    )


def _within(window: Window, demand: Demand) -> Wanted:
    wanted = window.policy.wanted(demand)
    return Wanted(wanted.runners, f"{window.words}: {wanted.why}")


@lru_cache(maxsize=4096)
def _moments(day: date, start: int, end: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return _moment(day, start, zone), _moment(day, end, zone)


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minutes, 24 * 60)
    return datetime.combine(day + days * ONE_DAY, time(*divmod(minute, 60)), zone).astimezone(UTC)


def _aware(wall: datetime) -> datetime:
    if wall.tzinfo is None:
        raise ValueError(f"a schedule needs a time of day with its zone, got {wall!r}")
    return wall.astimezone(UTC)


# What a user wrote


def _window(row: object) -> Window:
    if not isinstance(row, tuple) or len(row) != 4:
        raise TypeError(f'schedule(...): a window is such as ("mon-fri", "08:00", "18:00", 4), got {row!r}')
    days, start, end, rule = row
    opens, closes = _minutes(row, start), _minutes(row, end)
    if opens == closes or opens == 24 * 60:
        raise _refusal(row, 'a start before 24:00 and another end; a whole day is "00:00" to "24:00"', (start, end))
    closes += 24 * 60 if closes < opens else 0
    return Window(_days(row, days), opens, closes, _rule(row, rule), f"{days} {start}-{end}")


def _days(row: object, days: object) -> frozenset[int]:
    if not isinstance(days, str):
        raise TypeError(str(_refusal(row, 'days such as "mon-fri" or "sat,sun"', days)))
    if days.strip().lower() == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in days.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise _refusal(row, f'days such as "mon-fri", "sat,sun" or "daily" ({", ".join(DAYS)})', days)
        begin = DAYS.index(first)
        found.update((begin + further) % 7 for further in range((DAYS.index(last) - begin) % 7 + 1))
    return frozenset(found)


def _minutes(row: object, clock: object) -> int:
    expected = 'times such as "08:00" and "24:00"'
    if not isinstance(clock, str):
        raise TypeError(str(_refusal(row, expected, clock)))
    hour, _, minute = clock.partition(":")
    if not (hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit() and len(minute) == 2):
        raise _refusal(row, expected, clock)
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > 24 * 60:
        raise _refusal(row, expected, clock)
    return minutes


def _rule(row: object, rule: object) -> Policy:
    if isinstance(rule, int) and not isinstance(rule, bool):
        if rule < 0:
            raise _refusal(row, "a number of runners, 0 or more, or a policy", rule)
        return AtLeast(rule)
    return checked_policy(rule, f"schedule(...): the rule of {row!r} must be a number of runners, or it")


def _zone(zone: object) -> ZoneInfo:
    if not isinstance(zone, str):
        raise TypeError(f"schedule(...): zone must be a name such as 'Europe/Berlin', got {zone!r}")
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"schedule(...): zone must be an IANA name such as 'Europe/Berlin' or 'UTC', got {zone!r}: correct it, or "
            "install the package tzdata if this machine has no time zones"
        ) from error


def _refusal(row: object, expected: str, got: object) -> ValueError:
    return ValueError(f"schedule(...): the window {row!r} needs {expected}, got {got!r}")
