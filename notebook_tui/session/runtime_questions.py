"""A viewer's questions about the runtime and its cluster, and what it wants done there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import beamlike as bl
from notebook_tui.runtime.facts import Facts, TellFacts
from notebook_tui.runtime.limits import Lifetime, SetIdleLimit
from notebook_tui.session.cluster_questions import SECONDS, ClusterOf, ClusterQuestion, DropNode, Failed, TellRunner
from notebook_tui.session.messages import ChosenRuntime, Disconnect, Restart, RuntimePrice, UseRuntime

if TYPE_CHECKING:
    from notebook_tui.runtime.cluster_view import Cluster, ToRunner

BESIDE_SECONDS = 1.0
"""So much longer the answer may take on its way by the session."""
CHANGE_SECONDS = 30.0

Asked: TypeAlias = ClusterQuestion | Restart | Disconnect | UseRuntime | ChosenRuntime | RuntimePrice


class RuntimeQuestions:
    """`server_of` tells the pid of the runtime's server, or None while there is none; so does `manage`, to whoever may
    have the runtime do something. `call` asks the session, within so many seconds."""

    def __init__(
        self,
        call: Callable[[Asked, float], Awaitable[Any]],
        server_of: Callable[[], Awaitable[bl.Pid | None]],
        manage: Callable[[], Awaitable[bl.Pid | None]],
    ) -> None:
        self._call = call
        self._server_of = server_of
        self._manage = manage

    async def restart(self) -> None:
        """A fresh runtime: all values are lost, the text is not."""
        await self._call(Restart(), CHANGE_SECONDS)

    async def disconnect(self) -> None:
        """No runtime any more, and none that is being connected. The text stays, all values are lost."""
        await self._call(Disconnect(), CHANGE_SECONDS)

    async def use_runtime(self, spec: str) -> None:
        """Cells run there from now on, in a fresh runtime: a profile by its name, or `KIND:…`. `ProfileError` says why
        not, and then all stays as it is."""
        refused: Exception | None = await self._call(UseRuntime(spec), CHANGE_SECONDS)
        if refused is not None:
            raise refused

    async def chosen_runtime(self) -> str:
        """The spec of where cells run, or would."""
        spec: str = await self._call(ChosenRuntime(), SECONDS)
        return spec

    async def runtime_price(self) -> float | None:
        """What the runtime's machine costs for an hour, in dollars; None if that is not known."""
        price: float | None = await self._call(RuntimePrice(), SECONDS)
        return price

    async def runtime_facts(self) -> Facts | None:
        """Of the runtime's process; None while there is none."""
        server = await self._server_of()
        if server is None:
            return None
        found: Facts = await bl.GenServer.call(server, TellFacts(), timeout=SECONDS)
        return found

    async def set_idle_limit(self, seconds: float | None) -> Lifetime | None:
        """So long the runtime may be there while nobody asks anything of it; None: as long as may be. How it stands
        then; None while there is none."""
        server = await self._manage()
        if server is None:
            return None
        found: Lifetime = await bl.GenServer.call(server, SetIdleLimit(seconds), timeout=SECONDS)
        return found

    async def cluster(self) -> Cluster | None:
        """The runtime's nodes and pools; None while there is no runtime."""
        found: Cluster | None = await self._asked(ClusterOf(), SECONDS)
        return found

    async def tell_runner(self, pool: str, node: str, what: ToRunner) -> None:
        """Drain, cordon or uncordon the runner on that node. LookupError if there is none."""
        from notebook_tui.runtime.cluster_view import DRAIN_SECONDS

        await self._needed()
        await self._asked(TellRunner(pool, node, what), DRAIN_SECONDS)

    async def disconnect_node(self, node: str) -> bool:
        """The runtime drops its connection to that node; whether there was one."""
        await self._needed()
        dropped: bool = await self._asked(DropNode(node), SECONDS)
        return dropped

    async def _asked(self, question: ClusterQuestion, seconds: float) -> Any:
        answer = await self._call(question, seconds + BESIDE_SECONDS)
        if isinstance(answer, Failed):
            raise answer.error()
        return answer

    async def _needed(self) -> None:
        if await self._manage() is None:
            raise LookupError("there is no runtime: 00 starts one")
