"""Calls functions on other nodes: in a process of its own there, its outcome here. OTP's erpc is the model.

    call            one function, waits for its value        cast       does not wait
    multicall       one function on many nodes               multicast  does not wait
    stream          a generator, item by item, the consumer sets the pace
    send_request    a call whose value is fetched later, alone or out of a collection (`bl.Requests`)

An exception over there is raised here as its own type, its traceback from there as its cause. What is no outcome of the
function is one of three errors: CallEnded, CallTimedOut, NodeLost. What the function prints goes to the caller's group
leader, before the outcome.

Unlike erpc, the work over there lives for its caller: when that no longer waits (a time limit, a cancel, an exit
signal, a lost connection), its process is ended as by "kill": a coroutine is cancelled where it waits.

A plain function runs on the other node's event loop and holds it up, so it should be short. `call(node, bl.blocking,
function, ...)` runs it in a thread there, which is interrupted when the caller no longer waits.
"""

from beamlike.behaviours.servers.sent_requests import check_response, receive_response, wait_response
from beamlike.behaviours.tasks.task_outcome import Ok
from beamlike.distribution.rpc.call_errors import CallEnded, CallTimedOut, NodeLost, ResultTooLarge
from beamlike.distribution.rpc.calls import call, cast
from beamlike.distribution.rpc.many import Failed, Outcome, multicall, multicast, values
from beamlike.distribution.rpc.remote_request import RemoteRequest, send_request
from beamlike.distribution.rpc.streams import stream

__all__ = [
    "CallEnded",
    "CallTimedOut",
    "Failed",
    "NodeLost",
    "Ok",
    "Outcome",
    "RemoteRequest",
    "ResultTooLarge",
    "call",
    "cast",
    "check_response",
    "multicall",
    "multicast",
    "receive_response",
    "send_request",
    "stream",
    "values",
    "wait_response",
]
