"""What the keys of `beamlike top` do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from inspect import iscoroutine
from typing import TYPE_CHECKING, Final

from beamlike.inspect.facts import ProcessFacts, SupervisorTree, TaskFacts
from beamlike.kernel.terms import Pid
from notebook_tui.ui.top.source import FAILURES, Wanted
from notebook_tui.ui.top.tables import FIRST_SORT, name_of, next_sort, pid_text, sort_of

if TYPE_CHECKING:
    from notebook_tui.ui.top.top_screen import TopScreen

_FAR: Final = 1_000_000
_PROFILE_SECONDS: Final = 5.0
_STEP: Final = 0.25


class TopCommands:
    def __init__(self, screen: TopScreen) -> None:
        self._screen = screen

    def perform(self, action: str) -> None:
        if action.startswith("tab_"):
            self._screen.set_view(self._screen.view.with_tab(action.removeprefix("tab_")))
            return
        answer: Coroutine[None, None, None] | None = getattr(self, action)()
        if iscoroutine(answer):
            self._screen.run_worker(answer, group=action, exclusive=True)

    # Look.

    def next_tab(self) -> None:
        self._screen.set_view(self._screen.view.with_next_tab(1))

    def previous_tab(self) -> None:
        self._screen.set_view(self._screen.view.with_next_tab(-1))

    def open(self) -> None:
        self._screen.look_inside(True)

    def back(self) -> None:
        screen = self._screen
        if screen.is_inside:
            screen.look_inside(False)
        elif screen.view.typed:
            screen.set_view(replace(screen.view, typed=""))
        elif screen.view.follows:
            screen.set_view(replace(screen.view, follows=""))

    # Move.

    def _move(self, by: int) -> None:
        (self._screen.inside if self._screen.is_inside else self._screen.grid).move(by)

    def next(self) -> None:
        self._move(1)

    def previous(self) -> None:
        self._move(-1)

    def first(self) -> None:
        self._move(-_FAR)

    def last(self) -> None:
        self._move(_FAR)

    def page_down(self) -> None:
        self._move(max(1, self._screen.grid.size.height - 2 or 10))

    def page_up(self) -> None:
        self._move(-max(1, self._screen.grid.size.height - 2 or 10))

    # Rows.

    def find(self) -> None:
        self._screen.look_inside(False)
        self._screen.set_view(replace(self._screen.view, is_typing=True))

    def next_sort(self) -> None:
        self._sort(1)

    def previous_sort(self) -> None:
        self._sort(-1)

    def _sort(self, by: int) -> None:
        view = self._screen.view
        if view.tab not in FIRST_SORT:
            self._screen.say(f"The {view.tab} stand in an order of their own.")
            return
        self._screen.set_view(view.with_sort(next_sort(view.tab, sort_of(view.tab, view.sorts), by)))

    def follow(self) -> None:
        view, row = self._screen.view, self._screen.marked
        if view.follows:
            self._screen.set_view(replace(view, follows=""))
            self._screen.say("Follows nobody.")
        elif row is not None:
            self._screen.set_view(replace(view, follows=row.key))
            self._screen.say("Follows the marked row, wherever it is sorted to.")

    def freeze(self) -> None:
        view = self._screen.view
        self._screen.set_view(replace(view, is_frozen=not view.is_frozen))

    def faster(self) -> None:
        self._screen.set_view(self._screen.view.faster())

    def slower(self) -> None:
        self._screen.set_view(self._screen.view.slower())

    def refresh(self) -> None:
        self._screen.refresh_soon()

    # Act.

    def exit(self) -> None:
        """Ask for the reason, then once more, and send the signal."""
        from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        found = self._marked_process()
        if found is None:
            self._screen.say("Only processes can be ended: mark one.")
            return
        pid, name = found
        app = self._screen.app

        def with_reason(reason: str | None) -> None:
            if reason is None:
                return
            sure = (Choice("n", "", "No, leave it alone"), Choice("y", "yes", f"Yes, send “{reason}”"))

            def confirmed(answer: str | None) -> None:
                if answer == "yes":
                    self._screen.run_worker(self._end(pid, name, reason))

            app.push_screen(ChoiceScreen(f"Really end {name} on {self._screen.view.node}?", sure), confirmed)

        def chosen(answer: str | None) -> None:
            if answer == "other":
                app.push_screen(PromptScreen(f"Reason for {name}", ""), with_reason)
            else:
                with_reason(answer)

        reasons = (
            Choice("s", "shutdown", "shutdown: as its supervisor would end it"),
            Choice("k", "kill", "kill: at once, whatever it does"),
            Choice("r", "restart", "restart: a crash, so that its supervisor starts it anew"),
            Choice("o", "other", "another reason"),
        )
        app.push_screen(ChoiceScreen(f"End {name}: with which exit signal?", reasons), chosen)

    async def _end(self, pid: Pid, name: str, reason: str) -> None:
        try:
            outcome = await self._screen.source.end(pid, reason)
        except (*FAILURES, PermissionError) as error:
            self._screen.say(f"{name} was not ended: {error}", "error")
        else:
            self._screen.say(f"{name}: {outcome}")
        self._screen.refresh_soon()

    def _marked_process(self) -> tuple[Pid, str] | None:
        row = self._screen.marked
        home = self._screen.view.node
        match row.fact if row is not None else None:
            case ProcessFacts() as fact:
                return fact.pid, f"{name_of(fact)} ({pid_text(fact.pid, home)})"
            case SupervisorTree(pid=Pid() as pid) as fact:
                return pid, f"{fact.name or fact.id} ({pid_text(pid, home)})"
            case TaskFacts(pid=Pid() as pid) as fact:
                return pid, f"{fact.name} ({pid_text(pid, home)})"
            case _:
                return None

    # Other screens.

    def trace(self) -> None:
        from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        found = self._marked_process()
        app = self._screen.app
        choices = [Choice("a", "all", "Messages between all processes")]
        if found is not None:
            choices.insert(0, Choice("m", "marked", f"Messages of {found[1]}"))
        choices.append(Choice("c", "calls", "Calls of a function"))

        def function_named(name: str | None) -> None:
            if name is not None:
                self._show_trace(Wanted(calls=tuple(name.split())), f"calls of {name}")

        def chosen(answer: str | None) -> None:
            if answer == "marked" and found is not None:
                self._show_trace(Wanted(messages=("send", "receive", "procs"), processes=(found[0],)), found[1])
            elif answer == "all":
                self._show_trace(Wanted(messages=("send", "procs")), "all processes")
            elif answer == "calls":
                app.push_screen(
                    PromptScreen("Which function? module:function or module:Class.method", ""), function_named
                )

        app.push_screen(ChoiceScreen("Trace, at most 1,000 events and 50 a second for a minute", choices), chosen)

    def _show_trace(self, wanted: Wanted, what: str) -> None:
        from notebook_tui.ui.top.trace_screen import TraceScreen

        self._screen.app.push_screen(TraceScreen(self._screen.source, wanted, what))

    async def profile(self) -> None:
        from notebook_tui.ui.top.flame_screen import FlameScreen

        screen = self._screen
        taking = asyncio.create_task(screen.source.profile(_PROFILE_SECONDS))
        left = _PROFILE_SECONDS
        try:
            while not taking.done():
                screen.busy_with(f"sampling for {max(0.0, left):.0f} s more")
                await asyncio.wait([taking], timeout=_STEP)
                left -= _STEP
            profile = taking.result()
        except FAILURES as error:
            screen.say(f"no profile: {error}", "error")
            return
        finally:
            taking.cancel()
            screen.busy_with("")
        if not profile.busy:
            screen.say(f"Nobody worked: {profile.idle} looks found only threads that wait.")
            return
        screen.app.push_screen(FlameScreen(profile))

    async def nodes(self) -> None:
        from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        screen = self._screen
        links = screen.snapshot.links if screen.snapshot is not None else None
        known = {*await screen.source.others(), *(each.node for each in links or ())}
        names = sorted(known - {screen.view.node})
        letters = "abcdefghilmpqrstuvwxyz"
        choices = [Choice(letter, name, name) for letter, name in zip(letters, names, strict=False)]
        choices.append(Choice("o", "", "another one, by its name"))
        choices = [choice for choice in choices if choice.letter != "o" or not choice.answer]

        def turned(name: str | None) -> None:
            if name:
                screen.run_worker(screen.turn_to(name), group="node", exclusive=True)

        def chosen(answer: str | None) -> None:
            if answer == "":
                screen.app.push_screen(PromptScreen("Which node? name@host", ""), turned)
            else:
                turned(answer)

        screen.app.push_screen(ChoiceScreen(f"Look at another node than {screen.view.node}", choices), chosen)

    def help(self) -> None:
        from notebook_tui.ui.dialogs.help_screen import HelpScreen
        from notebook_tui.ui.keys.table import KeyTable
        from notebook_tui.ui.keys.top import TOP

        self._screen.app.push_screen(HelpScreen(KeyTable(TOP)))

    def quit(self) -> None:
        self._screen.app.exit()
