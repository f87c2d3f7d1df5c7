"""A viewer of a session: a replica of its state that follows the same operations, and calls to ask for changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.delta import Delta
from notebook_tui.document.operations import (
    ApplyDelta,
    CancelEvaluation,
    ClientJoined,
    Operation,
    ReportRevision,
    SetCellSource,
    SetInputValue,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session import attachments
from notebook_tui.session.arrivals import Arrivals, SessionOver
from notebook_tui.session.bounds import writable
from notebook_tui.session.messages import (
    Act,
    Applied,
    Asked,
    Behind,
    ChosenRuntime,
    Discard,
    Disconnect,
    EndSession,
    GiveAnswer,
    GiveSecrets,
    GiveStoredSecrets,
    InputsRead,
    Join,
    Joined,
    Journaled,
    Leave,
    Made,
    Make,
    NotDone,
    Notice,
    Perform,
    Purpose,
    Refused,
    Restart,
    Resync,
    RevokeSecrets,
    RunsOf,
    RuntimePrice,
    RuntimeServerOf,
    Save,
    SaveAs,
    SecretNames,
    SecretsOf,
    Seen,
    SetSecretInput,
    Settled,
    TakeQuestions,
    Type,
    Types,
    UseRuntime,
)
from notebook_tui.session.notebook_files import NotebookFiles, attaching, files_of
from notebook_tui.session.package_questions import PackageQuestions
from notebook_tui.session.people import OWNER, NotAllowed, Person, Role
from notebook_tui.session.presence import PACE, Here, PeopleHere, Present, SawPeople, Whereabouts, moved
from notebook_tui.session.profiles import Profile
from notebook_tui.session.rejoining import BACK, LOST, NOT_NOW, Offline, OutOfReach, Sent, may_come_back
from notebook_tui.session.roles import Request, refusal
from notebook_tui.session.run_log import Ran
from notebook_tui.session.runtime_choices import RuntimeChoices, add_profile, runtime_choices
from notebook_tui.session.runtime_questions import RuntimeQuestions
from notebook_tui.session.secrets.stored import StoredSecrets, forget_secret, store_secret, stored_secrets
from notebook_tui.session.typing_help import TypingHelp
from notebook_tui.session.typist import Typist
from notebook_tui.session.variables import VariableQuestions
from notebook_tui.session.viewers import SEEN_CHARACTERS, size_of
from notebook_tui.widgets.messages import Answer, Ask, EventValue, Page
from notebook_tui.widgets.views import Gallery, Scalar, Table

logger = logging.getLogger("notebook_tui.session")

CALL_SECONDS = 5.0
RESTART_SECONDS = 30.0
ROWS_SECONDS = 35.0
SEEN_EVERY = 64
"""Operations; so often a viewer says how far it has come."""

END_SECONDS = 100.0
"""A machine of a platform may take so long to go."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Between two looks for a session that is out of reach."""

OnOperation = Callable[[Operation, State], None]
Hears = Callable[[str], None]
Rejoin = Callable[[], Awaitable[bl.Pid]]
OnQuestion = Callable[[InputWanted], None]


class Client:
    """Made by `await Client.join(session)`, in the event loop in which its callbacks are to run."""

    def __init__(self, session: bl.Pid, person: Person = OWNER, rejoin: Rejoin | None = None) -> None:
        self._session = session
        self._rejoin = rejoin
        self._offline: Offline | None = None
        """While the session is out of reach."""
        self._sent = Sent()
        self._typist: Typist | None = None
        """Of whoever may write, once they are about to."""
        self._is_blind = False
        """This view has failed, and hears nothing any more."""
        self._unseen = 0
        """Characters of operations since the session was told how far this viewer has come."""
        self._client_id = ""
        self._people: tuple[Present, ...] = ()
        self._you = 0
        self._where: Whereabouts | None = None
        self._told_where: Whereabouts | None = None
        self._rests = False
        """The session was told just now where this viewer is."""
        self._on_people: list[Callable[[], None]] = []
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self.served = False
        """Whether the session goes on when nobody looks."""
        self.ended = False
        """Whether the session is over."""
        self._person = person
        self._state = State()
        self.applied = 0
        """So many operations have led to the state."""
        self.journaled = 0
        """The first so many survive a crash."""
        self._listeners: list[OnOperation] = []
        self._on_change: list[Callable[[State], None]] = []
        self._on_message: list[Hears] = []
        self._on_end: list[Hears] = []
        self._on_question: list[OnQuestion] = []
        self._on_settled: list[Hears] = []
        # What the session said before anybody subscribed, such as what is odd about the file.
        self._unheard: list[str] = []
        self._arrivals = Arrivals()
        help = TypingHelp(lambda: self._state, lambda: self._runtime_server("help"))
        self.complete = help.complete
        self.describe = help.describe
        self.describe_completion = help.describe_completion
        self.signatures = help.signatures
        self.definition = help.definition
        self.format = help.format
        questions = VariableQuestions(lambda: self._state, lambda: self._runtime_server("values"))
        self.variables = questions.variables
        self.variable = questions.variable
        runtime = RuntimeQuestions(
            self._call, lambda: self._runtime_server("facts"), lambda: self._runtime_server("manage")
        )
        self.runtime_facts = runtime.runtime_facts
        self.set_idle_limit = runtime.set_idle_limit
        self.cluster = runtime.cluster
        self.tell_runner = runtime.tell_runner
        self.disconnect_node = runtime.disconnect_node
        packages = PackageQuestions(lambda: self._runtime_server("facts"), lambda: self._runtime_server("help"))
        self.packages = packages.packages
        self.check_package = packages.check_package
        self._joined = asyncio.get_running_loop().create_future()
        self._as_viewer = copy_context()
        """In which what is asked is asked by the viewer: its own, once it has joined."""
        self._viewer = bl.spawn(self._view)

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
    def away(self) -> bool:
        """Whether the session is out of reach, and looked for."""
        return self._offline is not None

    def send(self, operation: Operation) -> None:
        if self._offline is not None:
            self._write_offline(self._offline, operation)
        elif self._typist is not None and not self._is_blind:
            self._typist.ask(operation)
            self._note_sent()
        else:
            self._emit(operation)

    def _emit(self, operation: Operation) -> None:
        if not isinstance(operation, ApplyDelta | ReportRevision):
            self._sent.add(operation)
        bl.GenServer.cast(self._session, Perform(operation, self._viewer))

    async def make(self, operation: Operation) -> None:
        """As `send`, and returns when the state here has it. `Rejected` or `NotAllowed` says why it was refused;
        CallFailed or SessionOver, that the session has ended or is out of reach."""
        if self._offline is not None:
            raise SessionOver(LOST)
        answer: Made | Refused = await self._call(Make(operation), CALL_SECONDS)
        if isinstance(answer, Refused):
            raise Rejected(answer.why)
        await self._arrivals.of(answer.applied, self.applied)

    async def caught_up(self) -> None:
        """Returns when the state here has all that was sent from here, as far as it was not refused."""
        if self._offline is not None:
            raise SessionOver(LOST)
        answer: Made = await self._call(Make(), CALL_SECONDS)
        await self._arrivals.of(answer.applied, self.applied)

    # People: where this viewer is, and the others.

    @property
    def people(self) -> tuple[Present, ...]:
        """All who look at the notebook, this viewer too, by their numbers."""
        return self._people

    @property
    def you(self) -> int:
        """The number of this viewer among them."""
        return self._you

    def on_people(self, listener: Callable[[], None]) -> None:
        """Is called when people have come, gone or moved."""
        context = copy_context()
        self._on_people.append(lambda: context.run(listener))

    def here(self, where: Whereabouts) -> None:
        """This viewer is there now. Told at once, and then ten times a second at most."""
        if where != self._where:
            self._where = where
            if not self._rests:
                self._tell_where()

    def _tell_where(self) -> None:
        self._rests = self._where is not None and self._where != self._told_where
        if self._where is not None and self._rests:
            if self._offline is None:
                self._told_where = self._where
                bl.GenServer.cast(self._session, Here(self._where, self._viewer))
            asyncio.get_running_loop().call_later(PACE, self._tell_where)

    async def runs(self) -> tuple[Ran, ...]:
        """Who ran what lately, the newest last."""
        runs: tuple[Ran, ...] = await self._call(RunsOf(), CALL_SECONDS)
        return runs

    def _people_moved(self, operation: ApplyDelta) -> None:
        known = self._state.texts.get(operation.cell_id)
        if known is not None and known.deltas and len(self._people) > 1:
            self._people = moved(self._people, operation.cell_id, known.deltas[-1], operation.client_id)

    # Typing: what this viewer types and what others do to the same text become one.

    def type_here(self) -> None:
        """From now on texts can be opened, and whole texts are sent as the changes that make them."""
        if self._typist is None and self.person.may("edit"):
            self._typist = Typist(self._state, self._emit)
            bl.GenServer.cast(self._session, Type(self._viewer))

    def open_text(self, cell_id: str) -> str:
        """The text of that cell for an editor that exchanges changes from now on, with all that was typed here."""
        return self._typing.open(cell_id)

    def has_news(self, cell_id: str) -> bool:
        """Whether others have changed an open text since the last exchange."""
        return self._typist is not None and self._typist.has_news(cell_id)

    def exchange(self, cell_id: str, typed: Delta, at: float) -> Delta:
        """Send what was typed in an open text since the last exchange; what is to be changed in the editor."""
        news = self._typing.exchange(cell_id, typed, at)
        source = self._typing.source(cell_id)
        if typed and source is not None and self._offline is not None:
            self._write_offline(self._offline, SetCellSource(cell_id, source, at))
        elif typed and source is not None and self._is_blind:
            self._emit(SetCellSource(cell_id, source, at))
        self._note_sent()
        return news

    def close_text(self, cell_id: str) -> None:
        self._typing.close(cell_id)

    @property
    def _typing(self) -> Typist:
        assert self._typist is not None, "nobody types here: `type_here` comes first, and takes the role edit"
        return self._typist

    def _note_sent(self) -> None:
        if self._typist is None or not self._typist.waits or self._offline is not None or self._is_blind:
            self._all_sent.set()
        else:
            self._all_sent.clear()

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
        if self._offline is not None:
            raise OutOfReach(NOT_NOW)
        if not self._all_sent.is_set():  # what was typed before goes first
            async with asyncio.timeout(seconds):
                await self._all_sent.wait()
        call = bl.GenServer.call(self._session, request, timeout=seconds)
        answer = await asyncio.get_running_loop().create_task(call, context=self._as_viewer)
        if isinstance(answer, NotAllowed):
            raise answer
        return answer

    def _must(self, role: Role) -> None:
        """What is done on this side, where the user's files and stores are, takes that role. `NotAllowed` says so."""
        if (refused := refusal(self.person, role)) is not None:
            raise refused

    async def _runtime_server(self, purpose: Purpose) -> bl.Pid | None:
        server: bl.Pid | None = await self._call(RuntimeServerOf(purpose), CALL_SECONDS)
        return server

    async def inputs_read(self) -> tuple[str, ...]:
        """The refs of the inputs that cells have read, also of those that no cell shows."""
        refs: tuple[str, ...] = await self._call(InputsRead(), CALL_SECONDS)
        return refs

    def take_questions(self, on_question: OnQuestion, on_settled: Hears) -> None:
        """What a cell asks whoever sits here, and may run cells, goes to `on_question`; its name goes to `on_settled`
        when it needs no answer any more. As long as nobody takes questions, a cell that reads is told that there is no
        keyboard."""
        context = copy_context()
        self._on_question.append(lambda wanted: context.run(on_question, wanted))
        self._on_settled.append(lambda question: context.run(on_settled, question))
        self._take_questions()

    def _take_questions(self) -> None:
        if self.person.may("run"):
            bl.GenServer.cast(self._session, TakeQuestions(self._viewer))

    def answer(self, question: str, text: str | None) -> None:
        """With the line without its end, or None for the end of all input."""
        bl.GenServer.cast(self._session, GiveAnswer(question, text, self._viewer))

    def set_input(self, ref: str, value: Scalar) -> None:
        """The input has this value from now on. Where it does not take it, a notice says what it takes."""
        self.send(SetInputValue(ref, value))

    def set_secret_input(self, ref: str, value: str | None) -> None:
        """As `set_input`, of one of the kind `secret`: the value is kept nowhere but in the session's memory."""
        bl.GenServer.cast(self._session, SetSecretInput(ref, value, self._viewer))

    def act(self, ref: str, value: EventValue = None) -> None:
        """Does something with a widget: presses a button, submits a form's values by name, a Key, a Toggle."""
        bl.GenServer.cast(self._session, Act(ref, value, self._viewer))

    async def rows(self, ref: str, page: Page) -> Table:
        """That page of a table, from where its data lives. LookupError in words if there is none."""
        view = await self.page(ref, page)
        if not isinstance(view, Table):
            raise LookupError("what is shown there is no table")
        return view

    async def page(self, ref: str, page: Page) -> Table | Gallery:
        """That page of a table or a gallery, from where its data lives. LookupError in words if there is none."""
        reply_to = bl.alias(once=True)
        bl.GenServer.cast(self._session, Ask(ref, page, reply_to))
        try:
            reply: bl.Reply = await bl.receive(ref=reply_to.ref, timeout=ROWS_SECONDS)
        except TimeoutError:
            raise LookupError(f"it has not answered within {ROWS_SECONDS:g} s") from None
        answer: Answer = reply.value
        if not isinstance(answer.view, Table | Gallery):
            raise LookupError(answer.trouble)
        return answer.view

    async def interrupt(self) -> None:
        for cell_id in self._state.running.values():
            self.send(CancelEvaluation(cell_id))

    async def restart(self) -> None:
        await self._call(Restart(), RESTART_SECONDS)

    async def disconnect(self) -> None:
        """No runtime any more, and none that is being connected. The text stays, all values are lost."""
        await self._call(Disconnect(), RESTART_SECONDS)

    async def use_runtime(self, spec: str) -> None:
        """Cells run there from now on, in a fresh runtime: a profile by its name, or `KIND:…`. `ProfileError` says why
        not, and then all stays as it is."""
        refused: Exception | None = await self._call(UseRuntime(spec), RESTART_SECONDS)
        if refused is not None:
            raise refused

    async def chosen_runtime(self) -> str:
        """The spec of where cells run, or would."""
        spec: str = await self._call(ChosenRuntime(), CALL_SECONDS)
        return spec

    async def runtime_choices(self) -> RuntimeChoices:
        """The user's profiles, and the nodes of this host that can be reached."""
        self._must("admin")
        return await runtime_choices()

    async def add_profile(self, profile: Profile) -> None:
        """Describe a runtime for later; `ProfileError` says what is wrong with it."""
        self._must("admin")
        await add_profile(profile)

    async def runtime_price(self) -> float | None:
        """What the runtime's machine costs for an hour, in dollars; None if that is not known."""
        price: float | None = await self._call(RuntimePrice(), CALL_SECONDS)
        return price

    async def files(self) -> NotebookFiles | None:
        """Those of the notebook, and what lies beside it; None as long as it has no file."""
        if self._state.path is None:
            return None
        return await asyncio.to_thread(files_of, self._state.notebook, Path(self._state.path))

    async def attach_file(self, source: str) -> str:
        """Copies that file to those of the notebook; the name that it has there. ValueError or OSError say why not."""
        self._must("admin")  # any file of this host could be looked at so
        name, arrange = await asyncio.to_thread(attaching, self._state.notebook, self._path(), source)
        self.send(arrange)
        return name

    async def remove_file(self, name: str) -> None:
        """It, and what the notebook says of it, is gone. ValueError if there is none of that name."""
        self._must("admin")
        self.send(await asyncio.to_thread(attachments.remove, self._state.notebook, self._path(), name))

    def _path(self) -> Path:
        if self._state.path is None:
            raise ValueError("the notebook has no file yet, so none can lie beside it: save it first")
        return Path(self._state.path)

    async def save(self) -> str:
        return await self._saved(Save())

    async def save_as(self, path: str) -> str:
        """The notebook is in that file from now on; it must not be there yet."""
        return await self._saved(SaveAs(str(writable(path))))

    async def _saved(self, request: Save | SaveAs) -> str:
        answer: str | OSError = await self._call(request, RESTART_SECONDS)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def discard(self) -> None:
        """What is not saved is not to be saved at the end of the session."""
        await self._call(Discard(), CALL_SECONDS)

    async def secrets(self) -> SecretNames:
        """Which secrets the notebook has."""
        names: SecretNames = await self._call(SecretsOf(), CALL_SECONDS)
        return names

    async def stored_secrets(self) -> StoredSecrets:
        """The names in the user's store, and where it is."""
        self._must("admin")
        return await stored_secrets()

    async def store_secret(self, name: str, value: str) -> None:
        """Keep a secret for all notebooks that are given it; ValueError if none may be called so."""
        self._must("admin")
        await store_secret(name, value)

    async def forget_secret(self, name: str) -> None:
        """The store has it no more; LookupError if it had none of that name."""
        self._must("admin")
        await forget_secret(name)

    async def give_secrets(self, values: Mapping[str, str]) -> None:
        """The notebook's cells find these values, as `LB_` and the name in the environment, until the session ends."""
        await self._asked(GiveSecrets(values))

    async def give_stored_secrets(self, *names: str) -> None:
        """The notebook's cells find these of the user's secrets, now and when it is opened again."""
        await self._asked(GiveStoredSecrets(names))

    async def revoke_secrets(self, *names: str) -> None:
        await self._asked(RevokeSecrets(names))

    async def _asked(self, request: GiveSecrets | GiveStoredSecrets | RevokeSecrets) -> None:
        refused: Exception | None = await self._call(request, CALL_SECONDS)
        if refused is not None:
            raise refused

    def leave_to_next(self) -> None:
        """The session is about to be stopped, and another program goes on with what it has."""
        bl.GenServer.cast(self._session, Leave())

    async def end_session(self) -> None:
        """The session ends, and its runtime, for all who look at it; what is not saved is, unless it was discarded."""
        self._must("admin")
        self._rejoin = None
        ended = bl.monitor(self._session)
        bl.GenServer.cast(self._session, EndSession(self._viewer))
        await bl.receive(ref=ended, timeout=END_SECONDS)

    async def close(self) -> None:
        self._arrivals.end("this view of the notebook is closed")
        bl.exit(self._viewer, "shutdown")

    async def _view(self) -> None:
        try:
            joined: Joined = await bl.GenServer.call(self._session, Join(self.person), timeout=CALL_SECONDS)
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
            self._go_blind()
        # Who sees nothing new any more may save all the same, and that only as somebody who has joined.
        while True:
            await bl.receive()

    def _go_blind(self) -> None:
        """Nothing is heard any more, so nothing can be fitted to what others do: texts go as they are here."""
        self._is_blind = True
        if self._typist is not None:
            for cell_id, source in self._typist.unsettled.items():
                self._emit(SetCellSource(cell_id, source))
            for operation in self._typist.pause():
                self._emit(operation)
        self._note_sent()

    def _take(self, joined: Joined) -> None:
        self._state, self.applied, self.journaled = joined.state, joined.applied, joined.journaled
        self.served = joined.served
        bl.monitor(self._session)

    async def _join_again(self, rejoin: Rejoin) -> None:
        """What was written meanwhile, and what was on its way, is in the session then, or is said to be lost."""
        offline = self._offline = Offline(self._state, self._underway())
        if self._typist is not None:
            self._typist.written(offline.state)
        self._note_sent()
        self._arrivals.lost(LOST)
        self._show_offline(offline)
        self._say(LOST)
        joined = await self._found_again(rejoin)
        self._offline = None
        # Of these texts it is known, to the character, what the session has of them and what not.
        typed = self._typist.unsettled if self._typist is not None else {}
        carried = offline.carried_over(joined.state.notebook, but=typed.keys())
        self._take(joined)
        self._told_where = None
        if self._typist is not None:
            self._typist.rejoined(joined.state, joined.handled)
            bl.GenServer.cast(self._session, Type(self._viewer))
        self._tell(None)
        for operation in carried.operations:
            self.send(operation)
        if self._on_question:
            self._take_questions()
        for words in (BACK, *carried.lost):
            self._say(words)

    def _underway(self) -> tuple[Operation, ...]:
        """What the session may not have had yet: the texts as they are here, then the rest in its order."""
        if self._typist is None:
            return self._sent.take()
        texts = (SetCellSource(cell_id, source) for cell_id, source in self._typist.unsettled.items())
        return (*texts, *self._sent.take(), *self._typist.pause())

    async def _found_again(self, rejoin: Rejoin) -> Joined:
        pause = FIRST_PAUSE
        while True:
            try:
                self._session = await rejoin()
                joined: Joined = await bl.GenServer.call(
                    self._session, Join(self.person, self._client_id), timeout=CALL_SECONDS
                )
                return joined
            except (OSError, ValueError, bl.BeamlikeError) as error:
                logger.debug("the session is not there yet: %s", error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _write_offline(self, offline: Offline, operation: Operation) -> None:
        if trouble := offline.write(operation):
            self._say(trouble)
        if self._typist is not None:
            self._typist.written(offline.state)
        self._show_offline(offline)

    def _show_offline(self, offline: Offline) -> None:
        if offline.state is not self._state:
            self._state = offline.state
            self._tell(None)

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
                self.applied = number
                self._sent.applied(operation)
                if self._typist is not None:
                    self._typist.applied(operation, self._state)
                    if operation == ClientJoined(self._client_id):
                        self._typist.go_on(self._client_id)
                    self._note_sent()
                if isinstance(operation, ApplyDelta):
                    self._people_moved(operation)
                self._unseen += size_of(operation)
                if number % SEEN_EVERY == 0 or self._unseen > SEEN_CHARACTERS:
                    self._unseen = 0
                    bl.GenServer.cast(self._session, Seen(self._viewer, number))
                self._tell(operation)
                self._arrivals.come(number)
            case Behind():
                bl.GenServer.cast(self._session, Seen(self._viewer, self.applied))
            case Resync(state, number, handled):
                self._state, self.applied = state, number
                if self._typist is not None:
                    self._typist.resynced(state, handled)
                    if self._client_id in state.clients and not self._typist.id:
                        self._typist.go_on(self._client_id)
                    self._note_sent()
                self._tell(None)
                self._arrivals.come(number)
            case PeopleHere(people, you):
                self._people, self._you = people, you
                bl.GenServer.cast(self._session, SawPeople(self._viewer))
                for on_people in self._on_people:
                    on_people()
            case Types(client_id):
                self._client_id = client_id
            case NotDone(operation, why):
                if self._typist is not None:
                    self._typist.refused(operation)
                    self._note_sent()
                if not isinstance(operation, ReportRevision):
                    self._say(why)
            case Journaled(number):
                self.journaled = number
            case Notice(text):
                self._say(text)
            case Asked(wanted):
                for on_question in self._on_question:
                    on_question(wanted)
            case Settled(question):
                for on_settled in self._on_settled:
                    on_settled(question)
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
