"""What a viewer does with inputs and widgets, and the pages of what they show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from notebook_tui.document.operations import SetInputValue
from notebook_tui.document.rejected import Rejected
from notebook_tui.session.messages import Act, InputsRead, SetSecretInput
from notebook_tui.widgets.messages import Answer, Ask, EventValue, Page
from notebook_tui.widgets.views import Gallery, Scalar, Table

SECONDS = 5.0
ROWS_SECONDS = 35.0


class WidgetUse:
    """`send` has the session change something, `cast` tells it what is no operation, and `call` asks it, within so many
    seconds."""

    def __init__(
        self,
        viewer: bl.Pid,
        send: Callable[[SetInputValue], None],
        cast: Callable[[Act | Ask | SetSecretInput], None],
        call: Callable[[InputsRead | Act | SetSecretInput, float], Awaitable[Any]],
    ) -> None:
        self._viewer = viewer
        self._send = send
        self._cast = cast
        self._call = call

    async def inputs_read(self) -> tuple[str, ...]:
        """The refs of the inputs that cells have read, also of those that no cell shows."""
        refs: tuple[str, ...] = await self._call(InputsRead(), SECONDS)
        return refs

    def set_input(self, ref: str, value: Scalar) -> None:
        """The input has this value from now on. Where it does not take it, a notice says what it takes."""
        self._send(SetInputValue(ref, value))

    def set_secret_input(self, ref: str, value: str | None) -> None:
        """As `set_input`, of one of the kind `secret`: the value is kept nowhere but in the session's memory."""
        self._cast(SetSecretInput(ref, value, self._viewer))

    def act(self, ref: str, value: EventValue = None) -> None:
        """Does something with a widget: presses a button, submits a form's values by name, a Key, a Toggle."""
        self._cast(Act(ref, value, self._viewer))

    async def have_acted(self, ref: str, value: EventValue = None) -> None:
        """As `act`, and returns when the widget's program is told. `Rejected` says why it cannot be."""
        await self._have_used(Act(ref, value, self._viewer))

    async def have_set_secret_input(self, ref: str, value: str | None) -> None:
        """As `set_secret_input`, and returns when it is set. `Rejected` says why it cannot be."""
        await self._have_used(SetSecretInput(ref, value, self._viewer))

    async def _have_used(self, use: Act | SetSecretInput) -> None:
        trouble: str = await self._call(use, SECONDS)
        if trouble:
            raise Rejected(trouble)

    async def rows(self, ref: str, page: Page) -> Table:
        """That page of a table, from where its data lives. LookupError in words if there is none."""
        view = await self.page(ref, page)
        if not isinstance(view, Table):
            raise LookupError("what is shown there is no table")
        return view

    async def page(self, ref: str, page: Page) -> Table | Gallery:
        """That page of a table or a gallery, from where its data lives. LookupError in words if there is none."""
        reply_to = bl.alias(once=True)
        self._cast(Ask(ref, page, reply_to))
        try:
            reply: bl.Reply = await bl.receive(ref=reply_to.ref, timeout=ROWS_SECONDS)
        except TimeoutError:
            raise LookupError(f"it has not answered within {ROWS_SECONDS:g} s") from None
        answer: Answer = reply.value
        if not isinstance(answer.view, Table | Gallery):
            raise LookupError(answer.trouble)
        return answer.view
