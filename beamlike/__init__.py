"""An Erlang-like node layer on asyncio.

>>> import asyncio
>>> import beamlike as bl
>>> async def echo():
...     sender, message = await bl.receive()
...     bl.send(sender, message.upper())
>>> async def main():
...     async with bl.Node("docs@127.0.0.1"):
...         pid = bl.spawn_link(echo)
...         bl.send(pid, (bl.self(), "hello"))
...         return await bl.receive(timeout=5)
>>> asyncio.run(main())
'HELLO'
"""

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.gen_server import NO_REPLY, CallFailed, CallTimeout, GenServer, Stop
from beamlike.behaviours.supervisor import Supervisor
from beamlike.distribution import rpc
from beamlike.kernel.errors import (
    AmbiguousNode,
    BeamlikeError,
    NameTaken,
    NoNode,
    NoProcess,
    NotConnected,
    ProcessExit,
    RemoteError,
    UnknownName,
)
from beamlike.kernel.functions import (
    alias,
    demonitor,
    exit,
    is_alive,
    link,
    make_ref,
    monitor,
    monitor_node,
    monitor_nodes,
    nodes,
    processes,
    receive,
    register,
    self,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unalias,
    unlink,
    unregister,
    whereis,
)
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Exit, NodeDown, NodeUp, Pid, Ref, Reply
from beamlike.node import Node, connect, disconnect, start

__all__ = [
    "NO_REPLY",
    "Alias",
    "AmbiguousNode",
    "BeamlikeError",
    "CallFailed",
    "CallTimeout",
    "ChildSpec",
    "Down",
    "ExceptionInfo",
    "Exit",
    "GenServer",
    "NameTaken",
    "NoNode",
    "NoProcess",
    "Node",
    "NodeDown",
    "NodeUp",
    "NotConnected",
    "Pid",
    "ProcessExit",
    "Ref",
    "RemoteError",
    "Reply",
    "Stop",
    "Supervisor",
    "UnknownName",
    "alias",
    "connect",
    "demonitor",
    "disconnect",
    "exit",
    "is_alive",
    "link",
    "make_ref",
    "monitor",
    "monitor_node",
    "monitor_nodes",
    "nodes",
    "processes",
    "receive",
    "register",
    "rpc",
    "self",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "start",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "whereis",
]
