"""Process groups, as pg keeps them."""

from __future__ import annotations

from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import idle, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Text, Trace, dies
from tests.scenarios.twin import twin
from tests.support.local_nodes import eventually
from tests.support.peers import Peers

get_members = partial(bl.pg.get_members, "g", scope="s")
which_groups = partial(bl.pg.which_groups, scope="s")


@twin
async def test_s136_a_process_is_a_member_as_often_as_it_joined_and_an_empty_group_is_none(trace: Trace) -> None:
    await bl.pg.start_link("s")
    p, q = idle(trace, "p"), idle(trace, "q")
    await joins(trace, "join", p)
    await joins(trace, "join_twice_and_q", p, q)
    members(trace)
    trace("main", "groups", which_groups())
    await leaves(trace, "leave", "g", p)
    members(trace)
    await leaves(trace, "leave_unknown", "other", p)
    trace("main", "unknown_group", bl.pg.get_members("other", scope="s"))
    await dies(p, partial(bl.exit, p, "kill"))
    await eventually(lambda: len(get_members()) == 1)
    members(trace)
    await bl.pg.leave("g", q, scope="s")
    members(trace)
    trace("main", "groups", which_groups())
    await bl.pg.start_link("s2")
    await bl.pg.join("g", q, scope="s")
    trace("main", "other_scope", bl.pg.get_members("g", scope="s2"))


async def joins(trace: Trace, event: str, *pids: bl.Pid) -> None:
    await bl.pg.join("g", *pids, scope="s")
    trace("main", event, "ok")


async def leaves(trace: Trace, event: str, group: str, pid: bl.Pid) -> None:
    """False stands for pg's not_joined."""
    trace("main", event, "ok" if await bl.pg.leave(group, pid, scope="s") else "not_joined")


def members(trace: Trace) -> None:
    """In the order of their labels, as they were recorded."""
    trace("main", "members", sorted(Text(trace.written(pid)) for pid in get_members()))


@node_twin
async def test_s137_members_are_seen_everywhere_gone_with_their_node_and_back_after_a_split(
    trace: Trace, peers: Peers
) -> None:
    n1, n2 = [await named_peer(trace, peers, name) for name in ("n1", "n2")]
    await bl.pg.start_link("s")
    await n1.call(bl.pg.start, "s")
    await bl.connect(n1.node)
    await bl.connect(n2.node)
    p, q = trace.label(await n1.call(bl.spawn, obeying), "p"), idle(trace, "q")
    await bl.pg.join("g", q, scope="s")
    trace("n1", "join", await n1.call(joined, p))
    trace("main", "sees_both", await seen(p, q))
    trace("n1", "sees_both", await n1.until(sees, p, q))
    trace("main", "local", bl.pg.get_local_members("g", scope="s"))
    trace("n1", "local", await n1.call(partial(bl.pg.get_local_members, "g", scope="s")))
    trace("main", "join_foreign", await joins_foreign(p))
    await bl.disconnect(n1.node)
    trace("main", "only_q", await seen(q))
    trace("n1", "only_p", await n1.until(sees, p))
    await bl.connect(n1.node)
    trace("main", "both_again", await seen(p, q))
    n1.kill()
    trace("main", "only_q", await seen(q))


async def joined(pid: bl.Pid) -> str:
    await bl.pg.join("g", pid, scope="s")
    return "ok"


async def joins_foreign(pid: bl.Pid) -> Any:
    """A ValueError stands for pg's nolocal."""
    try:
        await bl.pg.join("g", pid, scope="s")
    except ValueError:
        return "error", "nolocal"


def sees(*pids: bl.Pid) -> bool:
    return set(bl.pg.get_members("g", scope="s")) == set(pids)


async def seen(*pids: bl.Pid) -> bool:
    await eventually(lambda: sees(*pids))
    return True
