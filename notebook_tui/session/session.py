"""The session: the one process that owns an open notebook and performs the effects that its reducer asks for.

Viewers send operations; the session applies each, tells it to all viewers, then performs the effects. What the
runtime and the disk answer becomes operations again, with the session's clock.

    viewer ── Perform ──► session ── Applied ──► every viewer
                          │     ▲
              effects     ▼     │ Started, Printed, Displayed, InputWanted, Finished, Nodes, Versions, Down
                          runtime server

Much of it has rooms of its own, which have the session as their host: the runtime's life (`runtime_life`) and what it
says (`runtime_news`), the file and the journal (`keeping`), who is here (`viewers`, `attendance`), what cells ask
(`questions`), widgets and secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import assert_never

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Reason
from notebook_tui.document import effects, operations
from notebook_tui.document.apply import apply
from notebook_tui.document.effects import Effect
from notebook_tui.document.operations import Operation
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime import messages as runtime_messages
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.attendance import Attendance
from notebook_tui.session.cluster_questions import ClusterOf, DropNode, TellRunner
from notebook_tui.session.cluster_questions import answer as answer_cluster
from notebook_tui.session.far_viewers import ask_for, is_far
from notebook_tui.session.index_ahead import index_ahead
from notebook_tui.session.keeping import Keeping
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
    UseRuntime,
)
from notebook_tui.session.options import EVALUATES, SessionOptions
from notebook_tui.session.people import NotAllowed, Person
from notebook_tui.session.presence import Here, PeopleDue, SawPeople
from notebook_tui.session.questions import Questions
from notebook_tui.session.roles import Request, refusal, role_for_all, role_for_request
from notebook_tui.session.run_log import RunLog, log_of
from notebook_tui.session.runtime import Runtime
from notebook_tui.session.runtime_life import RuntimeLife
from notebook_tui.session.runtime_news import RuntimeNews
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
        self._notices: list[str] = []
        self._viewers = Viewers()
        self._keeping = Keeping(file, options)
        self._giving = Giving(self, options.grants)
        self._questions = Questions(self.tell_runtime, waits=options.served)
        self._widgets = Widgets(self, options.inputs)
        self._presets = tuple(options.inputs.items())
        self._news = RuntimeNews(self, self._questions, self._widgets)
        self._runtime = RuntimeLife(self, self._news, self._keeping, self._giving, runtime, options)
        opened = self._keeping.open(runtime_stays=self._runtime.is_left)
        self._state, self.applied = opened.state, opened.applied
        self._notices += opened.notices
        log = RunLog(log_of(file.identity) if options.journal else None)
        self._attendance = Attendance(self, self._viewers, log)
        self._attendance.recovered(opened.asked, opened.cut_off, self._state)
        self._identity = file.identity
        self._keeping.begin(self)
        for client_id in self._state.clients:  # of a program that was killed: nobody types here yet
            self.do(operations.ClientLeft(client_id))
        self._giving.opened(file.identity, file.digest, is_ours=self._keeping.is_ours)
        bl.spawn_link(index_ahead, self._state.notebook)
        if self._runtime.is_left:
            self._runtime.resume(opened.heard)
        # So that `terminate` ends the runtime when a parent ends the session.
        bl.trap_exit(True)

    async def terminate(self, reason: Reason) -> None:
        if not self._leaves:
            self._attendance.ends()
        try:
            await self._runtime.end(leaves=self._leaves)
        finally:
            await self._keeping.close(leaves=self._leaves)

    @property
    def state(self) -> State:
        return self._state

    @property
    def asked(self) -> tuple[AskedFor, ...]:
        """Who asked for the cells that wait or run."""
        return self._attendance.asked

    def _facts(self) -> SessionFacts:
        state = self._state
        return SessionFacts(
            title=state.notebook.title,
            people=self._viewers.people,
            evaluating=tuple(map(state.notebook.label, state.running.values())),
            queued=len(state.queue),
            runtime=self._runtime.spec,
            connected=self._runtime.connected is not None,
            dirty=state.dirty,
        )

    # What viewers ask.

    async def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Join(person, before):
                self._join(client, person, before)
                return NO_REPLY
            case TellAbout():
                return self._facts()
            case _ if isinstance(request, Request):
                refused = refusal(self._viewers.person(client.pid), role_for_request(request))
                return self._answer(request, client) if refused is None else refused
            case _:
                raise TypeError(f"a session does not know the call {request!r}")

    def _join(self, client: Client, person: Person, before: str) -> None:
        if (earlier := self._viewers.again(client.pid)) is not None:
            self._viewer_left(earlier)
        self._viewers.add(client.pid, person, self.applied)
        handled = self._viewers.handled(before)
        bl.GenServer.reply(client, Joined(self._state, self.applied, self._keeping.safe, self._served, handled))
        self._attendance.joined(client.pid, person)
        for text in self._notices:
            bl.send(client.pid, Notice(text))

    def _answer(self, request: Request, client: Client) -> object:
        connected = self._runtime.connected
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
                self._runtime.restart()
                return None
            case Disconnect():
                self._runtime.disconnect()
                return None
            case UseRuntime(spec):
                return self._runtime.use(spec)
            case ChosenRuntime():
                return self._runtime.spec
            case RuntimePrice():
                return None if connected is None else connected.connection.usd_per_hour
            case RunsOf():
                return self._attendance.runs
            case InputsRead():
                return self._news.inputs_read
            case Act() | SetSecretInput():
                return self._widgets.used(request)
            case RuntimeServerOf():
                return None if connected is None else connected.server_for(client)
            case ClusterOf() | TellRunner() | DropNode():
                if connected is None:
                    return None
                bl.spawn(answer_cluster, client, connected.connection, request)
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
            case Perform(operation, viewer):
                self.do(operation, viewer)
            case Type(viewer):
                self._attendance.types(viewer)
            case Here(where, viewer):
                self._attendance.is_at(viewer, where)
            case SawPeople(viewer):
                self._attendance.saw(viewer)
            case Act() | SetSecretInput():
                if trouble := self._widgets.used(request):
                    bl.send(request.viewer, Notice(trouble))
            case Ask(client=asker) if is_far(asker):
                bl.spawn(ask_for, bl.self(), request)
            case Ask():
                self._widgets.ask(request)
            case TakeQuestions(viewer, has, comes_again):
                if viewer in self._viewers:
                    self._questions.taken_by(viewer, has, comes_again=comes_again)
            case GiveAnswer(question, text):
                self._questions.answer(question, text)
            case EndSession(viewer):
                who = self._viewers.person(viewer).name
                raise bl.Stop(("shutdown", f"{who} has stopped it") if who else "shutdown")
            case Seen(viewer, applied):
                self._viewers.saw(viewer, applied, lambda: self._state, self.applied)
            case _:
                raise TypeError(f"a session does not know the cast {request!r}")

    # What the runtime, the disk and viewers' ends report.

    async def handle_info(self, message: object) -> None:
        if await self._runtime.handle(message):
            return
        match message:
            case PeopleDue():
                self._attendance.rested()
            case _ if self._keeping.handle(message):
                self._note_file()
                self._runtime.tell_safe()
            case _ if self._giving.handle(message):
                self._note_file()
                self._runtime.start_if_due()
            case bl.Down(ref) if self._viewer_left(ref):
                pass
            case _:
                self._news.hear(message)

    def _viewer_left(self, ref: bl.Ref) -> bool:
        """Whether that is the monitor of one."""
        left = self._viewers.left(ref)
        if left is None:
            return False
        viewer, client_id = left
        self._questions.viewer_left(viewer)
        self._attendance.left(viewer, client_id)
        return True

    # Operations and effects.

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
        self._runtime.moved(self._identity)
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

    def do(self, operation: Operation, viewer: bl.Pid | None = None) -> bool:
        """Whether it made sense. By a viewer, if one asks for it: then only with the role for all that follows."""
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
        if viewer is not None:
            operation = self._widgets.checked(operation)
        state, wanted = apply(self._state, operation)
        if viewer is not None:
            self._check(operation, viewer, state, wanted)
        before, self._state = self._state, state
        self.applied += 1
        self._viewers.applied(operation, self.applied)
        asked = self._attendance.applied(operation, viewer, before)
        self._keeping.applied(operation, asked)
        for effect in wanted:
            self._perform(effect)
        if viewer is not None:
            self._widgets.was_done(operation)

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
                self._runtime.connect()
            case effects.DisconnectRuntime():
                self._runtime.drop(first=False)  # another takes its place, and need not wait for that
            case effects.StartEvaluation(cell_id, source, container, above):
                notebook = self._state.notebook
                label, node = notebook.label(cell_id), str(notebook.cell(cell_id).metadata.get("node", ""))
                self._widgets.runs(cell_id)
                self._questions.runs(cell_id)
                inputs, presets = self._widgets.inputs(), self._presets
                evaluate = runtime_messages.Evaluate(cell_id, label, source, container, above, node, inputs, presets)
                self.tell_runtime(evaluate)
            case effects.DropContainer(container):
                self.tell_runtime(runtime_messages.Drop(container))
            case effects.InterruptEvaluation(cell_id):
                self.tell_runtime(runtime_messages.Interrupt(cell_id))
            case effects.ForgetEvaluation(cell_id):
                self._widgets.runs(cell_id)
                self._questions.runs(cell_id)
                self.tell_runtime(runtime_messages.Forget(cell_id))
            case effects.RememberTrust(folder):
                self._keeping.trust_given(folder=folder)
            case _:
                assert_never(effect)

    def tell_runtime(self, message: object) -> None:
        """If there is one; as soon as it is found, if it is looked for."""
        self._runtime.tell(message)


def _refused(request: Request, why: str) -> Notice | NotDone:
    return NotDone(request.operation, why) if isinstance(request, Perform) else Notice(why)
