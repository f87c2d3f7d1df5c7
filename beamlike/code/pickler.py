"""Terms in bytes for a peer: the pickle, and what it uses that the peer lacks, which goes ahead of it."""

from __future__ import annotations

import pickle
from functools import lru_cache
from types import FunctionType

from beamlike.code.by_value import module_goes_by_value
from beamlike.code.code_pickler import CodePickler
from beamlike.code.contents import content_of
from beamlike.code.images import IMAGES
from beamlike.code.loaders import load_image
from beamlike.code.peer import Peer
from beamlike.code.plain_pickler import PROTOCOL, PlainPickler
from beamlike.code.reducers import Reduced
from beamlike.code.untravelable import CannotTravel, explain
from beamlike.code.uses import Uses
from beamlike.code.way import ALONE, BY_ITSELF, IN_FULL
from beamlike.code.weight import HEAVY, tell_of_heavy_captures, tell_of_heavy_message
from beamlike.distribution.terms_codec import Encoded, LargeBuffers
from beamlike.kernel.record import frozen


@frozen
class Dumped:
    """A pickle, and what it uses; None, if it stands alone."""

    body: bytes
    uses: Uses | None
    large: LargeBuffers


def dump(term: object, peer: Peer) -> Dumped:
    """`term` for `peer`. CannotTravel says which part of it cannot. For any thread: it may run code of the user's."""
    if type(term) is FunctionType:
        image = IMAGES.get(term)
        if image is not None:
            return Dumped(_reference(image.number), Uses(images=[image]), LargeBuffers())
    if _begins_with_code(term):
        return _dump_in_full(term, peer)
    try:
        pickler, body = PlainPickler.pickled(term)
    except Exception:  # whatever it was: the full pickler decides
        return _dump_in_full(term, peer)
    tell_of_heavy_message(len(body) + pickler.large.size, peer.name)
    return Dumped(body, pickler.uses(), pickler.large)


def dump_alone(term: object) -> Dumped:
    """As `dump`, for somebody of whom nothing is known, and who is to keep nothing."""
    try:
        pickler, body = CodePickler.pickled(term, Peer(), ALONE)
    except CannotTravel:
        raise
    except Exception as error:
        raise explain(term, _fails, error) from error
    return Dumped(body, None, pickler.large)


def for_peer(dumped: Dumped, peer: Peer) -> Encoded:
    """With what the other side lacks, which counts as having it from then on."""
    if dumped.uses is None:
        return Encoded(dumped.body, dumped.large.kept)
    ahead, contents = peer.lacking(dumped.uses)
    return Encoded(peer.marked(dumped.body, dumped.uses), dumped.large.kept, ahead, contents)


def dumps(term: object, peer: Peer) -> Encoded:
    """`term` for `peer`, dumped and completed."""
    return for_peer(dump(term, peer), peer)


def _begins_with_code(term: object) -> bool:
    """Whether that can be seen at once, as of the function that is to be called."""
    first = term[0] if type(term) is tuple and term else term
    return type(first) is FunctionType and module_goes_by_value(first.__module__) and not IMAGES.has(first)


def _dump_in_full(term: object, peer: Peer) -> Dumped:
    try:
        pickler, body = CodePickler.pickled(term, peer)
        if pickler.rebinds and pickler.uses().images:  # what one rebinds, others in this term are to see
            pickler, body = CodePickler.pickled(term, peer, IN_FULL)
    except CannotTravel:
        raise
    except Exception as error:
        raise explain(term, _fails, error) from error
    if len(body) + pickler.large.size + _size_of_contents(pickler) > HEAVY:
        tell_of_heavy_captures(pickler.functions, _weight, lambda value: content_of(value, _dump_data) is not None)
    tell_of_heavy_message(len(body) + pickler.large.size, peer.name)
    return Dumped(body, pickler.uses(), pickler.large)


@lru_cache(maxsize=1024)
def _reference(number: int) -> bytes:
    """The pickle of what is an image, and nothing else."""
    return pickle.dumps(_Shown(number), PROTOCOL)


@frozen
class _Shown:
    number: int

    def __reduce__(self) -> Reduced:
        return load_image, (self.number,)


def _dump_data(value: object) -> tuple[bytes, LargeBuffers]:
    pickler, body = PlainPickler.pickled(value)
    return body, pickler.large


def _fails(value: object) -> bool:
    try:
        CodePickler.pickled(value, Peer(), BY_ITSELF)
    except Exception:
        return True
    return False


def _weight(value: object) -> int:
    pickler, body = CodePickler.pickled(value, Peer())
    return len(body) + _size_of_contents(pickler)


def _size_of_contents(pickler: CodePickler) -> int:
    return sum(content.size for content in pickler.uses().contents)
