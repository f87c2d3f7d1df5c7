"""What may become of a request to a serving, beside the exception of its own function."""

from __future__ import annotations

from typing import Any

from beamlike.kernel.errors import BeamlikeError


class NoServing(BeamlikeError):
    """No process serves under that name, as far as this node knows."""


class Overloaded(BeamlikeError):
    """As many inputs wait already as may: try again later, start another replica, or raise `max_waiting`."""


class ServingTimeout(BeamlikeError, TimeoutError):
    """There was no output in time. An input that had not begun by then is not evaluated any more."""


class ServingLost(BeamlikeError):
    """The serving, or its node, ended before it answered: the input may have been evaluated, or not."""


class BadOutput(BeamlikeError):
    """The function of the serving gave something other than one output for each input."""


def wrong_length(name: str, batch: list[Any], outputs: object) -> BadOutput:
    """
    >>> wrong_length("caption", [1, 2], [3])
    BadOutput('expected caption to give a list of 2 outputs, one for each input, got 1')
    """
    got = f"{len(outputs)}" if isinstance(outputs, list | tuple) else f"a {type(outputs).__name__}"
    return BadOutput(f"expected {name} to give a list of {len(batch)} outputs, one for each input, got {got}")
