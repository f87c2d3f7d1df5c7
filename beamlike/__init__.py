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

The names are imported when they are first used: a child uses few of them, and is to be up soon.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beamlike import code, inspect
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
    from beamlike.embedding import lifespan
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
    from beamlike.serving.errors import NoServing, Overloaded, ServingLost, ServingTimeout
    from beamlike.serving.serving import Serving
    from beamlike.tensors.travel import land_tensors_on
else:
    _MODULES = {
        "code": "code",
        "finding": "distribution.finding.strategies",
        "global_": "distribution.global_names.global_",
        "inspect": "inspect",
        "pg": "distribution.process_groups.pg",
        "rpc": "distribution.rpc",
        "sys": "behaviours.servers.system",
        "trace_events": "kernel.trace_events",
    }
    _HOMES = {
        "Agent": "behaviours.agent",
        "Alias": "kernel.terms",
        "AlreadyRegistered": "behaviours.registry",
        "AlreadyStarted": "behaviours.servers.starting",
        "AmbiguousNode": "kernel.errors",
        "BadChild": "behaviours.supervision.child_errors",
        "BeamlikeError": "kernel.errors",
        "CALL_TIMEOUT": "kernel.call",
        "CallFailed": "kernel.call_errors",
        "CallTimeout": "kernel.call_errors",
        "CannotFind": "distribution.finding.strategy",
        "CannotListen": "distribution.errors",
        "ChildAlreadyPresent": "behaviours.supervision.child_errors",
        "ChildAlreadyStarted": "behaviours.supervision.child_errors",
        "ChildCounts": "behaviours.supervision.supervising",
        "ChildError": "behaviours.supervision.child_errors",
        "ChildInfo": "behaviours.supervision.supervising",
        "ChildRestarting": "behaviours.supervision.child_errors",
        "ChildRunning": "behaviours.supervision.child_errors",
        "ChildSpec": "behaviours.child_spec",
        "Client": "kernel.question",
        "CodeRefused": "code.locked",
        "Continue": "behaviours.servers.outcomes",
        "Down": "kernel.terms",
        "DynamicSupervisor": "behaviours.supervision.dynamic_supervisor",
        "ExceptionInfo": "kernel.terms",
        "Exit": "kernel.terms",
        "Exited": "behaviours.tasks.task",
        "GenServer": "behaviours.servers.gen_server",
        "HandshakeRefused": "distribution.refusal",
        "IGNORE": "behaviours.servers.outcomes",
        "InsecureDirectory": "distribution.errors",
        "JoinInfo": "distribution.finding.joining",
        "LinkBusy": "kernel.errors",
        "LongMailbox": "kernel.inspection.long_mailbox",
        "MaxChildren": "behaviours.supervision.child_errors",
        "NO_REPLY": "behaviours.servers.outcomes",
        "Name": "kernel.server_names",
        "NameElsewhere": "kernel.server_names",
        "NameTaken": "kernel.errors",
        "NoChild": "behaviours.supervision.child_errors",
        "NoNode": "kernel.errors",
        "NoProcess": "kernel.errors",
        "NoServing": "serving.errors",
        "Node": "node",
        "NodeDown": "kernel.terms",
        "NodeNameTaken": "distribution.errors",
        "NodeState": "distribution.heartbeat.heartbeat",
        "NodeUp": "kernel.terms",
        "NotConnected": "kernel.errors",
        "Offer": "code.modules.offered",
        "Ok": "behaviours.tasks.task",
        "Outcome": "behaviours.tasks.task_outcome",
        "Overloaded": "serving.errors",
        "PartitionSupervisor": "behaviours.supervision.partition_supervisor",
        "PastRestart": "behaviours.supervision.restart_intensity",
        "Pid": "kernel.terms",
        "ProcessExit": "kernel.errors",
        "ProcessInfo": "kernel.inspection.process_info",
        "Ref": "kernel.terms",
        "Registry": "behaviours.registry",
        "RemoteError": "kernel.errors",
        "Reply": "kernel.terms",
        "Request": "behaviours.servers.gen_requests",
        "Requests": "behaviours.servers.gen_requests",
        "Response": "behaviours.servers.sent_requests",
        "Server": "kernel.server_names",
        "Serving": "serving.serving",
        "ServingLost": "serving.errors",
        "ServingTimeout": "serving.errors",
        "Shared": "code.shared",
        "SpawnReply": "kernel.terms",
        "Stall": "kernel.threads.stall",
        "StartFailed": "behaviours.supervision.child_errors",
        "Stop": "behaviours.servers.outcomes",
        "SupervisionTree": "behaviours.supervision.supervision_tree",
        "Supervisor": "behaviours.supervision.supervisor",
        "Task": "behaviours.tasks.task",
        "TaskFailed": "behaviours.tasks.task",
        "TaskSupervisor": "behaviours.tasks.task_supervisor",
        "TaskTimeout": "behaviours.tasks.task",
        "Timeout": "behaviours.servers.outcomes",
        "TimeoutAfter": "behaviours.servers.outcomes",
        "Timer": "kernel.timers",
        "Tls": "distribution.tls_option",
        "UndecodableTerm": "distribution.errors",
        "UnencodableTerm": "distribution.errors",
        "UnknownContent": "code.contents",
        "UnknownImage": "code.images",
        "UnknownName": "kernel.errors",
        "UnusableCertificate": "distribution.errors",
        "UnusableSecret": "distribution.errors",
        "Via": "behaviours.registry",
        "abandon_spawn_request": "kernel.spawn_request",
        "alias": "kernel.functions",
        "blocking": "kernel.threads.blocking",
        "call": "behaviours.servers.typed_calls",
        "cancel_timer": "kernel.timers",
        "cast": "behaviours.servers.typed_calls",
        "connect": "node",
        "demonitor": "kernel.functions",
        "disconnect": "node",
        "drain": "node",
        "exit": "kernel.functions",
        "interrupt": "distribution.liveness",
        "is_alive": "kernel.functions",
        "join": "node",
        "joining": "node",
        "land_tensors_on": "tensors.travel",
        "lifespan": "embedding",
        "link": "kernel.functions",
        "make_ref": "kernel.functions",
        "max_mailbox": "kernel.inspection.mailbox_limit",
        "monitor": "kernel.functions",
        "monitor_node": "kernel.functions",
        "monitor_nodes": "kernel.functions",
        "monitor_stalls": "kernel.threads.watchdog",
        "node_state": "distribution.liveness",
        "nodes": "kernel.functions",
        "offer": "code.modules.offered",
        "open_request": "kernel.functions",
        "process_info": "kernel.inspection.process_info",
        "processes": "kernel.functions",
        "read_timer": "kernel.timers",
        "receive": "kernel.functions",
        "record_messages": "kernel.inspection.flight_recorder",
        "register": "kernel.functions",
        "registered": "kernel.functions",
        "resume_process": "kernel.inspection.suspension",
        "self": "kernel.functions",
        "send": "kernel.functions",
        "send_after": "kernel.timers",
        "send_interval": "kernel.timers",
        "set_label": "kernel.inspection.process_info",
        "share": "code.shared",
        "spawn": "kernel.functions",
        "spawn_link": "kernel.functions",
        "spawn_monitor": "kernel.functions",
        "spawn_request": "kernel.spawn_request",
        "start": "node",
        "supervision_tree": "behaviours.supervision.supervision_tree",
        "suspend_process": "kernel.inspection.suspension",
        "trace": "kernel.inspection.tracing",
        "tracer_of": "kernel.inspection.tracing",
        "trap_exit": "kernel.functions",
        "unalias": "kernel.functions",
        "unlink": "kernel.functions",
        "unregister": "kernel.functions",
        "untrace": "kernel.inspection.tracing",
        "whereis": "kernel.functions",
        "who_is_blocking": "distribution.liveness",
        "within": "behaviours.servers.proxy",
    }

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            value = import_module(f"beamlike.{_MODULES[name]}")
        elif name in _HOMES:
            value = getattr(import_module(f"beamlike.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module 'beamlike' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__


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
    "NoServing",
    "Node",
    "NodeDown",
    "NodeNameTaken",
    "NodeState",
    "NodeUp",
    "NotConnected",
    "Offer",
    "Ok",
    "Outcome",
    "Overloaded",
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
    "Serving",
    "ServingLost",
    "ServingTimeout",
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
    "inspect",
    "interrupt",
    "is_alive",
    "join",
    "joining",
    "land_tensors_on",
    "lifespan",
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
