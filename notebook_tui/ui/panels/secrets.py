"""The secrets at the side: which the notebook has, which the user has, never what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from notebook_tui.document.state import State
from notebook_tui.session.messages import SecretNames
from notebook_tui.session.secrets.store import checked, variable
from notebook_tui.session.secrets.stored import StoredSecrets
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.panels.form_screen import FormField, FormScreen, Troubles, Values
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, heading, said

_WORDS: Final = (
    "A cell finds a secret in its environment: os.environ['LB_' + NAME]. Its value is in no file of the notebook, and "
    "is crossed out in what is kept of outputs."
)


class SecretsPanel(ListPanel):
    NAME = "secrets"
    TITLE = "Secrets"
    WIDTH = 50
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "a new one"),
        Binding("enter", "toggle", "give or take back"),
        Binding("x", "forget", "forget it for good"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._names = SecretNames((), ())
        self._stored = StoredSecrets((), "")

    def opened(self) -> None:
        self.refresh_from("listing secrets", self._list)

    async def _list(self) -> None:
        self._names = await self.desk.client.secrets()
        self._stored = await self.desk.client.stored_secrets()
        self.redraw()

    def worth(self, state: State) -> object:
        return None  # they are no part of it

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        return tuple(secret_lines(self._names, self._stored, width, palette))

    def chosen(self, id: str) -> None:
        if id in self._names.given:
            self.ask("taking the secret back", self._take_back, id)
        else:
            self.ask("giving the secret", self._give_stored, id)

    async def _take_back(self, name: str) -> None:
        await self.desk.client.revoke_secrets(name)
        self.desk.say(f"{name} is taken back: cells that run from now on do not find it.", "information")
        await self._list()

    async def _give_stored(self, name: str) -> None:
        await self.desk.client.give_stored_secrets(name)
        self.desk.say(f"Cells find {name} in {variable(name)}, now and the next time.", "information")
        await self._list()

    def action_add(self) -> None:
        fields = (
            FormField("name", "Name", "capital letters, digits and _, such as API_KEY"),
            FormField("value", "Value", "it shows nowhere", masked=True),
        )
        self.app.push_screen(FormScreen("A new secret for this notebook", fields, self._check, _WORDS), self._filled)

    async def _check(self, values: Values) -> Troubles:
        try:
            checked(values["name"].strip().upper())
        except ValueError as error:
            return {"name": str(error)}
        return {} if values["value"] else {"value": "expected a value; it is empty"}

    def _filled(self, values: Values | None) -> None:
        if values is None:
            return
        name, value = values["name"].strip().upper(), values["value"]

        def kept(answer: str | None) -> None:
            if answer is not None:
                self.ask("giving the secret", self._give_new, name, value, answer == "keep")

        choices = (
            Choice("t", "once", "Until this notebook is closed"),
            Choice("r", "keep", "Remember it for next time"),
        )
        place = f"Remembered ones are kept in {self._stored.place}." if self._stored.place else ""
        self.app.push_screen(ChoiceScreen(f"For how long? {place}", choices), kept)

    async def _give_new(self, name: str, value: str, stored: bool) -> None:
        if stored:
            await self.desk.client.store_secret(name, value)
            await self.desk.client.give_stored_secrets(name)
        else:
            await self.desk.client.give_secrets({name: value})
        self.desk.say(f"Cells find {name} in {variable(name)}.", "information")
        await self._list()

    def action_forget(self) -> None:
        name = self.list.marked
        if name not in self._stored.names:
            self.desk.say("Only what is remembered can be forgotten. Enter takes a secret back.", "information")
            return

        def agreed(answer: str | None) -> None:
            if answer == "forget":
                self.ask("forgetting the secret", self._forget, name)

        choices = (Choice("y", "forget", "Forget it"), Choice("n", "keep", "Keep it"))
        self.app.push_screen(ChoiceScreen(f"Forget {name}? Other notebooks lose it, too.", choices), agreed)

    async def _forget(self, name: str) -> None:
        await self.desk.client.revoke_secrets(name)
        await self.desk.client.forget_secret(name)
        await self._list()


def secret_lines(names: SecretNames, stored: StoredSecrets, width: int, palette: Palette) -> Iterator[Line]:
    """Names, by whether the notebook has them; a value is not even known here.

    >>> lines = secret_lines(SecretNames(("A", "B"), ("B",)), StoredSecrets(("B", "C"), "a file"), 40, Palette())
    >>> [line.text.plain for line in lines if line.id]
    ['● A  until it is closed', '● B  now and next time', '○ C']
    """
    yield heading("This notebook has", palette)
    for name in names.given:
        words = "now and next time" if name in names.stored else "until it is closed"
        yield Line(Text.assemble(("● ", palette.ok), (name, palette.strong), (f"  {words}", palette.muted)), name)
    if not names.given:
        yield from said("none. a gives it a new one.", width, palette)
    yield BLANK
    yield heading("You have, too", palette)
    others = [name for name in stored.names if name not in names.given]
    for name in others:
        yield Line(Text.assemble(("○ ", palette.muted), (name, palette.strong)), name)
    if not others:
        yield from said("no others.", width, palette)
    if stored.place:
        yield BLANK
        yield from said(f"Remembered ones are kept in {stored.place}.", width, palette)
    yield BLANK
    yield from said(_WORDS, width, palette)
