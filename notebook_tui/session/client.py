"""A viewer of a session: a replica of its state that follows the same operations.

What it has the session do goes out by an `outbox`; what else it can ask stands with its subject, and is offered here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.operations import ApplyDelta, CancelEvaluation, Operation, ReportRevision
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.arrivals import Arrivals, SessionOver
from notebook_tui.session.messages import (
    Applied,
    Asked,
    Behind,
    EndSession,
    Join,
    Joined,
    Journaled,
    Leave,
    Made,
    Make,
    NotDone,
    Notice,
    Purpose,
    Refused,
    Resync,
    RunsOf,
    RuntimeServerOf,
    Seen,
    Settled,
    Types,
)
from notebook_tui.session.outbox import Outbox
from notebook_tui.session.own_host import OwnHost
from notebook_tui.session.package_questions import PackageQuestions
from notebook_tui.session.people import OWNER, NotAllowed, Person
from notebook_tui.session.people_seen import PeopleSeen
from notebook_tui.session.presence import PeopleHere, Present
from notebook_tui.session.questions_taken import QuestionsTaken
from notebook_tui.session.rejoining import BACK, LOST, NOT_NOW, OutOfReach, found_again, may_come_back
from notebook_tui.session.roles import Request
from notebook_tui.session.run_log import Ran
from notebook_tui.session.runtime_questions import RuntimeQuestions
from notebook_tui.session.saving import Saving
from notebook_tui.session.secret_questions import SecretQuestions
from notebook_tui.session.typing_help import TypingHelp
from notebook_tui.session.variables import VariableQuestions
from notebook_tui.session.viewers import SEEN_CHARACTERS, size_of
from notebook_tui.session.widget_use import WidgetUse

logger = logging.getLogger("notebook_tui.session")

CALL_SECONDS = 5.0
SEEN_EVERY = 64
"""Operations; so often a viewer says how far it has come."""

END_SECONDS = 100.0
"""A machine of a platform may take so long to go."""

OnOperation = Callable[[Operation, State], None]
Hears = Callable[[str], None]
Rejoin = Callable[[], Awaitable[bl.Pid]]


class Client:
    """Made by `await Client.join(session)`, in the event loop in which its callbacks are to run."""

    def __init__(self, session: bl.Pid, person: Person = OWNER, rejoin: Rejoin | None = None) -> None:
        self._session = session
        self._rejoin = rejoin
        self._unseen = 0
        """Characters of operations since the session was told how far this viewer has come."""
        self.served = False
        """Whether the session goes on when nobody looks."""
        self.ended = False
        """Whether the session is over."""
        self._person = person
        self._state = State()
        self.journaled = 0
        """The first so many survive a crash."""
        self._listeners: list[OnOperation] = []
        self._on_change: list[Callable[[State], None]] = []
        self._on_message: list[Hears] = []
        self._on_end: list[Hears] = []
        # What the session said before anybody subscribed, such as what is odd about the file.
        self._unheard: list[str] = []
        self._arrivals = Arrivals()
        """Of the joining that there is, or was last."""
        self._joined = asyncio.get_running_loop().create_future()
        self._as_viewer = copy_context()
        """In which what is asked is asked by the viewer: its own, once it has joined."""
        self._viewer = bl.spawn(self._view)
        self._outbox = Outbox(person, self._viewer, self._cast, lambda: self._state, self._wrote)
        self.send = self._outbox.send
        self.type_here = self._outbox.type_here
        self.open_text = self._outbox.open_text
        self.has_news = self._outbox.has_news
        self.exchange = self._outbox.exchange
        self.close_text = self._outbox.close_text
        self._people = PeopleSeen(self._viewer, self._cast, lambda: self.away)
        self.on_people = self._people.on_people
        self.here = self._people.here
        self._questions = QuestionsTaken(person, self._viewer, self._cast)
        self.take_questions = self._questions.take_questions
        self.answer = self._questions.answer
        self._offer()

    def _offer(self) -> None:
        """What a viewer can ask for besides; each class says what its own is about."""
        help = TypingHelp(lambda: self._state, self._helper)
        self.complete = help.complete
        self.describe = help.describe
        self.describe_completion = help.describe_completion
        self.signatures = help.signatures
        self.definition = help.definition
        self.format = help.format
        variables = VariableQuestions(lambda: self._state, lambda: self._runtime_server("values"))
        self.variables = variables.variables
        self.variable = variables.variable
        widgets = WidgetUse(self._viewer, self.send, self._cast, self._call)
        self.inputs_read = widgets.inputs_read
        self.set_input = widgets.set_input
        self.set_secret_input = widgets.set_secret_input
        self.act = widgets.act
        self.have_acted = widgets.have_acted
        self.have_set_secret_input = widgets.have_set_secret_input
        self.rows = widgets.rows
        self.page = widgets.page
        runtime = RuntimeQuestions(
            self._call, lambda: self._runtime_server("facts"), lambda: self._runtime_server("manage")
        )
        self.restart = runtime.restart
        self.disconnect = runtime.disconnect
        self.use_runtime = runtime.use_runtime
        self.chosen_runtime = runtime.chosen_runtime
        self.runtime_price = runtime.runtime_price
        self.runtime_facts = runtime.runtime_facts
        self.set_idle_limit = runtime.set_idle_limit
        self.cluster = runtime.cluster
        self.tell_runner = runtime.tell_runner
        self.disconnect_node = runtime.disconnect_node
        packages = PackageQuestions(lambda: self._runtime_server("facts"), lambda: self._runtime_server("help"))
        self.packages = packages.packages
        self.check_package = packages.check_package
        secrets = SecretQuestions(self._call)
        self.secrets = secrets.secrets
        self.give_secrets = secrets.give_secrets
        self.give_stored_secrets = secrets.give_stored_secrets
        self.revoke_secrets = secrets.revoke_secrets
        saving = Saving(self._call)
        self.save = saving.save
        self.save_as = saving.save_as
        self.discard = saving.discard
        host = OwnHost(self.person, lambda: self._state, self.send)
        self.files = host.files
        self.attach_file = host.attach_file
        self.remove_file = host.remove_file
        self.runtime_choices = host.runtime_choices
        self.add_profile = host.add_profile
        self.stored_secrets = host.stored_secrets
        self.store_secret = host.store_secret
        self.forget_secret = host.forget_secret
        self._must = host.must

    @classmethod
    async def join(cls, session: bl.Pid, person: Person = OWNER, rejoin: Rejoin | None = None) -> Client:
        """The session may be in this program, or on a node that this one is connected to. `rejoin` finds it again when
        it is out of reach: it returns its pid, or raises OSError, ValueError or BeamlikeError while it cannot."""
        client = cls(session, person, rejoin)
        await client._joined
        return client

    @property
    def session(self) -> bl.Pid:
        return self._session

    @property
    def person(self) -> Person:
        return self._person

    @property
    def state(self) -> State:
        return self._state

    @property
    def applied(self) -> int:
        """So many operations have led to the state."""
        return self._arrivals.applied

    @property
    def away(self) -> bool:
        """Whether the session is out of reach, and looked for."""
        return self._outbox.is_away

    async def make(self, operation: Operation) -> None:
        """As `send`, and returns when the state here has it. `Rejected` or `NotAllowed` says why it was refused;
        CallFailed or SessionOver, that the session has ended or is out of reach."""
        await self._made(Make(operation))

    async def caught_up(self) -> None:
        """Returns when the state here has all that was sent from here, as far as it was not refused."""
        await self._made(Make())

    async def _made(self, request: Make) -> None:
        if self.away:
            raise SessionOver(LOST)
        arrivals = self._arrivals  # numbers of another joining may mean other operations
        answer: Made | Refused = await self._call(request, CALL_SECONDS)
        if isinstance(answer, Refused):
            raise Rejected(answer.why)
        await arrivals.of(answer.applied)

    @property
    def people(self) -> tuple[Present, ...]:
        """All who look at the notebook, this viewer too, by their numbers."""
        return self._people.people

    @property
    def you(self) -> int:
        """The number of this viewer among them."""
        return self._people.you

    async def runs(self) -> tuple[Ran, ...]:
        """Who ran what lately, the newest last."""
        runs: tuple[Ran, ...] = await self._call(RunsOf(), CALL_SECONDS)
        return runs

    def subscribe(self, on_change: Callable[[State], None], on_message: Hears) -> None:
        """Each new state goes to `on_change`, and what the session has to say to `on_message`."""
        context = copy_context()
        self._on_change.append(lambda state: context.run(on_change, state))
        self._on_message.append(lambda text: context.run(on_message, text))
        for text in self._unheard:
            asyncio.get_running_loop().call_soon(on_message, text)
        self._unheard.clear()

    def on_end(self, listener: Hears) -> None:
        """Why no more operations will come goes to `listener`: the session has ended, or a listener here failed."""
        context = copy_context()
        self._on_end.append(lambda why: context.run(listener, why))

    def listen(self, listener: OnOperation) -> None:
        """Each operation, with the state that it led to, goes to `listener`, in the context of this call."""
        context = copy_context()
        self._listeners.append(lambda operation, state: context.run(listener, operation, state))

    async def _call(self, request: Request, seconds: float) -> Any:
        """As the viewer: that pid has joined, and so may ask. `NotAllowed` where its person's role does not suffice."""
        if not self._outbox.all_sent.is_set():  # what was typed before goes first
            async with asyncio.timeout(seconds):
                await self._outbox.all_sent.wait()
        if self.away:
            raise OutOfReach(NOT_NOW)
        call = bl.GenServer.call(self._session, request, timeout=seconds)
        answer = await asyncio.get_running_loop().create_task(call, context=self._as_viewer)
        if isinstance(answer, NotAllowed):
            raise answer
        return answer

    def _cast(self, request: Request | Leave) -> None:
        bl.GenServer.cast(self._session, request)

    async def _helper(self) -> bl.Pid | None:
        if self._state.runtime.phase == "disconnected":
            return None  # a typist asks with each word: the session need not say again what it has told of
        return await self._runtime_server("help")

    async def _runtime_server(self, purpose: Purpose) -> bl.Pid | None:
        server: bl.Pid | None = await self._call(RuntimeServerOf(purpose), CALL_SECONDS)
        return server

    async def interrupt(self) -> None:
        for cell_id in self._state.running.values():
            self.send(CancelEvaluation(cell_id))

    def leave_to_next(self) -> None:
        """The session is about to be stopped, and another program goes on with what it has."""
        self._cast(Leave())

    async def end_session(self) -> None:
        """The session ends, and its runtime, for all who look at it; what is not saved is, unless it was discarded."""
        self._must("admin")
        self._rejoin = None
        ended = bl.monitor(self._session)
        self._cast(EndSession(self._viewer))
        await bl.receive(ref=ended, timeout=END_SECONDS)

    async def close(self) -> None:
        self._arrivals.end("this view of the notebook is closed")
        bl.exit(self._viewer, "shutdown")

    async def _view(self) -> None:
        try:
            joined = await self._join()
        except Exception as error:
            self._joined.set_exception(error)
            return
        self._take(joined)
        self._as_viewer = copy_context()
        self._joined.set_result(None)
        try:
            while True:
                message = await bl.receive()
                if isinstance(message, bl.Down) and self._rejoin is not None and may_come_back(message.reason):
                    await self._join_again(self._rejoin)
                else:
                    self._hear(message)
        except Exception:
            logger.exception("a view of a session has failed")
            self._outbox.go_blind()
        # Who sees nothing new any more may save all the same, and that only as somebody who has joined.
        while True:
            await bl.receive()

    async def _join(self) -> Joined:
        join = Join(self.person, self._outbox.client_id)
        joined: Joined = await bl.GenServer.call(self._session, join, timeout=CALL_SECONDS)
        return joined

    def _take(self, joined: Joined) -> None:
        self._state, self.journaled = joined.state, joined.journaled
        self._arrivals = Arrivals(joined.applied)
        self.served = joined.served
        bl.monitor(self._session)

    async def _join_again(self, rejoin: Rejoin) -> None:
        """What was written meanwhile, and what was on its way, is in the session then, or is said to be lost."""

        async def join() -> Joined:
            self._session = await rejoin()
            return await self._join()

        self._arrivals.end(LOST)
        self._outbox.lost()
        joined = await found_again(join)
        self._take(joined)
        carried = self._outbox.rejoined(joined)
        self._people.rejoined()
        self._tell(None)
        for operation in carried.operations:
            self.send(operation)
        self._questions.rejoined()
        for words in (BACK, *carried.lost):
            self._say(words)

    def _wrote(self, state: State, words: str) -> None:
        """While the session is out of reach."""
        if state is not self._state:
            self._state = state
            self._tell(None)
        if words:
            self._say(words)

    def _hear(self, message: object) -> None:
        match message:
            case Applied(_, number) if number <= self.applied:
                pass  # of a joining before, which was not answered in time: the state has it
            case Applied(operation, number):
                try:
                    self._state, _ = apply(self._state, operation)
                except Exception as error:
                    self._end(f"this view is not what the session has ({type(error).__name__}: {error})")
                    raise
                self._arrivals.applied = number
                self._outbox.applied(operation, self._state)
                if isinstance(operation, ApplyDelta):
                    self._people.typed(operation, self._state)
                self._unseen += size_of(operation)
                if number % SEEN_EVERY == 0 or self._unseen > SEEN_CHARACTERS:
                    self._unseen = 0
                    self._cast(Seen(self._viewer, number))
                self._tell(operation)
                self._arrivals.told()
            case Behind():
                self._cast(Seen(self._viewer, self.applied))
            case Resync(state, number, handled):
                self._state, self._arrivals.applied = state, number
                self._outbox.resynced(state, handled)
                self._tell(None)
                self._arrivals.told()
            case PeopleHere():
                self._people.told(message)
            case Types(client_id):
                self._outbox.client_id = client_id
            case NotDone(operation, why):
                self._outbox.refused(operation)
                if not isinstance(operation, ReportRevision):
                    self._say(why)
            case Journaled(number):
                self.journaled = number
            case Notice(text):
                self._say(text)
            case Asked() | Settled():
                self._questions.told(message)
            case bl.Down(_, _, reason):
                self.ended = True
                self._end(_ended(reason))

    def _tell(self, operation: Operation | None) -> None:
        """None: several, that it was not told one by one."""
        try:
            if operation is not None:
                for listener in self._listeners:
                    listener(operation, self._state)
            for on_change in self._on_change:
                on_change(self._state)
        except Exception as error:
            self._end(f"this view failed and shows nothing new any more ({type(error).__name__}: {error})")
            raise

    def _end(self, why: str) -> None:
        self._arrivals.end(why)
        self._say(why)
        for listener in self._on_end:
            listener(why)

    def _say(self, text: str) -> None:
        if not self._on_message:
            self._unheard.append(text)
        for on_message in self._on_message:
            on_message(text)


def _ended(reason: object) -> str:
    """
    >>> _ended("killed")
    'the session has ended (killed): nothing can be run or saved any more'
    >>> _ended("shutdown") == _ended("normal") == "the session has ended: nothing can be run or saved any more"
    True
    """
    why = reason[1] if isinstance(reason, tuple) and reason[0] == "shutdown" else reason
    because = "" if why in ("shutdown", "normal") else f" ({why})"  # somebody wished so
    return f"the session has ended{because}: nothing can be run or saved any more"
