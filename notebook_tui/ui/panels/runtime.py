"""The runtime at the side: what is connected and how that went, and where else cells could run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from nodes.places import PLACES
from notebook_tui.document.operations import Connect
from notebook_tui.document.state import State
from notebook_tui.session.profiles import Profile
from notebook_tui.session.runtime_choices import RuntimeChoices, profile_troubles
from notebook_tui.session.runtime_kinds import KINDS, Kind, values_of
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.panels.form_screen import FormField, FormScreen, Troubles, Values
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line
from notebook_tui.ui.panels.runtime_limits import LIMIT_WORDS, limit_of, limit_said, limit_text, limit_troubles
from notebook_tui.ui.panels.runtime_lines import NEW, Known, choice_lines, status_lines

_FACTS_EVERY: Final = 5.0


class RuntimePanel(ListPanel):
    NAME = "runtime"
    TITLE = "Runtime"
    WIDTH = 64
    TICK = 0.2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "use", "use it", show=False),
        Binding("r", "reconnect", "(re)connect"),
        Binding("x", "disconnect", "disconnect"),
        Binding("a", "add", "add profile"),
        Binding("i", "limits", "its limits"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._known = Known()
        self._spec = "…"
        self._choices = RuntimeChoices((), "", ())
        self._asked_at = 0.0
        self._phase = ""

    def opened(self) -> None:
        self.refresh_from("listing runtimes", self._list)

    def show(self, state: State) -> None:
        if state.runtime.phase != self._phase:
            self._phase = state.runtime.phase
            self._known = Known()
            self._ask_facts()
            self.refresh_from("listing runtimes", self._list)
        super().show(state)

    def time_passed(self) -> None:
        runtime = self.state.runtime
        if runtime.phase == "connected" and self.desk.now() - self._asked_at >= _FACTS_EVERY:
            self._ask_facts()
        if runtime.phase == "connecting":
            self.redraw()

    def _ask_facts(self) -> None:
        self._asked_at = self.desk.now()
        if self.state.runtime.phase == "connected":
            self.refresh_from("asking the runtime", self._learn_facts)

    async def _learn_facts(self) -> None:
        facts = await self.desk.client.runtime_facts()
        self._known = Known(facts, await self.desk.client.runtime_price(), self.desk.now())
        self.redraw()

    async def _list(self) -> None:
        self._choices = await self.desk.client.runtime_choices()
        is_first = self._spec == "…"
        self._spec = await self.desk.client.chosen_runtime()
        self.redraw()
        if is_first:
            self.call_after_refresh(self.list.mark, self._spec)  # laid out by then: what is above it stays in sight

    def worth(self, state: State) -> object:
        return state.runtime

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        now = self.desk.now()
        status = status_lines(self.state.runtime, self._spec, self._known, now, width, palette)
        return (*status, BLANK, *choice_lines(self._choices, self._spec, width, palette))

    def chosen(self, id: str) -> None:
        if id == NEW:
            self.action_add()
        elif id.endswith(":…"):
            self._describe(KINDS[id.removesuffix(":…")])
        elif id == self._spec and id.partition(":")[0] in PLACES:
            self._describe(values_of(id)[0])
        else:
            self._use(id)

    # Choosing.

    def _use(self, spec: str) -> None:
        if self.state.runtime.phase == "disconnected":
            self.ask("choosing the runtime", self._switch, spec)
            return

        def agreed(answer: str | None) -> None:
            if answer == "switch":
                self.ask("choosing the runtime", self._switch, spec)

        choices = (Choice("y", "switch", f"Run cells in {spec}"), Choice("n", "stay", "Stay"))
        self.app.push_screen(ChoiceScreen("Another runtime is a fresh one: all values are lost.", choices), agreed)

    async def _switch(self, spec: str) -> None:
        self.desk.view.flush()
        await self.desk.client.use_runtime(spec)
        self._spec = spec
        self.redraw()

    def _describe(self, kind: Kind) -> None:
        known = self._values_of(kind)
        fields = [FormField(each.name, each.label, each.words, known.get(each.name, "")) for each in kind.fields]

        async def check(values: Values) -> Troubles:
            return kind.troubles(values)

        def filled(values: Values | None) -> None:
            if values is not None:
                self._use(kind.spec(values))

        title = f"Cells run {kind.title}"
        words = f"! {needs}" if (needs := kind.needs()) else ""
        self.app.push_screen(FormScreen(title, fields, check, words, "runs cells there"), filled)

    def _values_of(self, kind: Kind) -> Values:
        """What the form begins with: what is in use, else what the environment says."""
        if self._spec.startswith(f"{kind.name}:"):
            return values_of(self._spec)[1]
        return {each.name: each.default() for each in kind.fields}

    # How long it lasts.

    def action_limits(self) -> None:
        facts = self._known.facts
        if facts is None or facts.lifetime is None:
            self.desk.say("There is no runtime whose time could be limited.", "information")
            return
        lifetime = facts.lifetime
        fields = (
            FormField("idle", "Idle limit", LIMIT_WORDS, limit_text(lifetime.idle_limit)),
            FormField("lifetime", "Lifetime", LIMIT_WORDS, limit_text(lifetime.limit)),
        )

        async def check(values: Values) -> Troubles:
            return limit_troubles(lifetime, values)

        def filled(values: Values | None) -> None:
            if values is not None:
                self.ask("changing the limit", self._set_idle_limit, limit_of(values["idle"]))

        title = "How long the runtime may be there"
        words = "For this runtime; the next one has what its description says."
        self.app.push_screen(FormScreen(title, fields, check, words, "sets it"), filled)

    async def _set_idle_limit(self, seconds: float | None) -> None:
        lifetime = await self.desk.client.set_idle_limit(seconds)
        self.desk.say(limit_said(lifetime), "information")
        await self._learn_facts()

    # Profiles.

    def action_add(self) -> None:
        fields = (
            FormField("name", "Name", "letters, digits, - and _, such as old-python"),
            FormField("python", "Python", "empty: that of this program; else such as /usr/bin/python3.12"),
            FormField("directory", "Directory", "empty: where the notebook lies"),
        )
        screen = FormScreen("Another profile: a process of its own on this machine", fields, self._check_profile)
        self.app.push_screen(screen, partial(self._profile_filled))

    async def _check_profile(self, values: Values) -> Troubles:
        from asyncio import to_thread

        return await to_thread(profile_troubles, _profile_of(values))

    def _profile_filled(self, values: Values | None) -> None:
        if values is not None:
            self.ask("adding the profile", self._add, _profile_of(values))

    async def _add(self, profile: Profile) -> None:
        await self.desk.client.add_profile(profile)
        self.desk.say(f"The profile {profile.name} is there. Enter on it runs cells in it.", "information")
        await self._list()
        self.list.mark(profile.name)

    # Connecting.

    def action_reconnect(self) -> None:
        self.desk.view.flush()
        if self.state.runtime.phase == "disconnected":
            self.desk.client.send(Connect())
        else:
            self.ask("reconnecting", self._restart)

    async def _restart(self) -> None:
        await self.desk.client.restart()
        self.desk.say("The runtime is restarted: all values are gone, the text is not.", "information")

    def action_disconnect(self) -> None:
        if self.state.runtime.phase == "disconnected":
            self.desk.say("There is no runtime to disconnect.", "information")
            return
        if self.state.runtime.phase == "connecting":
            self.ask("stopping to connect", self._disconnect)
            return

        def agreed(answer: str | None) -> None:
            if answer == "end":
                self.ask("disconnecting", self._disconnect)

        choices = (Choice("y", "end", "End the runtime"), Choice("n", "stay", "Stay"))
        self.app.push_screen(ChoiceScreen("The runtime ends, and all values are lost.", choices), agreed)

    async def _disconnect(self) -> None:
        self.desk.view.flush()
        await self.desk.client.disconnect()


def _profile_of(values: Values) -> Profile:
    name, python, directory = (values[key].strip() for key in ("name", "python", "directory"))
    return Profile(name, python or None, directory or None)
