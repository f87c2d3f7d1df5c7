"""Process groups, as pg keeps them."""

from __future__ import annotations

from functools import partial

import beamlike as bl
from beamlike.behaviours.groups import Groups
from tests.scenarios.actors import idle
from tests.scenarios.trace import Text, Trace, dies
from tests.scenarios.twin import twin
from tests.support.local_nodes import eventually


@twin
async def test_s136_a_process_is_a_member_as_often_as_it_joined_and_an_empty_group_is_none(trace: Trace) -> None:
    await Groups.start_link("s")
    s, p, q = Groups("s"), idle(trace, "p"), idle(trace, "q")
    await joins(trace, "join", s, p)
    await joins(trace, "join_twice_and_q", s, p, q)
    members(trace, s)
    trace("main", "groups", s.which_groups())
    await leaves(trace, "leave", s, "g", p)
    members(trace, s)
    await leaves(trace, "leave_unknown", s, "other", p)
    trace("main", "unknown_group", s.get_members("other"))
    await dies(p, partial(bl.exit, p, "kill"))
    await eventually(lambda: len(s.get_members("g")) == 1)
    members(trace, s)
    await s.leave("g", q)
    members(trace, s)
    trace("main", "groups", s.which_groups())
    await Groups.start_link("s2")
    await s.join("g", q)
    trace("main", "other_scope", Groups("s2").get_members("g"))


async def joins(trace: Trace, event: str, scope: Groups, *pids: bl.Pid) -> None:
    await scope.join("g", *pids)
    trace("main", event, "ok")


async def leaves(trace: Trace, event: str, scope: Groups, group: str, pid: bl.Pid) -> None:
    """False stands for pg's not_joined."""
    trace("main", event, "ok" if await scope.leave(group, pid) else "not_joined")


def members(trace: Trace, scope: Groups) -> None:
    """In the order of their labels, as they were recorded."""
    trace("main", "members", sorted(Text(trace.written(pid)) for pid in scope.get_members("g")))
