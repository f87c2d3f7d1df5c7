"""The machines of beamlike on Fly, and the end of those whose parent does not live any more.

Of a parent it can be told that it is gone if it ran on this host, or in a machine of Fly's. Of one elsewhere, a laptop,
nothing can be told: its machines end themselves within their lease, and what is left after the time by which it should
have ended, or have joined, is nobody's.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, TypeVar

from nodes import labels
from nodes.backend import BackendError
from nodes.fly import parent_mark, stopping
from nodes.fly.api import FlyApi, gone
from nodes.fly.connections import Connections
from nodes.fly.machine_state import COMING, ENDED
from nodes.fly.options import TOKEN_VARIABLE, Token, default_base_url, find_token
from nodes.fly.wording import (
    EXPIRES,
    JOINS_BY,
    MANAGED_BY,
    NODE,
    PARENT,
    PARENT_MACHINE,
    PARENT_PROCESS,
    POOL,
    RUNNER,
    WARM,
    Json,
    metadata_of,
    where,
)
from nodes.found import Found, State

T = TypeVar("T")

LOOK_SECONDS: Final = 15.0
"""How long it may take to see which machines there are."""
LATE: Final = 120.0
"""So many seconds after it should have ended, or joined, it is nobody's: clocks differ."""
APP_VARIABLE, ORGANISATION_VARIABLE = "BEAMLIKE_FLY_APP", "BEAMLIKE_FLY_ORG"
GONE_PARENTS: Final = frozenset({"destroyed", "destroying", "replaced", "migrated"})


class FlyCensus:
    """Of one app, or of an organisation's apps."""

    def __init__(self, app: str, organisation: str, token: Token, base_url: str) -> None:
        self._app = app
        self._organisation = organisation
        self._token = token
        self._base_url = base_url

    @classmethod
    def configured(cls, environ: Mapping[str, str] = os.environ) -> FlyCensus | None:
        """As the environment says: BEAMLIKE_FLY_ORG, or BEAMLIKE_FLY_APP (within a machine FLY_APP_NAME), and a token.
        None where there is neither."""
        app = environ.get(APP_VARIABLE) or environ.get("FLY_APP_NAME") or ""
        organisation = environ.get(ORGANISATION_VARIABLE, "")
        if not app and not organisation:
            return None
        try:
            token = find_token(environ.get(TOKEN_VARIABLE), app or "your-app", environ)
        except ValueError:
            return None
        base_url = environ.get("FLY_FLAPS_BASE_URL") or default_base_url(environ)
        return cls(app, organisation, token, base_url)

    def __repr__(self) -> str:
        return f"FlyCensus({self._app or self._organisation!r})"

    def children(self) -> tuple[list[Found], list[str]]:
        try:
            machines = _now(_within(LOOK_SECONDS, self._machines()))
        except TimeoutError:
            return [], [f"the machines on Fly cannot be seen: {self._base_url} gave no answer in {LOOK_SECONDS:g} s"]
        except (BackendError, ModuleNotFoundError) as error:
            return [], [f"the machines on Fly cannot be seen: {error}"]
        states = {(one["app_name"], one["id"]): str(one.get("state")) for one in machines}
        at = time.time()
        ours = [one for one in machines if metadata_of(one).get(MANAGED_BY) == labels.MANAGED_BY]
        return [found(one, at, states) for one in ours if one.get("state") not in GONE_PARENTS], []

    def reap(self, found: Found) -> tuple[bool, str]:
        app, _, machine = found.key.partition("/")
        try:
            return _now(self._reaped(app, machine))
        except BackendError as error:
            return False, f"could not be ended: {error}"

    def tidy(self) -> list[str]:
        return []

    async def _machines(self) -> list[Json]:
        api = self._api(self._app)
        if self._organisation:
            return await api.organisations_machines(self._organisation)
        return [{**one, "app_name": self._app} for one in await api.machines()]

    async def _reaped(self, app: str, machine: str) -> tuple[bool, str]:
        api = self._api(app)
        try:
            shown = {**await api.machine(machine), "app_name": app}
        except BackendError as error:
            if gone(error):
                return True, "has ended meanwhile"
            raise
        if shown.get("state") in GONE_PARENTS:
            return True, "has ended meanwhile"
        states = await self._parents_state(shown)
        if found(shown, time.time(), states).state != "no parent":
            return False, "is left as it is: its parent lives, or may live"
        await stopping.destroy(api, machine)
        return True, f"was destroyed, {where(shown)}"

    async def _parents_state(self, machine: Json) -> dict[tuple[str, str], str]:
        app, _, parent = metadata_of(machine).get(PARENT_MACHINE, "").partition(parent_mark.SEPARATOR)
        if not parent:
            return {}
        try:
            return {(app, parent): str((await self._api(app).machine(parent)).get("state"))}
        except BackendError as error:
            return {(app, parent): "destroyed"} if gone(error) else {}

    def _api(self, app: str) -> FlyApi:
        return FlyApi(app, self._token, self._base_url, connections=Connections())


def found(machine: Json, at: float, states: Mapping[tuple[str, str], str]) -> Found:
    """A machine as the census shows it; `at` is in seconds of the wall clock, `states` are those of the machines that
    are known, by app and id."""
    marks = metadata_of(machine)
    app = str(machine.get("app_name", ""))
    waits = WARM in marks
    return Found(
        platform="fly",
        node=marks.get(NODE) or str(machine.get("name") or machine["id"]),
        pool=marks.get(POOL, ""),
        runner=marks.get(RUNNER, "warm" if waits else ""),
        state=_state(machine, marks, at, states),
        booted_at=_seconds(machine.get("created_at"), at),
        expires_at=_number(marks.get(EXPIRES)),
        parent="nobody yet" if waits else f"{marks.get(PARENT, 'unknown')}{_parents_place(marks)}",
        where=f"{where(machine)}, {app}" if app else where(machine),
        memory=None,
        key=f"{app}/{machine['id']}",
    )


def _state(machine: Json, marks: Mapping[str, str], at: float, states: Mapping[tuple[str, str], str]) -> State:
    state = str(machine.get("state"))
    if _is_alone(state, marks, at, states):
        return "no parent"
    if state in ENDED or WARM in marks:
        return "stopped"
    return "booting" if state in COMING else "alive"


def _is_alone(state: str, marks: Mapping[str, str], at: float, states: Mapping[tuple[str, str], str]) -> bool:
    expires, joins_by = _number(marks.get(EXPIRES)), _number(marks.get(JOINS_BY))
    if expires is not None and at > expires + LATE:
        return True
    if state in COMING and joins_by is not None and at > joins_by + LATE:
        return True
    app, _, parent = marks.get(PARENT_MACHINE, "").partition(parent_mark.SEPARATOR)
    if parent and states.get((app, parent)) in GONE_PARENTS:
        return True
    process = parent_mark.read(marks.get(PARENT_PROCESS, ""))
    return process is not None and parent_mark.lives(process) is False


def _parents_place(marks: Mapping[str, str]) -> str:
    machine = marks.get(PARENT_MACHINE, "").partition(parent_mark.SEPARATOR)[2]
    process = parent_mark.read(marks.get(PARENT_PROCESS, ""))
    if machine:
        return f" (machine {machine})"
    return f" (process {process.pid})" if process is not None else ""


def _seconds(stamp: object, otherwise: float) -> float:
    """Of a time as the API writes it."""
    try:
        return datetime.fromisoformat(str(stamp).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return otherwise


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdecimal() else None


async def _within(seconds: float, what: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(seconds):
        return await what


def _now(what: Coroutine[Any, Any, T]) -> T:
    """In a loop of its own, so that it may be asked within a running one, too."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, what).result()
