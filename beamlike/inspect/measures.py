"""The figures of a node for those who watch many programs at once: cheap to find, from any thread, none of them a list.

What is counted per process has no place here: a figure for each of 100,000 processes is no figure. Of mailboxes there
are those of registered processes, and of these the first NAMES.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal, TypeAlias

from beamlike.distribution.transport import Link
from beamlike.inspect.facts import LagHistogram
from beamlike.inspect.looking.loops import meters_of
from beamlike.inspect.looking.whole import node_facts
from beamlike.kernel.node import LocalNode
from beamlike.kernel.record import frozen

NAMES: Final = 100
NODES: Final = 100

Kind: TypeAlias = Literal["gauge", "counter"]
Labels: TypeAlias = tuple[tuple[str, str], ...]


@frozen
class Measure:
    """`samples` are values with the labels that tell them apart. `unit` is "" for what is merely counted."""

    name: str
    kind: Kind
    unit: str
    words: str
    samples: tuple[tuple[Labels, float], ...]


def measures(node: LocalNode) -> list[Measure]:
    """To ask for them counts as a look: the node's loops are measured from now on, for a minute."""
    it = node_facts(node)
    links = [(name, link) for name, link in islice(node.outlets.items(), NODES) if isinstance(link, Link)]
    found = [
        _one("processes", "gauge", "", "processes that live", it.processes),
        _one("tasks", "gauge", "", "asyncio tasks of the program", it.tasks),
        _one("threads", "gauge", "", "threads of the program", it.threads),
        _one("connected_nodes", "gauge", "", "nodes that this one is connected to", it.nodes),
        _one("memory", "gauge", "bytes", "memory that the program holds", it.rss),
        _one("cpu", "counter", "seconds", "of the processor that the program has used", it.cpu_seconds),
        _one("start_time", "gauge", "seconds", "when the program began, since the epoch", it.started),
        Measure("mailbox_messages", "gauge", "", "messages that wait for a named process", tuple(_mailboxes(node))),
        Measure(
            "gc_collections",
            "counter",
            "",
            "collections of garbage",
            tuple(
                ((("generation", str(number)),), float(stats["collections"]))
                for number, stats in enumerate(gc.get_stats())
            ),
        ),
        _by_node("link_received", "counter", "bytes", "that came from a node", links, "bytes_in"),
        _by_node("link_sent", "counter", "bytes", "that left for a node", links, "bytes_out"),
        _by_node("link_waiting", "gauge", "bytes", "that wait to leave for a node", links, "waiting"),
    ]
    if it.files is not None:
        found.append(_one("open_files", "gauge", "", "open files and sockets", it.files))
    return found


def lags(node: LocalNode) -> list[tuple[str, LagHistogram]]:
    """How late each loop of the node was, by the thread that runs it."""
    return [(facts.thread, facts.lags) for facts in (meter.look() for meter in meters_of(node))]


def _one(name: str, kind: Kind, unit: str, words: str, value: float) -> Measure:
    return Measure(name, kind, unit, words, (((), float(value)),))


def _mailboxes(node: LocalNode) -> Iterator[tuple[Labels, float]]:
    for name in node.registered()[:NAMES]:
        pid = node.whereis(name)
        if pid is not None and pid.process is not None:
            yield (("name", name),), float(pid.process.message_queue_len)


def _by_node(name: str, kind: Kind, unit: str, words: str, links: list[tuple[str, Link]], attribute: str) -> Measure:
    samples = tuple(((("to", node),), float(getattr(link, attribute))) for node, link in links)
    return Measure(name, kind, unit, words, samples)
