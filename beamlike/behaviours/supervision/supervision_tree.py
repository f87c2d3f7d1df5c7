"""Who supervises whom, as a value that prints as a tree.

    Supervisor Pid<app@127.0.0.1 7.2> "top", running
    ├─ counter Pid<app@127.0.0.1 7.3> "counter" permanent, running
    ├─ sessions Pid<app@127.0.0.1 7.4> permanent DynamicSupervisor, running
    │  └─ Session.start_link Pid<app@127.0.0.1 7.5> temporary, running
    └─ mailer transient, stopped

Each supervisor is asked for its children by a call, so those on other nodes are seen as well; one that does not answer
in time is shown as such. What its children are is then known to nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from beamlike.behaviours.child_spec import ChildId, Restart
from beamlike.behaviours.deadline import check_seconds
from beamlike.behaviours.supervision.supervising import ChildInfo, ChildState, Description, ask
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.record import frozen
from beamlike.kernel.server_names import Server
from beamlike.kernel.terms import Pid

TreeState = ChildState | Literal["does not answer", "ended"]


@frozen
class SupervisionTree:
    """A child, or at the root the supervisor that was asked, and the children below it.

    `id` is the class of the supervisor at the root, and what starts the child where children have no ids. `kind` is
    "worker" or the class of the supervisor ("supervisor" if that is not known); `name` is what it is registered under,
    as far as a supervisor on its own node knows; `restart` is None at the root.
    """

    id: ChildId
    pid: Pid | None
    name: str | None
    kind: str
    restart: Restart | None
    state: TreeState
    children: tuple[SupervisionTree, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._words()
        for child in self.children:
            last = child is self.children[-1]
            first, *below = child._lines()
            yield f"{'└─' if last else '├─'} {first}"
            yield from (f"{'   ' if last else '│  '}{line}" for line in below)

    def _words(self) -> str:
        words = [str(self.id)]
        if self.pid is not None:
            words.append(repr(self.pid))
        if self.name is not None:
            words.append(f'"{self.name}"')
        if self.restart is not None:
            words += [self.restart] if self.kind == "worker" else [self.restart, self.kind]
        return f"{' '.join(words)}, {self.state}"


async def supervision_tree(supervisor: Server, *, timeout: float = 5.0) -> SupervisionTree:
    """The tree below `supervisor`, as it is seen within `timeout` seconds in all.

    Raises what a call raises if `supervisor` itself gives no answer: CallFailed, CallTimeout.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         top = await bl.Supervisor.start_link([bl.GenServer.child_spec(name="clock")])
    ...         tree = await supervision_tree(top)
    ...         return tree.id, [(child.name, child.state) for child in tree.children]
    >>> asyncio.run(main())
    ('Supervisor', [('clock', 'running')])
    """
    check_seconds(timeout)
    deadline = asyncio.get_running_loop().time() + timeout
    answer = await _described(supervisor, deadline)
    name, below = answer.names.get(answer.pid), await _below(answer, deadline)
    return SupervisionTree(answer.kind, answer.pid, name, answer.kind, None, "running", below)


async def _below(answer: Description, deadline: float) -> tuple[SupervisionTree, ...]:
    supervisors = [child for child in answer.children if child.type == "supervisor" and child.pid is not None]
    trees = await asyncio.gather(*(_supervisor(child, answer.names, deadline) for child in supervisors))
    by_pid = {tree.pid: tree for tree in trees}
    return tuple(by_pid.get(child.pid) or _leaf(child, answer.names, child.state) for child in answer.children)


async def _supervisor(child: ChildInfo, names: dict[Pid, str], deadline: float) -> SupervisionTree:
    assert child.pid is not None
    try:
        answer = await _described(child.pid, deadline)
    except (CallTimeout, TypeError):
        return _leaf(child, names, "does not answer")
    except CallFailed:
        return _leaf(child, names, "ended")
    below = await _below(answer, deadline)
    return replace(_leaf(child, {**answer.names, **names}, child.state), kind=answer.kind, children=below)


def _leaf(child: ChildInfo, names: dict[Pid, str], state: TreeState) -> SupervisionTree:
    id = child.id if child.id is not None else child.start
    name = names.get(child.pid) if child.pid is not None else None
    return SupervisionTree(id, child.pid, name, child.type, child.restart, state)


async def _described(supervisor: Server, deadline: float) -> Description:
    left = max(0.0, deadline - asyncio.get_running_loop().time())
    answer = await ask(supervisor, ("describe",), timeout=left)
    if not isinstance(answer, Description):
        raise TypeError(f"expected {supervisor} to be a supervisor that describes itself, got the answer {answer!r}")
    return answer
