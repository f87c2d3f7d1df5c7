"""A profile in the form that the name of a file asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from beamlike.inspect.profiling.profile import Profile


def written(profile: Profile, path: str) -> str:
    """ValueError for a name that ends otherwise.

    >>> written(Profile("a@h", 0.0, 1.0, 0.01, 0, 0, (), ()), "out.txt")
    Traceback (most recent call last):
    ValueError: expected a file that ends in .svg, .json (for speedscope) or .folded, got 'out.txt'
    """
    for ending, form in FORMS.items():
        if path.endswith(ending):
            return form(profile)
    raise ValueError(f"expected a file that ends in .svg, .json (for speedscope) or .folded, got {path!r}")


def _svg(profile: Profile) -> str:
    from beamlike.inspect.profiling.svg import svg

    return svg(profile)


FORMS: Final[dict[str, Callable[[Profile], str]]] = {
    ".svg": _svg,
    ".json": Profile.speedscope,
    ".folded": Profile.folded,
}
