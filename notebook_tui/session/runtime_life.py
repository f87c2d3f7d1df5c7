"""The life of a session's runtime: it comes, is lost and looked for, and ends. One that outlives this program is found
again by the next.

    session ── connect, drop ──► keeper ── Connection ──► session
            ── tell ──► Connected ──► runtime server ── Relayed ──► session, which hears each once
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import beamlike as bl
from beamlike.kernel.terms import NOCONNECTION, SHUTDOWN, Reason
from notebook_tui.document import operations
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.runtime.relay import Relayed
from notebook_tui.runtime.sound import Unsound
from notebook_tui.session import keepsakes
from notebook_tui.session.connected import Connected
from notebook_tui.session.ending import Endings
from notebook_tui.session.from_runtime import checked
from notebook_tui.session.incoming import Incoming
from notebook_tui.session.keeper import LetGo, hold, keep
from notebook_tui.session.keeping import Keeping
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.profiles import LOCAL, ProfileError
from notebook_tui.session.reason_words import reason_words
from notebook_tui.session.reattach import Lost, Reattached
from notebook_tui.session.runtime import Connection, Runtime, Step
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.runtime_news import RuntimeNews
from notebook_tui.session.secrets.giving import Giving


class Host(Protocol):
    """The session."""

    @property
    def state(self) -> State: ...

    def do(self, operation: Operation) -> bool: ...

    def notify(self, text: str) -> None: ...


class RuntimeLife:
    """One per session, whose messages it is handed."""

    def __init__(
        self, host: Host, news: RuntimeNews, keeping: Keeping, giving: Giving, runtime: Runtime, options: SessionOptions
    ) -> None:
        self._host = host
        self._news = news
        self._keeping = keeping
        self._giving = giving
        self._held = options.held
        self._runtime: Runtime
        self._left: Connection | None
        """Of the program before, until it is resumed."""
        left = self._left_by_the_last() if options.served else None
        self._runtime, self._left = left or (options.held(runtime), None)
        self.spec = str(getattr(self._runtime, "name", LOCAL))
        """Of where cells run, or would."""
        self._is_due = False
        """A runtime is to be started, as soon as all secrets are read."""
        self._keeper: tuple[bl.Pid, bl.Ref] | None = None
        """Of the runtime that there is, or comes, with the monitor of it."""
        self._early: list[Relayed] = []
        """What came from a runtime that is not known yet: its first words may arrive before its connection does."""
        self.connected: Connected | None = None
        """The runtime that there is."""
        self._endings = Endings()

    def tell(self, message: object) -> None:
        """If there is one."""
        if self.connected is not None:
            self.connected.tell(message)

    # It comes, and ends, as it is asked to.

    def connect(self) -> None:
        self._host.do(operations.RuntimeConnecting("starting a runtime", time.time()))
        self._is_due = True
        self.start_if_due()

    def start_if_due(self) -> None:
        """Cells might need the secrets that are still read."""
        if not self._is_due or self._giving.reading:
            return
        self._is_due = False
        before = self._endings.take_first() if getattr(self._runtime, "alone", True) else ()
        self._keeper = bl.spawn_monitor(keep, bl.self(), self._connect, before)

    async def _connect(self, session: bl.Pid) -> Connection:
        path = self._keeping.file.path
        return await self._runtime.connect(session, path.stem, str(path.resolve().parent))

    def disconnect(self) -> None:
        """Asked for, so nothing is lost against anybody's will; neither is what is just being connected."""
        self.drop()
        if self._host.state.runtime.phase != "disconnected":
            self._host.do(operations.RuntimeDown(""))

    def restart(self) -> None:
        self.disconnect()
        self._host.do(operations.Connect())

    def use(self, spec: str) -> ProfileError | None:
        """Cells run there from now on; or why not."""
        try:
            runtime = self._held(runtime_of(spec))
        except ProfileError as error:
            return error
        self.disconnect()
        self._runtime, self.spec = runtime, spec
        self._host.do(operations.Connect())
        return None

    def drop(self, *, first: bool = True) -> None:
        """The one that there is, or comes, is ended. `first`: before there is another."""
        self._is_due = False
        self._early.clear()
        if self._keepsake is not None:
            keepsakes.forget(self._keeping.file.identity)
        self._disengage()
        self._news.gone()
        if self._keeper is not None:
            self._endings.begin(*self._keeper, first=first)
            self._keeper = None

    def _disengage(self) -> None:
        if self.connected is not None:
            self.connected.close()
            self.connected = None

    async def end(self, *, leaves: bool) -> None:
        """Nothing is left of any; but with `leaves` the one that there is is left to the next program, if it can be."""
        if not (leaves and await self._let_go()):
            self.drop()
        await self._endings.all_over()

    # What happens.

    async def handle(self, message: object) -> bool:
        """Whether the message was meant for this."""
        connected = self.connected
        match message:
            case Relayed():
                self._relayed(message)
            case Step(keeper, text):
                if self._is_kept_by(keeper):
                    self._host.do(operations.RuntimeConnecting(text, time.time()))
            case (bl.Pid() as keeper, Connection() as connection):
                if self._is_kept_by(keeper):  # else it was told to give up, and ends what it has made
                    self._has_come(connection)
            case Reattached(connection) if connected is not None and connection is connected.connection:
                connected.found()
                words = "the runtime is connected again: values are kept, and what it printed meanwhile is here"
                self._host.notify(words)
            case Lost(connection, why) if connected is not None and connection is connected.connection:
                self._is_lost(why)
            case bl.Down():
                return await self._down(message)
            case _:
                return False
        return True

    def _is_kept_by(self, keeper: bl.Pid) -> bool:
        return self._keeper is not None and self._keeper[0] == keeper

    def _has_come(self, connection: Connection) -> None:
        incoming = Incoming(connection.server, defers=connection.keepsake is not None)
        self.connected = Connected(connection, incoming)
        self._note_keepsake()
        self.connected.watch()
        environment = self._giving.environment
        if environment is not None:
            self.tell(environment)
        self._host.do(operations.RuntimeConnected(connection.text, time.time()))
        early, self._early = self._early, []
        for relayed in early:
            self._relayed(relayed)

    def _relayed(self, relayed: Relayed) -> None:
        connected = self.connected
        if connected is None:
            if self._keeper is not None:
                self._early.append(relayed)
            return
        news = connected.incoming.take(relayed)
        if news is None:
            return
        try:
            # Code of the user's runs where it comes from, and must not be what ends the session.
            news = checked(news)
        except Unsound as error:
            self._host.notify(f"the runtime has said what no notebook understands: {error}")
        else:
            self._news.hear(news)
        if connected is self.connected and connected.incoming.defers:
            connected.incoming.journaled(relayed, self._keeping.heard_runtime(relayed.number))
            self.tell_safe()

    def tell_safe(self) -> None:
        """The journal holds more than before."""
        if self.connected is not None:
            self.connected.incoming.tell_safe(self._keeping.holds)

    async def _down(self, down: bl.Down) -> bool:
        if (trouble := self._endings.handle(down)) is not None:
            if trouble:
                self._host.notify(trouble)
        elif self.connected is not None and self.connected.is_down(down.ref):
            await self._server_down(self.connected, down.reason)
        elif self._keeper is not None and down.ref == self._keeper[1]:
            self._keeper = None
            self._early.clear()
            self._host.do(operations.RuntimeDown(f"the runtime did not start: {reason_words(down.reason)}"))
        else:
            return False
        return True

    async def _server_down(self, connected: Connected, reason: Reason) -> None:
        connection = connected.connection
        if reason == NOCONNECTION and connection.reconnect is not None:
            self._host.notify(
                f"the connection to the runtime is lost; it is looked for, up to {connection.lease:g} s long"
            )
            connected.look_for()
            return
        self._is_lost(await connection.fate() if reason in (NOCONNECTION, SHUTDOWN) else reason_words(reason))

    def _is_lost(self, why: str) -> None:
        self.drop()
        self._host.do(operations.RuntimeDown(why))

    # It outlives this program.

    @property
    def _keepsake(self) -> Keepsake | None:
        return None if self.connected is None else self.connected.connection.keepsake

    @property
    def is_left(self) -> bool:
        """Whether there is one that the program before has left, to be resumed."""
        return self._left is not None

    def _left_by_the_last(self) -> tuple[Runtime, Connection] | None:
        """What the program before had, and of what that is one; None if it has left none."""
        keepsake = keepsakes.noted(self._keeping.file.identity)
        if keepsake is None:
            return None
        try:
            runtime = self._held(runtime_of(keepsake.spec))
        except ProfileError:
            return None
        resume = getattr(runtime, "resume", None)
        return None if resume is None else (runtime, resume(keepsake))

    def resume(self, heard: int) -> None:
        """The one that was left is looked for, as one to which the connection is lost; cells run on there meanwhile.
        `heard`: so many of its messages have led to the state."""
        assert self._left is not None
        connection, self._left = self._left, None
        self.connected = Connected(connection, Incoming(connection.server, resumed=heard, defers=True))
        self._keeper = bl.spawn_monitor(hold, bl.self(), connection)
        if self._host.state.runtime.phase != "connected":
            self.drop(first=False)  # nothing is known of it
            return
        self._news.resume()
        self.connected.look_for()

    def moved(self, before: Path) -> None:
        """The notebook had that identity, and has another."""
        if self._keepsake is not None:
            keepsakes.forget(before)
            self._note_keepsake()

    def _note_keepsake(self) -> None:
        keepsake = self._keepsake
        if keepsake is None:
            return
        try:
            keepsakes.note(self._keeping.file.identity, keepsake)
        except OSError as error:
            words = f"if the server is killed, the runtime is lost with it: {error.strerror or error}"
            self._host.notify(words)

    async def _let_go(self) -> bool:
        """Whether the runtime is for the next program, which begins with what the journal holds, and asks what is
        still to be answered."""
        if self._keepsake is None or self._keeper is None:
            return False
        (keeper, ended), self._keeper = self._keeper, None
        self._disengage()
        bl.send(keeper, LetGo())
        await bl.receive(ref=ended)
        return True
