"""Terms for property tests, and an equality that sees what `==` does not: types, signs of zeros, NaN, order of keys."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

from hypothesis import strategies as st

from beamlike.behaviours.servers.server_messages import TypedCall
from beamlike.kernel import signals
from beamlike.kernel.question import Call, Question
from beamlike.kernel.signals import Signal
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Exit, NodeDown, NodeUp, Pid, Ref, Reply

node_names = st.sampled_from(["a@127.0.0.1", "b@127.0.0.1", "zoë@host.example"])
ids = st.integers(0, 2**63 - 1)
pids = st.builds(Pid, node_names, ids)
refs = st.builds(Ref, node_names, ids)
aliases = st.builds(Alias, pids, refs)
names = st.tuples(st.text(), node_names)

texts = st.text(st.characters())
"""With lone surrogates, which file names may hold."""

atoms = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(), texts, st.binary(max_size=40), pids, refs
)
keys = st.recursive(atoms, lambda inner: st.one_of(st.tuples(inner, inner), st.builds(Exit, pids, inner)), max_leaves=4)


def _compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        aliases,
        st.builds(Down, refs, st.one_of(pids, names), inner),
        st.builds(Exit, pids, inner),
        st.builds(NodeUp, node_names),
        st.builds(NodeDown, node_names, texts),
        st.builds(Reply, refs, inner),
        st.builds(ExceptionInfo, texts, texts, texts, node_names, pids),
    )


plain_terms = st.recursive(atoms, _compounds, max_leaves=12)
"""What travels without a codec."""

terms = st.recursive(
    st.one_of(
        atoms, st.sets(st.integers(), max_size=3), st.builds(bytearray, st.binary(max_size=9)), st.complex_numbers()
    ),
    _compounds,
    max_leaves=12,
)
"""What travels with any codec."""

targets = st.one_of(pids, names)
reasons = st.one_of(st.sampled_from(["normal", "shutdown", "noproc"]), terms)


def signals_between(here: str, there: str) -> st.SearchStrategy[Signal]:
    """What a connection carries from one node to another; some of it among pids of any nodes."""
    _here, _there = (st.builds(Pid, st.just(node), ids) for node in (here, there))
    return st.one_of(
        st.builds(signals.Send, st.none() | pids, st.one_of(targets, aliases), terms),
        st.builds(signals.Send, _here, _there, terms),
        st.builds(
            lambda source, target, id, kind, request: signals.Ask(source, target, kind(source, id, request)),
            _here,
            _there | st.tuples(st.text(), st.just(there)),
            ids,
            st.sampled_from([Call, TypedCall]),
            terms,
        ),
        st.builds(
            signals.Answer,
            _here,
            st.builds(Alias, _there, ids),
            terms,
        ),
        st.builds(signals.Link, pids, pids),
        st.builds(signals.Unlink, pids, pids, ids),
        st.builds(signals.UnlinkAck, pids, pids, ids),
        st.builds(signals.Exit, pids, pids, reasons, st.booleans()),
        st.builds(signals.Monitor, pids, targets, refs),
        st.builds(signals.Demonitor, pids, targets, refs),
        st.builds(signals.Down, targets, pids, refs, reasons),
        st.builds(
            signals.Spawn,
            pids,
            pids,
            st.sampled_from([print, len, dataclasses.replace]),
            st.lists(terms, max_size=3).map(tuple),
            st.booleans(),
            st.none() | refs,
            st.none() | pids,
        ),
        st.builds(
            signals.Apply,
            _here,
            _there,
            st.sampled_from([print, len, dataclasses.replace]),
            st.lists(terms, max_size=3).map(tuple),
            st.just(False),
            st.builds(Ref, st.just(here), ids),
            st.none() | pids,
        ),
    )


any_signal = signals_between("a@127.0.0.1", "b@127.0.0.1")


def same(left: object, right: object) -> bool:
    """Whether the two are the same value of the same type, down to every part."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, complex) and isinstance(right, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, Question) and isinstance(right, Question):
        return left == right and same(left.request, right.request)
    if dataclasses.is_dataclass(left):
        return all(same(getattr(left, it.name), getattr(right, it.name)) for it in dataclasses.fields(left))
    return left == right
