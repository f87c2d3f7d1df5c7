"""What one watch of a namespace knows, as a pure reducer: `apply(state, event) -> (state, effects)`.

    List ──Listed──► Watch ──Opened──Line…──► Ended ──► Watch again, from the last version
      ▲                │
      └── 410, as an answer or as a line ──┘     a pause before what has failed, as long as the server asks for

A list is compared with what was known: what is in it no more has gone while nobody looked, and is told as gone; what
has the same name and another uid is gone, and another one came. A version that was told before is not told again.
Versions are texts that say nothing but whether they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen

Json: TypeAlias = Mapping[str, Any]

SHORT_SECONDS: Final = 1.0
"""A watch that ends sooner does not do its part."""
SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 15.0
GONE: Final = 410


@frozen
class Listed:
    version: str
    items: Sequence[Json]


@frozen
class Line:
    """One of a watch's answer: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and its object."""

    type: str
    object: Json


@frozen
class Opened:
    """The server answers a watch: if nothing comes, nothing has changed."""


@frozen
class Ended:
    """The answer is over after so many seconds, which is usual: the server ends it now and then."""

    seconds: float


@frozen
class Failed:
    """The question was refused, or its answer broke off (`status` is 0 then)."""

    status: int
    words: str
    retry_after: float | None = None


Event: TypeAlias = Listed | Opened | Line | Ended | Failed


@frozen
class List:
    after: float = 0.0


@frozen
class Watch:
    version: str
    after: float = 0.0


@frozen
class Tell:
    """`objects` have changed; `gone` are not there any more, as they were last seen."""

    objects: tuple[Json, ...] = ()
    gone: tuple[Json, ...] = ()


Effect: TypeAlias = List | Watch | Tell


@frozen
class Watched:
    """`objects` by name; `version` to go on from, None before the first list. `trouble` is why nothing is known at
    present, "" if all is well, `failures` how often in a row it has failed."""

    objects: Mapping[str, Json] = field(default_factory=dict)
    version: str | None = None
    trouble: str = ""
    failures: int = 0


def apply(state: Watched, event: Event) -> tuple[Watched, list[Effect]]:
    """
    >>> state, effects = apply(Watched(), Listed("7", []))
    >>> effects
    [Watch(version='7', after=0.0)]
    >>> apply(state, Line("ERROR", {"code": 410, "message": "too old"}))[1]
    [List(after=0.0)]
    """
    match event:
        case Listed():
            return _listed(state, event)
        case Opened():
            return replace(state, trouble=""), []
        case Line():
            return _line(state, event)
        case Ended():
            return _again(state, event.seconds)
        case Failed():
            return _failed(state, event)


def _listed(state: Watched, event: Listed) -> tuple[Watched, list[Effect]]:
    now = {_name(it): it for it in event.items}
    gone = tuple(it for name, it in state.objects.items() if name not in now or _uid(now[name]) != _uid(it))
    news = tuple(it for name, it in now.items() if not _same(state.objects.get(name), it))
    told: list[Effect] = [Tell(news, gone)] if news or gone else []
    return replace(state, objects=now, version=event.version, trouble=""), [*told, Watch(event.version)]


def _line(state: Watched, event: Line) -> tuple[Watched, list[Effect]]:
    it = event.object
    if event.type == "ERROR":
        code = it.get("code")
        return _failed(
            state, Failed(code if isinstance(code, int) else 500, str(it.get("message") or it), _pause_of(it))
        )
    version = (it.get("metadata") or {}).get("resourceVersion") or state.version
    state = replace(state, version=version, trouble="", failures=0)
    if event.type == "BOOKMARK":
        return state, []
    name, known = _name(it), state.objects.get(_name(it))
    if event.type == "DELETED":
        if known is None:
            return state, []
        others = {key: value for key, value in state.objects.items() if key != name}
        # The last version says how it ended; of another uid it says nothing of the one that we knew.
        last = it if _uid(known) == _uid(it) else known
        return replace(state, objects=others), [Tell((), (last,))]
    if _same(known, it):
        return state, []
    replaced = (known,) if known is not None and _uid(known) != _uid(it) else ()
    return replace(state, objects={**state.objects, name: it}), [Tell((it,), replaced)]


def _again(state: Watched, seconds: float) -> tuple[Watched, list[Effect]]:
    pause = 0.0 if seconds >= SHORT_SECONDS else _pause(state.failures)
    state = replace(state, trouble="", failures=0 if seconds >= SHORT_SECONDS else state.failures + 1)
    return state, [List(pause) if state.version is None else Watch(state.version, pause)]


def _failed(state: Watched, event: Failed) -> tuple[Watched, list[Effect]]:
    if event.status == GONE:
        # The first one at once: it is the usual end of a watch that has slept. A server that says so each time is not.
        pause = 0.0 if state.failures == 0 else _pause(state.failures)
        return replace(state, version=None, failures=state.failures + 1), [List(pause)]
    pause = _pause(state.failures) if event.retry_after is None else event.retry_after
    state = replace(state, trouble=event.words, failures=state.failures + 1)
    return state, [List(pause) if state.version is None else Watch(state.version, pause)]


def _pause(failures: int) -> float:
    return float(min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(failures, 10)))


def _pause_of(status: Json) -> float | None:
    seconds = (status.get("details") or {}).get("retryAfterSeconds")
    return float(seconds) if isinstance(seconds, int) and seconds > 0 else None


def _name(it: Json) -> str:
    return str(it["metadata"]["name"])


def _uid(it: Json) -> object:
    return it["metadata"].get("uid")


def _same(known: Json | None, it: Json) -> bool:
    return (
        known is not None
        and _uid(known) == _uid(it)
        and known["metadata"].get("resourceVersion") == it["metadata"].get("resourceVersion")
    )
