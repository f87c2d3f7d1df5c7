"""Where machines are booted, in a line of text: `local`, `fly:APP?region=fra&memory=1024`, `k8s:NAMESPACE?cpu=500m`.

What such a line may hold stands in `places`. Forms, commands and errors are made of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodes.places import PLACES, Place
from nodes.spec_text import SpecError, read

if TYPE_CHECKING:
    from nodes.backend import Backend
    from nodes.census import Platform


def backend_of(spec: str) -> Backend:
    """The backend for such a line. SpecError says what is wrong with it, or what is missing here.

    >>> backend_of("local").on_this_host
    True
    >>> backend_of("moon:base")
    Traceback (most recent call last):
    nodes.spec_text.SpecError: expected local, fly:APP or k8s:NAMESPACE, got moon:base
    >>> backend_of("fly:my-app?regoin=fra")
    Traceback (most recent call last):
    nodes.spec_text.SpecError: fly:my-app?regoin=fra: expected the options image, region, size, memory, home, env; \
found regoin
    """
    if spec == "local":
        from nodes.local import Local

        return Local()
    place, values = _place(spec)
    try:
        return place.backend(values)
    except ValueError as error:  # a backend checks what only it knows
        raise error if isinstance(error, SpecError) else SpecError(f"{spec}: {error}") from error


def census_of(spec: str) -> dict[str, Platform]:
    """What counts the child nodes there, by the name of the platform. SpecError as from `backend_of`.

    >>> list(census_of("local"))
    ['local']
    """
    if spec == "local":
        from nodes.local_census import LocalCensus

        return {"local": LocalCensus()}
    place, values = _place(spec)
    try:
        return {place.name: place.census(values)}
    except ValueError as error:
        raise error if isinstance(error, SpecError) else SpecError(f"{spec}: {error}") from error


def _place(spec: str) -> tuple[Place, dict[str, str]]:
    place = PLACES.get(spec.partition(":")[0])
    if place is None:
        raise SpecError(f"expected local, fly:APP or k8s:NAMESPACE, got {spec}")
    return place, read(spec, place.options, place.absent)


__all__ = ["PLACES", "SpecError", "backend_of", "census_of"]
