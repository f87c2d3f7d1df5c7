"""The packages at the side: what the setup asks for, how that stands on the runtime, and one more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from notebook_tui.document.operations import QueueCells, SetCellSource
from notebook_tui.document.state import State
from notebook_tui.runtime.packages import Packages
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.form_screen import FormField, FormScreen, Troubles, Values
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, heading, said


class PackagesPanel(ListPanel):
    NAME = "packages"
    TITLE = "Packages"
    WIDTH = 50
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "add"),
        Binding("x", "remove", "remove"),
        Binding("r", "run", "run the setup"),
        Binding("i", "installed", "all that is installed"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._packages: Packages | None = None
        self._asked: object = None
        self._all = False

    def opened(self) -> None:
        self._asked = None

    def show(self, state: State) -> None:
        worth = state.runtime.phase, state.notebook.setup.source, state.runs, bool(state.running)
        if worth != self._asked:
            self._asked = worth
            self.refresh_from("listing packages", self._list)
        super().show(state)

    async def _list(self) -> None:
        self._packages = await self.desk.client.packages(declared_in(self.state)[0])
        self.redraw()

    def worth(self, state: State) -> object:
        return state.runtime.phase, state.notebook.setup.source

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        declared, trouble = declared_in(self.state)
        return tuple(package_lines(declared, trouble, self._packages, self._all, width, palette))

    def action_installed(self) -> None:
        self._all = not self._all
        self.redraw()

    def action_add(self) -> None:
        fields = (
            FormField("name", "Package", "its name on the index, such as polars"),
            FormField("version", "Version", "empty: any; else such as >=2 or ==1.4.1"),
        )
        words = "The runtime's installer is asked whether there is one that fits. The setup cell then asks for it."
        self.app.push_screen(FormScreen("Another package", fields, self._check, words, "adds it"), self._filled)

    async def _check(self, values: Values) -> Troubles:
        from beamlike.code.requirements.block_edit import with_requirement
        from beamlike.code.requirements.errors import BadRequirements

        if not values["name"].strip():
            return {"name": "expected the name of a package; it is empty"}
        try:
            with_requirement(self.state.notebook.setup.source, _requirement(values))
        except BadRequirements as error:
            return {"name": str(error)}
        if self.state.runtime.phase != "connected":
            return {}  # there is nobody to ask: the setup tells when it runs
        found = await self.desk.client.check_package(_requirement(values))
        return {"": found.trouble} if found.trouble else {}

    def _filled(self, values: Values | None) -> None:
        if values is not None:
            from beamlike.code.requirements.block_edit import with_requirement

            requirement = _requirement(values)
            self._rewrite(
                with_requirement(self.state.notebook.setup.source, requirement), f"{requirement} is asked for"
            )

    def action_remove(self) -> None:
        from beamlike.code.requirements.block_edit import without_requirement

        kind, _, requirement = self.list.marked.partition(":")
        if kind != "declared":
            self.desk.say("Mark a package that the setup asks for first.", "information")
            return
        name = requirement_name(requirement)
        changed = without_requirement(self.state.notebook.setup.source, name)
        self._rewrite(changed, f"{name} is asked for no more")

    def _rewrite(self, source: str, words: str) -> None:
        setup = self.state.notebook.setup
        self.desk.ask(SetCellSource(setup.id, source, self.desk.now()))

        def agreed(answer: str | None) -> None:
            if answer == "run":
                self.action_run()

        choices = (Choice("y", "run", "Run the setup now"), Choice("n", "later", "Later"))
        question = f"{words} by the setup cell. Running it restarts the runtime: all values are lost."
        self.app.push_screen(ChoiceScreen(question, choices), agreed)

    def action_run(self) -> None:
        self.desk.ask(QueueCells((self.state.notebook.setup.id,)))


def declared_in(state: State) -> tuple[tuple[str, ...], str]:
    """What the block of the setup cell asks for, and what is wrong with it."""
    from beamlike.code.requirements.errors import BadRequirements
    from beamlike.code.requirements.script_block import script_block

    try:
        found = script_block(state.notebook.setup.source)
    except BadRequirements as error:
        return (), str(error)
    return (found.dependencies, "") if found is not None else ((), "")


def requirement_name(requirement: str) -> str:
    """
    >>> requirement_name("polars[all]>=1")
    'polars'
    """
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def _requirement(values: Values) -> str:
    version = values["version"].strip()
    return values["name"].strip() + (f"=={version}" if version[:1].isdigit() else version)


def package_lines(
    declared: Sequence[str], trouble: str, packages: Packages | None, all_: bool, width: int, palette: Palette
) -> Iterator[Line]:
    yield heading("The setup asks for", palette)
    if trouble:
        yield from (Line(Text(line.text.plain, palette.error)) for line in said(f"! {trouble}", width, palette))
    elif not declared:
        yield from said("nothing. a adds a package.", width, palette)
    known = {each.requirement: each for each in packages.declared} if packages is not None else {}
    for requirement in declared:
        seen = known.get(requirement)
        if seen is None:
            sign, words = ("○ ", palette.muted), ""
        elif seen.is_met:
            sign, words = ("✓ ", palette.ok), f"{seen.installed} is there"
        else:
            there = f"{seen.installed} is there" if seen.installed else "not there"
            sign, words = ("! ", palette.warning), f"{there}: r runs the setup"
        text = Text.assemble(sign, (printable_row(requirement), palette.strong), (f"  {words}", palette.muted))
        yield Line(text, f"declared:{requirement}")
    yield BLANK
    if packages is None:
        yield from said("There is no runtime yet: what is installed there is told once it runs.", width, palette)
        return
    lock = "1 package is locked" if packages.locked == 1 else f"{packages.locked} packages are locked"
    if packages.locked:
        yield from said(f"{lock}: each node that runs code of this notebook gets just these.", width, palette)
    yield from said(f"Python {packages.python}, {len(packages.installed)} packages are installed (i).", width, palette)
    for name, version in packages.installed if all_ else ():
        yield Line(Text.assemble(f"  {printable_row(name)}", (f"  {version}", palette.muted)), f"installed:{name}")
