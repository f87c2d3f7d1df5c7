"""Names that are unique in a whole cluster, and locks that span it: OTP's `global`.

    await bl.global_.register_name("clock", pid)      whereis_name("clock") is that pid, on every node
    await bl.GenServer.call(bl.global_.Global("clock"), "time?")
    async with bl.global_.lock("migration"): ...      one at a time in the whole cluster

Every node reads its own copy of all names: nothing waits to look one up. A name is free again as soon as its process
has ended, or its node was lost. It is registered under a lock that all nodes grant, so of two that want a name at once
one gets it. All this holds among nodes that are connected to each other. There is no quorum: parts of a cluster that
was split go on by themselves, each may register the same name and take the same lock, and when they meet, the
*resolver* of the name says whose it is; locks that both parts took are held by both until they are given back. A hidden
node is a cluster of its own.
"""

from beamlike.distribution.global_names.locking import Aborted, del_lock, lock, set_lock, trans
from beamlike.distribution.global_names.naming import (
    Global,
    re_register_name,
    register_name,
    registered_names,
    send,
    sync,
    unregister_name,
    whereis_name,
)
from beamlike.distribution.global_names.resolvers import notify_all_name, random_exit_name, random_notify_name

__all__ = [
    "Aborted",
    "Global",
    "del_lock",
    "lock",
    "notify_all_name",
    "random_exit_name",
    "random_notify_name",
    "re_register_name",
    "register_name",
    "registered_names",
    "send",
    "set_lock",
    "sync",
    "trans",
    "unregister_name",
    "whereis_name",
]
