"""What users can meet they find under `bl`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import beamlike as bl

WITHIN = {"ProtocolError", "PeerEnded", "TlsFailed", "RemoteTraceback", "CannotTravel", "ForeignCode", "UnknownSource"}
"""What ends a connection, and what others show as their cause or in their text."""


def kinds_of(error: type[Exception]) -> Iterator[type[Exception]]:
    for kind in error.__subclasses__():
        yield kind
        yield from kinds_of(kind)


OURS = {kind.__name__: kind for kind in kinds_of(bl.BeamlikeError) if kind.__module__.startswith("beamlike.")}


@pytest.mark.parametrize("name", sorted(OURS.keys() - WITHIN))
def test_an_error_that_users_can_meet_has_a_public_name(name: str) -> None:
    packages = {
        "beamlike.distribution.rpc": bl.rpc,
        "beamlike.distribution.global_names": bl.global_,
        "beamlike.inspect.tracing": bl.inspect,
        "beamlike.inspect.profiling": bl.inspect,
    }
    module = OURS[name].__module__
    public = bl.code if module == "beamlike.code" else packages.get(module.rpartition(".")[0], bl)
    assert getattr(public, name) is OURS[name]
    assert name in public.__all__


def test_nothing_is_kept_within_that_is_no_error_of_ours() -> None:
    assert OURS.keys() >= WITHIN
