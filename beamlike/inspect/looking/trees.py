"""The supervision trees of a node, read off its supervisors: none of them is asked, so one that is busy with its
children, or stuck, is seen as well. Supervisors that run on another node stand there as children, without theirs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from beamlike.behaviours.supervision.supervising import ChildInfo, Supervising, living
from beamlike.inspect.facts import SupervisorTree
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid

DEEPEST: Final = 30


async def trees(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[SupervisorTree, ...]:
    """One for each supervisor that is no other one's child; of each supervisor at most `limit` children."""
    here = {pid: supervisor for pid, supervisor in tuple(living.items()) if pid.node == node.name and pid.process}
    children: dict[Pid, list[ChildInfo]] = {}
    for pid, supervisor in here.items():
        children[pid] = _children(supervisor, options.limit)
        await patience.pause_if_due()
    below = {child.pid for infos in children.values() for child in infos}
    return tuple(_root(node, pid, here, children) for pid in here if pid not in below)


def _root(
    node: LocalNode, pid: Pid, here: dict[Pid, Supervising], children: dict[Pid, list[ChildInfo]]
) -> SupervisorTree:
    kind = _kind(here[pid])
    return SupervisorTree(kind, pid, _name(node, pid), kind, "", "running", _below(node, pid, here, children, 1))


def _children(supervisor: Supervising, limit: int) -> list[ChildInfo]:
    for _ in range(5):
        try:
            return list(islice(supervisor.children_now(), limit))
        except (RuntimeError, AttributeError):  # it runs in another thread and has changed meanwhile, or just begins
            continue
    return []


def _below(
    node: LocalNode, pid: Pid, here: dict[Pid, Supervising], children: dict[Pid, list[ChildInfo]], depth: int
) -> tuple[SupervisorTree, ...]:
    infos: Iterable[ChildInfo] = children.get(pid, ()) if depth < DEEPEST else ()
    return tuple(_child(node, info, here, children, depth) for info in infos)


def _child(
    node: LocalNode, info: ChildInfo, here: dict[Pid, Supervising], children: dict[Pid, list[ChildInfo]], depth: int
) -> SupervisorTree:
    pid = info.pid
    supervisor = here.get(pid) if pid is not None else None
    return SupervisorTree(
        id=info.id if type(info.id) is str else shown(info.id) if info.id is not None else info.start,
        pid=pid,
        name=_name(node, pid),
        kind=_kind(supervisor) if supervisor is not None else info.type,
        restart=info.restart,
        state=info.state,
        children=_below(node, pid, here, children, depth + 1) if pid is not None else (),
    )


def _kind(supervisor: Supervising) -> str:
    return type(supervisor).__name__


def _name(node: LocalNode, pid: Pid | None) -> str | None:
    process = node.process(pid) if pid is not None else None
    return process.name if process is not None else None
