"""One client of the protocol: who it is, what it has open, and what each method does for it.

Knows no socket: `call` takes a method's name and parameters as JSON and answers as JSON, or raises `ApiError`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import beamlike as bl
from notebook_tui.api import params
from notebook_tui.api.answers import Answers
from notebook_tui.api.errors import ApiError
from notebook_tui.api.house import SUFFIX, House, named, notebook_files
from notebook_tui.api.methods import METHODS, VERSION
from notebook_tui.api.opened import Opened
from notebook_tui.api.outline_answers import OutlineAnswers
from notebook_tui.api.rights import Rights
from notebook_tui.api.room import room_to_run
from notebook_tui.api.schema import read
from notebook_tui.api.widget_answers import WidgetAnswers
from notebook_tui.document.rejected import Rejected
from notebook_tui.session.arrivals import SessionOver
from notebook_tui.session.client import Client
from notebook_tui.session.people import NotAllowed
from notebook_tui.session.profiles import ProfileError

MOST_OPEN: Final = 50
"""Notebooks of one client."""
STOP_SECONDS: Final = 90.0

logger = logging.getLogger("notebook_tui.api")

Room = TypeVar("Room")

Answer: TypeAlias = dict[str, Any]
RightsOf: TypeAlias = Callable[[str | None], Rights]
"""What who shows that token may do; `ApiError` if that is nothing."""


class Caller:
    def __init__(
        self,
        house: House,
        rights_of: RightsOf,
        still_holds: Callable[[Rights], bool] = lambda _: True,
        *,
        origin: str = "",
        program: str = "beamlike",
    ) -> None:
        """`origin` says in the session's log where the client came from."""
        self._house = house
        self._rights_of = rights_of
        self._still_holds = still_holds
        self._origin = origin
        self._program = program
        self._rights: Rights | None = None
        self._client = ""
        self._opened: dict[str, Opened] = {}
        self._opening = asyncio.Lock()
        self.more = asyncio.Event()
        """There are events to take."""
        self.revoked = False
        """It has no rights any more; nothing that it asks for is done."""

    @property
    def greeted(self) -> bool:
        return self._rights is not None

    async def call(self, method: str, plain: object) -> Answer:
        """What the method answers."""
        try:
            return await self._called(method, plain)
        except Exception as error:
            raise _as_api_error(error, method) from error

    async def _called(self, method: str, plain: object) -> Answer:
        known = METHODS.get(method)
        if known is None:
            names = ", ".join(METHODS)
            raise ApiError("method", f"there is no method {ascii(method)[1:61]}; there are {names}")
        if method == "hello":
            return self._hello(read(params.Hello, plain))
        rights = self._checked_rights(method)
        if not rights.person(self._client, "").may(known.role):
            words = f"{method} takes the role {known.role}; this client has {rights.role}"
            raise ApiError("forbidden", words, role=rights.role, needed=known.role)
        wanted: Any = read(known.params, plain)
        return await _ACTS[method](self, wanted)

    def events(self) -> list[Answer]:
        """The next ones, in order; none if there are no more."""
        for opened in list(self._opened.values()):
            if opened.feed is not None and (found := opened.feed.take()):
                return [{"event": each["event"], "notebook": opened.name, **each} for each in found]
        self.more.clear()
        return []

    async def leave(self) -> None:
        """Takes back all that it holds in sessions; those go on."""
        opened = list(self._opened.values())
        self._opened.clear()
        await asyncio.gather(*(each.leave() for each in opened))

    # Who it is.

    def _hello(self, hello: params.Hello) -> Answer:
        if self._rights is not None:
            raise ApiError("hello", "hello was said already in this connection")
        if hello.protocol != VERSION:
            raise ApiError("version", f"expected protocol {VERSION}, got {hello.protocol}", versions=[VERSION])
        self._rights = self._rights_of(hello.token)
        self._client = "".join(each if each.isprintable() else "?" for each in hello.client)
        logger.info("%s begins, with the role %s", self._name(), self._rights.role)
        return {
            "protocol": VERSION,
            "program": self._program,
            "role": self._rights.role,
            "directory": str(self._house.directory),
        }

    def _name(self) -> str:
        assert self._rights is not None
        person = self._rights.person(self._client, self._origin)
        return f"{person.name} ({person.origin})"

    def _checked_rights(self, method: str) -> Rights:
        if self._rights is None:
            raise ApiError("hello", f"expected hello before {method}")
        if self.revoked or not self._still_holds(self._rights):
            self.revoked = True
            raise ApiError("forbidden", "the token was revoked: beamlike api token NAME makes another")
        return self._rights

    async def whoami(self, _: params.Nothing) -> Answer:
        assert self._rights is not None
        return {
            "client": self._rights.person(self._client, "").name,
            "role": self._rights.role,
            "notebooks": list(self._rights.notebooks),
            "open": list(self._opened),
        }

    # Which notebooks.

    async def list(self, _: params.Nothing) -> Answer:
        assert self._rights is not None
        covers = self._rights.covers
        running = await self._house.running()
        names = [(named(self._house.directory, each.path), each.since) for each in running]
        files, more = await notebook_files(self._house.directory)
        return {
            "open": [{"path": name, "since": since} for name, since in names if covers(name)],
            "files": [name for name in files if covers(name)],
            "more": more,
        }

    async def open(self, wanted: params.Open) -> Answer:
        assert self._rights is not None
        name, path = await asyncio.to_thread(self._file, wanted.path)
        if wanted.runtime is not None and self._rights.role != "admin":
            raise ApiError("forbidden", "to choose a runtime takes the role admin", needed="admin")
        if not await asyncio.to_thread(os.path.exists, path):
            if not wanted.create:
                raise ApiError("notebook", f"there is no file {name}; with create it need not be there yet")
            if not self._rights.person(self._client, "").may("edit"):
                raise ApiError("forbidden", "to begin a notebook takes the role edit", needed="edit")
        async with self._opening:
            opened = self._opened.get(name)
            if opened is None or opened.ended is not None:
                opened = await self._begin(name, path, wanted)
        return {
            "notebook": name,
            "title": opened.state.notebook.title,
            "trusted": opened.state.trusted,
            "role": self._rights.role,
        }

    async def _begin(self, name: str, path: str, wanted: params.Open) -> Opened:
        assert self._rights is not None
        if len(self._opened) >= MOST_OPEN:
            raise ApiError("refused", f"{MOST_OPEN} notebooks are open in this connection already; close one first")
        session = await self._house.session(path, wanted.runtime)
        client = await Client.join(session, self._rights.person(self._client, self._origin))
        may_answer = wanted.answers and client.person.may("run")
        if (before := self._opened.pop(name, None)) is not None:
            await before.leave()
        self._opened[name] = opened = Opened(name, client, answers=may_answer, more=self.more.set)
        logger.info("%s opens %s", self._name(), name)
        return opened

    def _file(self, wanted: str) -> tuple[str, str]:
        """Its name and its full path, without symbolic links."""
        assert self._rights is not None
        if "\0" in wanted:
            raise ApiError("params", "path: expected a path, which has no NUL")
        path = os.path.realpath(os.path.join(self._house.directory, os.path.expanduser(wanted)))
        name = named(self._house.directory, path)
        inside = not os.path.isabs(name)
        if not self._rights.covers(name) or (not inside and self._rights.role != "admin"):
            allowed = " or ".join(self._rights.notebooks)
            raise ApiError(
                "forbidden", f"expected a notebook in {self._house.directory} that fits {allowed}, got {wanted}"
            )
        if not path.endswith(SUFFIX):
            raise ApiError("file", f"expected a {SUFFIX} file, got {wanted}; beamlike convert makes one of others")
        return name, path

    def opened(self, name: str) -> Opened:
        opened = self._opened.get(name)
        if opened is None:
            raise ApiError("notebook", f"{ascii(name)[1:-1]} is not open in this connection: call open first")
        if opened.ended is not None:
            raise ApiError("ended", opened.ended)
        return opened

    async def close(self, wanted: params.OfNotebook) -> Answer:
        opened = self._opened.pop(wanted.notebook, None)
        if opened is None:
            raise ApiError("notebook", f"{ascii(wanted.notebook)[1:-1]} is not open in this connection")
        await opened.leave()
        return {}

    async def run(self, wanted: params.Run) -> Answer:
        opened = self.opened(wanted.notebook)
        async with room_to_run(self._house, opened.client.session):
            return await Answers(opened).run(wanted)

    async def stop(self, wanted: params.OfNotebook) -> Answer:
        opened = self.opened(wanted.notebook)
        logger.info("%s ends the session of %s", self._name(), wanted.notebook)
        await bl.GenServer.stop(opened.client.session, timeout=STOP_SECONDS)
        return await self.close(wanted)


Act: TypeAlias = Callable[[Caller, Any], Awaitable[Answer]]


def _in_notebook(room: Callable[[Opened], Room], act: Callable[[Room, Any], Awaitable[Answer]]) -> Act:
    async def acts(caller: Caller, wanted: Any) -> Answer:
        return await act(room(caller.opened(wanted.notebook)), wanted)

    return acts


_ACTS: Final[Mapping[str, Act]] = {
    "whoami": Caller.whoami,
    "list": Caller.list,
    "open": Caller.open,
    "close": Caller.close,
    "stop": Caller.stop,
    "state": _in_notebook(Answers, Answers.state),
    "insert": _in_notebook(Answers, Answers.insert),
    "insert_section": _in_notebook(OutlineAnswers, OutlineAnswers.insert_section),
    "delete": _in_notebook(Answers, Answers.delete),
    "move": _in_notebook(Answers, Answers.move),
    "set_title": _in_notebook(OutlineAnswers, OutlineAnswers.set_title),
    "rename_section": _in_notebook(OutlineAnswers, OutlineAnswers.rename_section),
    "move_section": _in_notebook(OutlineAnswers, OutlineAnswers.move_section),
    "delete_section": _in_notebook(OutlineAnswers, OutlineAnswers.delete_section),
    "edit": _in_notebook(Answers, Answers.edit),
    "undo": _in_notebook(OutlineAnswers, OutlineAnswers.undo),
    "redo": _in_notebook(OutlineAnswers, OutlineAnswers.redo),
    "run": Caller.run,
    "await": _in_notebook(Answers, Answers.wait),
    "outputs": _in_notebook(Answers, Answers.outputs),
    "widgets": _in_notebook(WidgetAnswers, WidgetAnswers.widgets),
    "rows": _in_notebook(WidgetAnswers, WidgetAnswers.rows),
    "set_input": _in_notebook(WidgetAnswers, WidgetAnswers.set_input),
    "press": _in_notebook(WidgetAnswers, WidgetAnswers.press),
    "submit": _in_notebook(WidgetAnswers, WidgetAnswers.submit),
    "variables": _in_notebook(Answers, Answers.variables),
    "variable": _in_notebook(Answers, Answers.variable),
    "complete": _in_notebook(Answers, Answers.complete),
    "describe": _in_notebook(Answers, Answers.describe),
    "interrupt": _in_notebook(Answers, Answers.interrupt),
    "restart": _in_notebook(Answers, Answers.restart),
    "save": _in_notebook(Answers, Answers.save),
    "input": _in_notebook(Answers, Answers.input),
    "trust": _in_notebook(Answers, Answers.trust),
    "subscribe": _in_notebook(Answers, Answers.subscribe),
    "unsubscribe": _in_notebook(Answers, Answers.unsubscribe),
}
assert _ACTS.keys() | {"hello"} == METHODS.keys()


def _as_api_error(error: Exception, method: str) -> ApiError:
    match error:
        case ApiError():
            return error
        case NotAllowed():
            return ApiError("forbidden", str(error))
        case Rejected():
            return ApiError("refused", str(error))
        case bl.CallTimeout() | TimeoutError():
            return ApiError("timeout", f"{method} was not answered in time")
        case bl.CallFailed() | SessionOver():
            return ApiError("ended", "the session of the notebook has ended: open begins another")
        case ProfileError():
            return ApiError("refused", str(error))
        case OSError():
            return ApiError("file", str(error))
        case _:
            logger.error("%s failed", method, exc_info=error)
            return ApiError("internal", f"{method} failed: {type(error).__name__}; the server's log has more")
