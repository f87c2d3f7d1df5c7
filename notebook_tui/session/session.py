"""The session: the one process that owns an open notebook and performs the effects that its reducer asks for.

Viewers send operations; the session applies each, tells it to all viewers, then performs the effects. What the
runtime and the disk answer becomes operations again, with the session's clock.

    viewer ── Perform ──► session ── Applied ──► every viewer
                          │     ▲
              effects     ▼     │ Started, Printed, Displayed, InputWanted, Finished, Nodes, Versions, Down
                          runtime server
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import assert_never

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.terms import NOCONNECTION, SHUTDOWN, Reason
from notebook_tui.document import effects, operations
from notebook_tui.document.apply import apply
from notebook_tui.document.effects import Effect
from notebook_tui.document.operations import Operation
from notebook_tui.document.outputs import Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime import messages as runtime_messages
from notebook_tui.runtime.limits import EndsSoon
from notebook_tui.runtime.relay import Relayed
from notebook_tui.runtime.sound import Unsound
from notebook_tui.session import keepsakes
from notebook_tui.session.cluster_questions import ClusterOf, DropNode, TellRunner
from notebook_tui.session.cluster_questions import answer as answer_cluster
from notebook_tui.session.ending import Endings
from notebook_tui.session.far_viewers import ask_for, is_far, passage
from notebook_tui.session.from_runtime import checked
from notebook_tui.session.incoming import Incoming
from notebook_tui.session.index_ahead import index_ahead
from notebook_tui.session.keeper import LetGo, hold, keep
from notebook_tui.session.keeping import Keeping
from notebook_tui.session.limit_words import before_its_end
from notebook_tui.session.messages import (
    SESSIONS,
    Act,
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
    Moved,
    NotDone,
    Notice,
    Perform,
    Refused,
    Restart,
    RevokeSecrets,
    RunsOf,
    RuntimePrice,
    RuntimeServerOf,
    Save,
    SaveAs,
    SecretsOf,
    Seen,
    SessionFacts,
    SetSecretInput,
    TakeQuestions,
    TellAbout,
    Type,
    Types,
    UseRuntime,
)
from notebook_tui.session.options import EVALUATES, SessionOptions
from notebook_tui.session.people import NotAllowed, Person
from notebook_tui.session.presence import PACE, Here, PeopleDue, Presences, SawPeople
from notebook_tui.session.profiles import LOCAL, ProfileError
from notebook_tui.session.questions import Questions
from notebook_tui.session.reason_words import reason_words
from notebook_tui.session.reattach import Lost, Reattached, reattach
from notebook_tui.session.roles import Request, refusal, role_for_all, role_for_request
from notebook_tui.session.run_log import RunLog, log_of
from notebook_tui.session.runtime import Connection, Runtime, Step
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.runtime_records import outputs_of, versions_of
from notebook_tui.session.secrets.giving import Giving
from notebook_tui.session.storage import NotebookFile
from notebook_tui.session.viewers import Viewers
from notebook_tui.session.widgets import Widgets
from notebook_tui.widgets.messages import Ask

logger = logging.getLogger("notebook_tui.session")

NOTICES = 20
"""So many of the last words are told to who joins later."""


class Session(GenServer):
    """Start it with the file and the runtime to use: `await Session.start_link(file, Local())`."""

    def init(self, file: NotebookFile, runtime: Runtime, options: SessionOptions = EVALUATES) -> None:
        self._served = options.served
        self._leaves = False
        """Another program is to go on with the session."""
        self._viewers = Viewers()
        self._notices: list[str] = []
        self._keeping = Keeping(file, options)
        self._held = options.held
        left = self._left_runtime(file) if options.served else None
        opened = self._keeping.open(runtime_stays=left is not None)
        self._state, self.applied = opened.state, opened.applied
        self._notices += opened.notices
        self._runtime = options.held(runtime) if left is None else left[1]
        self._runtime_spec = str(getattr(self._runtime, "name", LOCAL))
        self._connection: Connection | None = None
        self._connection_ref: bl.Ref | None = None
        self._keeper: tuple[bl.Pid, bl.Ref] | None = None
        """Of the runtime that there is, or comes, with the monitor of it."""
        self._endings = Endings()
        self._incoming: Incoming | None = None
        self._early: list[Relayed] = []
        """What came from a runtime that is not known yet: its first words may arrive before its connection does."""
        self._passage: bl.Pid | None = None
        """To the runtime, for viewers on other nodes."""
        self._reattaching: bl.Pid | None = None
        """Looks for a runtime that cannot be reached; what is for that waits in `_unsent`."""
        self._unsent: list[object] = []
        self._presences = Presences()
        self._rests = False
        """All have been told who is where, just now."""
        self._log = RunLog(log_of(file.identity) if options.journal else None)
        self._questions = Questions(self.tell_runtime)
        self._widgets = Widgets(self, options.inputs)
        self._presets = tuple(options.inputs.items())
        self._inputs_read: dict[str, None] = {}
        self._giving = Giving(self, options.grants)
        self._connects_next = False
        """As soon as all secrets are read."""
        self._identity = file.identity
        self._keeping.begin(self)
        for client_id in self._state.clients:  # of a program that was killed: nobody types here yet
            self._do(operations.ClientLeft(client_id))
        self._giving.opened(file.identity, file.digest, is_ours=self._keeping.is_ours)
        bl.spawn_link(index_ahead, self._state.notebook)
        if left is not None:
            self._resume(left[0], opened.heard)
        # So that `terminate` ends the runtime when a parent ends the session.
        bl.trap_exit(True)

    async def terminate(self, reason: Reason) -> None:
        try:
            if self._leaves:
                await self._let_go()
            self._drop_runtime()
            await self._endings.all_over()
        finally:
            await self._keeping.close(leaves=self._leaves)

    @property
    def state(self) -> State:
        return self._state

    def _facts(self) -> SessionFacts:
        state = self._state
        return SessionFacts(
            title=state.notebook.title,
            people=self._viewers.people,
            evaluating=tuple(map(state.notebook.label, state.running.values())),
            queued=len(state.queue),
            runtime=self._runtime_spec,
            connected=self._connection is not None,
            dirty=state.dirty,
        )

    # What viewers ask.

    async def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Join(person, before):
                if (earlier := self._viewers.again(client.pid)) is not None:
                    self._viewer_left(earlier)
                self._viewers.add(client.pid, person, self.applied)
                self._presences.joined(client.pid, person)
                handled = self._viewers.handled(before)
                joined = Joined(self._state, self.applied, self._keeping.safe, self._served, handled)
                bl.GenServer.reply(client, joined)
                self._people_changed()
                for text in self._notices:
                    bl.send(client.pid, Notice(text))
                return NO_REPLY
            case TellAbout():
                return self._facts()
            case _ if isinstance(request, Request):
                refused = refusal(self._viewers.person(client.pid), role_for_request(request))
                return self._answer(request, client) if refused is None else refused
            case _:
                raise TypeError(f"a session does not know the call {request!r}")

    def _answer(self, request: Request, client: Client) -> object:
        match request:
            case Make(operation):
                return self._made(operation, client.pid)
            case Save():
                self._keeping.save(client)
                return NO_REPLY
            case SaveAs(path):
                self._keeping.save_as(path, client)
                self._note_file()
                return NO_REPLY
            case Discard():
                self._keeping.discard()
                return None
            case GiveSecrets() | GiveStoredSecrets() | RevokeSecrets() | SecretsOf():
                answer = self._giving.asked(request, client)
                self._note_file()
                return answer
            case Restart():
                self._disconnect()
                self._do(operations.Connect())
                return None
            case Disconnect():
                self._disconnect()
                return None
            case UseRuntime(spec):
                return self._use_runtime(spec)
            case ChosenRuntime():
                return self._runtime_spec
            case RuntimePrice():
                return self._connection.usd_per_hour if self._connection is not None else None
            case RunsOf():
                return tuple(self._log.newest)
            case InputsRead():
                return tuple(self._inputs_read)
            case RuntimeServerOf():
                return self._server_for(client)
            case ClusterOf() | TellRunner() | DropNode():
                if self._connection is None:
                    return None
                apart = getattr(self._connection.child, "apart", ())
                bl.spawn(answer_cluster, client, self._connection.server.node, apart, request)
                return NO_REPLY
            case _:
                raise TypeError(f"a session does not know the call {request!r}")

    def handle_cast(self, request: object) -> None:
        if isinstance(request, Leave):
            self._leaves = True
            return
        if not isinstance(request, Request):
            raise TypeError(f"a session does not know the cast {request!r}")
        viewer = getattr(request, "viewer", None)
        if viewer is not None:
            refused = refusal(self._viewers.person(viewer), role_for_request(request))
            if isinstance(request, Perform):
                self._viewers.handles(viewer)
            if refused is not None:
                bl.send(viewer, _refused(request, str(refused)))
                return
        match request:
            case Perform(operations.SetInputValue() as operation, viewer):
                self._set_input(operation, viewer)
            case Perform(operation, viewer):
                self._do(operation, viewer)
            case Type(viewer):
                self._type(viewer)
            case Here(where, viewer):
                self._presences.is_at(viewer, where)
                self._people_changed()
            case SawPeople(viewer):
                self._presences.saw(viewer)
                self._people_changed()
            case SetSecretInput():
                self._widgets.set_secret(request)
            case Act():
                self._widgets.act(request)
            case Ask(client=asker) if is_far(asker):
                bl.spawn(ask_for, bl.self(), request)
            case Ask():
                self._widgets.ask(request)
            case TakeQuestions(viewer):
                if viewer in self._viewers:
                    self._questions.taken_by(viewer)
            case GiveAnswer(question, text):
                self._questions.answer(question, text)
            case EndSession(viewer):
                who = self._viewers.person(viewer).name
                raise bl.Stop(("shutdown", f"{who} has stopped it") if who else "shutdown")
            case Seen(viewer, applied):
                self._viewers.saw(viewer, applied, lambda: self._state, self.applied)
            case _:
                raise TypeError(f"a session does not know the cast {request!r}")

    def _server_for(self, client: Client) -> bl.Pid | None:
        """What takes a viewer's questions to the runtime."""
        if self._connection is None or not is_far(client):
            return None if self._connection is None else self._connection.server
        if self._passage is None or not bl.is_alive(self._passage):
            self._passage = bl.spawn(passage, self._connection.server)
        return self._passage

    def _people_changed(self) -> None:
        """Tells now, if nobody was told just before; else as soon as that is long enough ago."""
        if self._rests:
            return
        due = self._presences.due(self._log.runners(self._state))
        for viewer, people in due.items():
            bl.send(viewer, people)
        if due:
            self._rests = True
            bl.send_after(bl.self(), PeopleDue(), PACE)

    def _type(self, viewer: bl.Pid) -> None:
        if not self._viewers.client_id(viewer):
            client_id = token_hex(8)
            self._viewers.types(viewer, client_id)
            self._presences.types(viewer, client_id)
            bl.send(viewer, Types(client_id))
            self._do(operations.ClientJoined(client_id))

    def _set_input(self, operation: operations.SetInputValue, viewer: bl.Pid) -> None:
        checked = self._widgets.checked(operation, lambda why: bl.send(viewer, Notice(why)))
        if checked is not None and self._do(checked, viewer):
            self._widgets.was_set(checked)

    # What runtimes, their connectors and viewers' ends report.

    async def handle_info(self, message: object) -> None:
        match message:
            case runtime_messages.Started(cell_id):
                self._do(operations.EvaluationStarted(cell_id, time.time()))
            case runtime_messages.Printed(cell_id, stream, text, output):
                self._do(operations.OutputAdded(cell_id, Text("stderr" if stream == "stderr" else "stdout", text)))
                bl.send(output, runtime_messages.Taken())
            case runtime_messages.Displayed():
                self._widgets.show(message)
                bl.send(message.output, runtime_messages.Taken())
            case runtime_messages.ViewsChanged():
                self._widgets.change(message)
                bl.send(message.output, runtime_messages.Taken())
            case runtime_messages.WidgetEnded():
                self._widgets.ended(message)
            case runtime_messages.InputRead(cell_id, ref):
                self._inputs_read[ref] = None
                self._do(operations.InputBound(cell_id, ref))
            case runtime_messages.InputWanted():
                self._questions.ask(message)
            case runtime_messages.InputSettled(_, question):
                self._questions.settled(question)
            case runtime_messages.Finished():
                self._finished(message)
            case runtime_messages.Dropped(container, trouble):
                self._do(operations.ContainerDown(container, trouble))
                if trouble:
                    self.notify(trouble)
            case runtime_messages.Nodes(names):
                self._do(operations.NodesChanged(names))
            case runtime_messages.Versions(cells):
                self._do(operations.VersionsChanged(tuple((cell.cell_id, versions_of(cell)) for cell in cells)))
            case PeopleDue():
                self._rests = False
                self._people_changed()
            case EndsSoon():
                self.notify(before_its_end(message))
            case Step(connector, text):
                if self._is_kept_by(connector):
                    self._do(operations.RuntimeConnecting(text, time.time()))
            case (bl.Pid() as connector, Connection() as connection):
                await self._connected(connector, connection)
            case Relayed():
                await self._relayed(message)
            case Reattached(connection) if connection is self._connection:
                self._reattached(connection)
            case Lost(connection, why) if connection is self._connection:
                self._lost(why)
            case _ if self._keeping.handle(message):
                self._note_file()
                self._tell_safe()
            case _ if self._giving.handle(message):
                self._note_file()
                if self._connects_next and not self._giving.reading:
                    self._connect_now()
            case bl.Down():
                await self._down(message)

    async def _relayed(self, relayed: Relayed) -> None:
        if self._keeper is not None and self._connection is None:
            self._early.append(relayed)
            return
        news = None if self._incoming is None else self._incoming.take(relayed)
        if news is None:
            return
        try:
            # Code of the user's runs where it comes from, and must not be what ends the session.
            news = checked(news)
        except Unsound as error:
            self.notify(f"the runtime has said what no notebook understands: {error}")
        else:
            await self.handle_info(news)
        if self._incoming is not None and self._incoming.defers:
            self._incoming.journaled(relayed, self._keeping.heard_runtime(relayed.number))
            self._tell_safe()

    def _tell_safe(self) -> None:
        if self._incoming is not None:
            self._incoming.tell_safe(self._keeping.holds)

    def _finished(self, finished: runtime_messages.Finished) -> None:
        cell_id, outcome = finished.cell_id, finished.outcome
        for output in outputs_of(outcome):
            self._do(operations.OutputAdded(cell_id, output))
        # By the runtime's clock: news of a short run may arrive together.
        began = self._state.evaluation(cell_id).started_at or time.time()
        self._do(operations.EvaluationFinished(cell_id, began + finished.seconds, outcome.status, outcome.versions))

    def _viewer_left(self, ref: bl.Ref) -> bool:
        """Whether that is the monitor of one."""
        left = self._viewers.left(ref)
        if left is None:
            return False
        viewer, client_id = left
        self._questions.viewer_left(viewer)
        self._presences.left(viewer)
        self._people_changed()
        if client_id:
            self._do(operations.ClientLeft(client_id))
        return True

    async def _down(self, down: bl.Down) -> None:
        ref, reason = down.ref, down.reason
        if self._viewer_left(ref):
            pass
        elif (trouble := self._endings.handle(down)) is not None:
            if trouble:
                self.notify(trouble)
        elif ref == self._connection_ref:
            connection, self._connection_ref = self._connection, None
            assert connection is not None
            if reason == NOCONNECTION and connection.reconnect is not None:
                self.notify(
                    f"the connection to the runtime is lost; it is looked for, up to {connection.lease:g} s long"
                )
                assert self._incoming is not None
                self._reattaching = bl.spawn(reattach, bl.self(), connection, self._incoming.seen)
                return
            self._lost(await connection.fate() if reason in (NOCONNECTION, SHUTDOWN) else reason_words(reason))
        elif self._keeper is not None and ref == self._keeper[1]:
            self._keeper = None
            self._early.clear()
            self._do(operations.RuntimeDown(f"the runtime did not start: {reason_words(reason)}"))

    def _reattached(self, connection: Connection) -> None:
        self._reattaching = None
        self._connection_ref = bl.monitor(connection.server)
        unsent, self._unsent = self._unsent, []
        for message in unsent:
            self.tell_runtime(message)
        self.notify("the runtime is connected again: values are kept, and what it printed meanwhile is here")

    def _lost(self, why: str) -> None:
        self._reattaching = None
        self._drop_runtime()
        self._do(operations.RuntimeDown(why))

    # Operations and effects.

    def do(self, operation: Operation) -> bool:
        """Whether it made sense."""
        return self._do(operation)

    def notify(self, text: str) -> None:
        """Words for the user, now or as soon as one is there."""
        self._notices.append(text)
        del self._notices[:-NOTICES]
        self._viewers.tell(Notice(text))

    def keep_secret(self, values: Mapping[str, str]) -> None:
        """They are not to be found in the journal: values, each with its name."""
        self._keeping.keep_secret(values)

    def _note_file(self) -> None:
        file = self._keeping.file
        if file.identity != self._identity:
            self._has_moved(file)
        self._giving.file_is(file.identity, file.digest)

    def _has_moved(self, file: NotebookFile) -> None:
        if self._connection is not None and self._connection.keepsake is not None:
            keepsakes.forget(self._identity)
            self._note_runtime(self._connection)
        self._identity = file.identity
        if self._served and bl.whereis(SESSIONS) is not None:
            bl.send(SESSIONS, Moved(bl.self(), str(file.path.absolute())))

    def tell_journaled(self, safe: int) -> None:
        self._viewers.tell(Journaled(safe))

    def _made(self, operation: Operation | None, viewer: bl.Pid) -> Made | Refused | NotAllowed:
        try:
            if operation is not None:
                self._apply(operation, viewer)
        except Rejected as refused:
            return Refused(str(refused))
        except NotAllowed as refused:
            return refused
        return Made(self.applied)

    def _do(self, operation: Operation, viewer: bl.Pid | None = None) -> bool:
        """By a viewer, if one asks for it: then only with the role for all that follows of it."""
        try:
            self._apply(operation, viewer)
        except (Rejected, NotAllowed) as refused:
            # Normal where several act at once: late output of a cell that was deleted, say.
            logger.debug("%r was rejected: %s", operation, refused)
            if viewer is not None:
                bl.send(viewer, NotDone(operation, str(refused)))
            return False
        return True

    def _apply(self, operation: Operation, viewer: bl.Pid | None) -> None:
        state, wanted = apply(self._state, operation)
        if viewer is not None:
            self._check(operation, viewer, state, wanted)
        before, self._state = self._state, state
        self.applied += 1
        self._viewers.applied(operation, self.applied)
        self._note_run(operation, viewer, before)
        self._keeping.applied(operation)
        for effect in wanted:
            self._perform(effect)

    def _note_run(self, operation: Operation, viewer: bl.Pid | None, before: State) -> None:
        """Who ran what, and what came of it."""
        match operation:
            case operations.QueueCells():
                self._log.asked(viewer, self._person(viewer), before, self._state)
            case operations.EvaluationFinished(cell_id, at, ending):
                self._log.finished(cell_id, self._state, at, ending)
            case _:
                return
        self._people_changed()

    def _person(self, viewer: bl.Pid | None) -> Person | None:
        return None if viewer is None else self._viewers.person(viewer)

    def _check(self, operation: Operation, viewer: bl.Pid, after: State, wanted: Sequence[Effect]) -> None:
        if isinstance(operation, operations.ApplyDelta | operations.ReportRevision):
            client_id = operation.client_id
            if client_id in self._state.clients and client_id != self._viewers.client_id(viewer):
                raise Rejected("what somebody types is sent by nobody else")
        role = role_for_all(operation, self._state, after, wanted)
        if (refused := refusal(self._viewers.person(viewer), role)) is not None:
            raise refused

    def _perform(self, effect: Effect) -> None:
        match effect:
            case effects.ConnectRuntime():
                self._do(operations.RuntimeConnecting("starting a runtime", time.time()))
                if self._giving.reading:
                    self._connects_next = True
                else:
                    self._connect_now()
            case effects.DisconnectRuntime():
                self._drop_runtime(first=False)  # another takes its place, and need not wait for that
            case effects.StartEvaluation(cell_id, source, container, above):
                notebook = self._state.notebook
                label, node = notebook.label(cell_id), str(notebook.cell(cell_id).metadata.get("node", ""))
                self._widgets.runs(cell_id)
                inputs, presets = self._widgets.inputs(), self._presets
                evaluate = runtime_messages.Evaluate(cell_id, label, source, container, above, node, inputs, presets)
                self.tell_runtime(evaluate)
            case effects.DropContainer(container):
                self.tell_runtime(runtime_messages.Drop(container))
            case effects.InterruptEvaluation(cell_id):
                self.tell_runtime(runtime_messages.Interrupt(cell_id))
            case effects.ForgetEvaluation(cell_id):
                self._widgets.runs(cell_id)
                self.tell_runtime(runtime_messages.Forget(cell_id))
            case effects.RememberTrust(folder):
                self._keeping.trust_given(folder=folder)
            case _:
                assert_never(effect)

    def tell_runtime(self, message: object) -> None:
        """If there is one; as soon as it is found, if it is looked for."""
        if self._reattaching is not None:
            self._unsent.append(message)
        elif self._connection is not None:
            bl.send(self._connection.server, message)

    # The runtime.

    def _connect_now(self) -> None:
        self._connects_next = False
        before = self._endings.take_first() if getattr(self._runtime, "alone", True) else ()
        self._keeper = bl.spawn_monitor(keep, bl.self(), self._connect, before)

    def _disconnect(self) -> None:
        """Asked for, so nothing is lost against anybody's will; neither is what is just being connected."""
        self._drop_runtime()
        if self._state.runtime.phase != "disconnected":
            self._do(operations.RuntimeDown(""))

    def _use_runtime(self, spec: str) -> ProfileError | None:
        try:
            runtime = self._held(runtime_of(spec))
        except ProfileError as error:
            return error
        self._disconnect()
        self._runtime, self._runtime_spec = runtime, spec
        self._do(operations.Connect())
        return None

    async def _connect(self, session: bl.Pid) -> Connection:
        directory = str(self._keeping.file.path.resolve().parent)
        return await self._runtime.connect(session, self._keeping.file.path.stem, directory)

    async def _connected(self, connector: bl.Pid, connection: Connection) -> None:
        if not self._is_kept_by(connector):
            return  # it was told to give up, and ends what it has made
        self._connection = connection
        self._incoming = Incoming(connection.server, defers=connection.keepsake is not None)
        self._note_runtime(connection)
        self._connection_ref = bl.monitor(connection.server)
        environment = self._giving.environment
        if environment is not None:
            self.tell_runtime(environment)
        self._do(operations.RuntimeConnected(connection.text, time.time()))
        early, self._early = self._early, []
        for relayed in early:
            await self._relayed(relayed)

    # A runtime that outlives this program.

    def _left_runtime(self, file: NotebookFile) -> tuple[Connection, Runtime] | None:
        """That of the program before, if it has left one, and of what it is one."""
        keepsake = keepsakes.noted(file.identity)
        if keepsake is None:
            return None
        try:
            runtime = self._held(runtime_of(keepsake.spec))
        except ProfileError:
            return None
        resume = getattr(runtime, "resume", None)
        return None if resume is None else (resume(keepsake), runtime)

    def _resume(self, connection: Connection, heard: int) -> None:
        """It is looked for, as one to which the connection is lost; cells run on there meanwhile."""
        self._connection = connection
        self._keeper = bl.spawn_monitor(hold, bl.self(), connection)
        if self._state.runtime.phase != "connected":
            self._drop_runtime(first=False)  # nothing is known of it
            return
        self._incoming = Incoming(connection.server, resumed=heard, defers=True)
        self._widgets.resume()
        self._reattaching = bl.spawn(reattach, bl.self(), connection, heard)

    def _note_runtime(self, connection: Connection) -> None:
        if connection.keepsake is None:
            return
        try:
            keepsakes.note(self._keeping.file.identity, connection.keepsake)
        except OSError as error:
            self.notify(f"if the server is killed, the runtime is lost with it: {error.strerror or error}")

    async def _let_go(self) -> None:
        """The runtime is for the next program, which begins with what the journal holds."""
        if self._connection is None or self._connection.keepsake is None or self._keeper is None:
            return
        keeper, ended = self._keeper
        self._keeper = None
        if self._connection_ref is not None:
            bl.demonitor(self._connection_ref, flush=True)
            self._connection_ref = None
        self._connection = None
        bl.send(keeper, LetGo())
        await bl.receive(ref=ended)

    def _is_kept_by(self, keeper: bl.Pid) -> bool:
        return self._keeper is not None and self._keeper[0] == keeper

    def _drop_runtime(self, *, first: bool = True) -> None:
        """The one that there is, or comes, is ended. `first`: before there is another."""
        self._connects_next = False
        if self._reattaching is not None:
            bl.exit(self._reattaching, "shutdown")
            self._reattaching = None
        self._unsent.clear()
        self._early.clear()
        if self._connection is not None and self._connection.keepsake is not None:
            keepsakes.forget(self._keeping.file.identity)
        if self._connection_ref is not None:
            bl.demonitor(self._connection_ref, flush=True)
        self._connection = self._connection_ref = self._incoming = self._passage = None
        self._questions.settle_all()
        self._widgets.runtime_gone()
        if self._keeper is not None:
            self._endings.begin(*self._keeper, first=first)
            self._keeper = None


def _refused(request: Request, why: str) -> Notice | NotDone:
    return NotDone(request.operation, why) if isinstance(request, Perform) else Notice(why)
