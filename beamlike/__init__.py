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

from beamlike import code
from beamlike.behaviours.agent import Agent
from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.registry import AlreadyRegistered, Registry, Via
from beamlike.behaviours.servers import system as sys
from beamlike.behaviours.servers.gen_requests import Request, Requests
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import IGNORE, NO_REPLY, Continue, Stop, Timeout, TimeoutAfter
from beamlike.behaviours.servers.proxy import within
from beamlike.behaviours.servers.sent_requests import Response
from beamlike.behaviours.servers.starting import AlreadyStarted
from beamlike.behaviours.servers.typed_calls import call, cast
from beamlike.behaviours.supervision.child_errors import (
    BadChild,
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildError,
    ChildRestarting,
    ChildRunning,
    MaxChildren,
    NoChild,
    StartFailed,
)
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.supervision.partition_supervisor import PartitionSupervisor
from beamlike.behaviours.supervision.restart_intensity import PastRestart
from beamlike.behaviours.supervision.supervising import ChildCounts, ChildInfo
from beamlike.behaviours.supervision.supervision_tree import SupervisionTree, supervision_tree
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.behaviours.tasks.task import Exited, Ok, Task, TaskFailed, TaskTimeout
from beamlike.behaviours.tasks.task_outcome import Outcome
from beamlike.behaviours.tasks.task_supervisor import TaskSupervisor
from beamlike.code.contents import UnknownContent
from beamlike.code.images import UnknownImage
from beamlike.code.locked import CodeRefused
from beamlike.code.modules.offered import Offer, offer
from beamlike.code.shared import Shared, share
from beamlike.distribution import rpc
from beamlike.distribution.errors import (
    CannotListen,
    InsecureDirectory,
    NodeNameTaken,
    UndecodableTerm,
    UnencodableTerm,
    UnusableCertificate,
    UnusableSecret,
)
from beamlike.distribution.finding import strategies as finding
from beamlike.distribution.finding.joining import JoinInfo
from beamlike.distribution.finding.strategy import CannotFind
from beamlike.distribution.global_names import global_
from beamlike.distribution.heartbeat.heartbeat import NodeState
from beamlike.distribution.liveness import interrupt, node_state, who_is_blocking
from beamlike.distribution.process_groups import pg
from beamlike.distribution.refusal import HandshakeRefused
from beamlike.distribution.tls_option import Tls
from beamlike.kernel import trace_events
from beamlike.kernel.call import CALL_TIMEOUT
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.errors import (
    AmbiguousNode,
    BeamlikeError,
    LinkBusy,
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
    open_request,
    processes,
    receive,
    register,
    registered,
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
from beamlike.kernel.inspection.flight_recorder import record_messages
from beamlike.kernel.inspection.long_mailbox import LongMailbox
from beamlike.kernel.inspection.mailbox_limit import max_mailbox
from beamlike.kernel.inspection.process_info import ProcessInfo, process_info, set_label
from beamlike.kernel.inspection.suspension import resume_process, suspend_process
from beamlike.kernel.inspection.tracing import trace, tracer_of, untrace
from beamlike.kernel.question import Client
from beamlike.kernel.server_names import Name, NameElsewhere, Server
from beamlike.kernel.spawn_request import abandon_spawn_request, spawn_request
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Exit, NodeDown, NodeUp, Pid, Ref, Reply, SpawnReply
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.watchdog import monitor_stalls
from beamlike.kernel.timers import Timer, cancel_timer, read_timer, send_after, send_interval
from beamlike.node import Node, connect, disconnect, drain, join, joining, start

__all__ = [
    "CALL_TIMEOUT",
    "IGNORE",
    "NO_REPLY",
    "Agent",
    "Alias",
    "AlreadyRegistered",
    "AlreadyStarted",
    "AmbiguousNode",
    "BadChild",
    "BeamlikeError",
    "CallFailed",
    "CallTimeout",
    "CannotFind",
    "CannotListen",
    "ChildAlreadyPresent",
    "ChildAlreadyStarted",
    "ChildCounts",
    "ChildError",
    "ChildInfo",
    "ChildRestarting",
    "ChildRunning",
    "ChildSpec",
    "Client",
    "CodeRefused",
    "Continue",
    "Down",
    "DynamicSupervisor",
    "ExceptionInfo",
    "Exit",
    "Exited",
    "GenServer",
    "HandshakeRefused",
    "InsecureDirectory",
    "JoinInfo",
    "LinkBusy",
    "LongMailbox",
    "MaxChildren",
    "Name",
    "NameElsewhere",
    "NameTaken",
    "NoChild",
    "NoNode",
    "NoProcess",
    "Node",
    "NodeDown",
    "NodeNameTaken",
    "NodeState",
    "NodeUp",
    "NotConnected",
    "Offer",
    "Ok",
    "Outcome",
    "PartitionSupervisor",
    "PastRestart",
    "Pid",
    "ProcessExit",
    "ProcessInfo",
    "Ref",
    "Registry",
    "RemoteError",
    "Reply",
    "Request",
    "Requests",
    "Response",
    "Server",
    "Shared",
    "SpawnReply",
    "Stall",
    "StartFailed",
    "Stop",
    "SupervisionTree",
    "Supervisor",
    "Task",
    "TaskFailed",
    "TaskSupervisor",
    "TaskTimeout",
    "Timeout",
    "TimeoutAfter",
    "Timer",
    "Tls",
    "UndecodableTerm",
    "UnencodableTerm",
    "UnknownContent",
    "UnknownImage",
    "UnknownName",
    "UnusableCertificate",
    "UnusableSecret",
    "Via",
    "abandon_spawn_request",
    "alias",
    "blocking",
    "call",
    "cancel_timer",
    "cast",
    "code",
    "connect",
    "demonitor",
    "disconnect",
    "drain",
    "exit",
    "finding",
    "global_",
    "interrupt",
    "is_alive",
    "join",
    "joining",
    "link",
    "make_ref",
    "max_mailbox",
    "monitor",
    "monitor_node",
    "monitor_nodes",
    "monitor_stalls",
    "node_state",
    "nodes",
    "offer",
    "open_request",
    "pg",
    "process_info",
    "processes",
    "read_timer",
    "receive",
    "record_messages",
    "register",
    "registered",
    "resume_process",
    "rpc",
    "self",
    "send",
    "send_after",
    "send_interval",
    "set_label",
    "share",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "spawn_request",
    "start",
    "supervision_tree",
    "suspend_process",
    "sys",
    "trace",
    "trace_events",
    "tracer_of",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "untrace",
    "whereis",
    "who_is_blocking",
    "within",
]
