"""A line of text with options in it, such as `fly:APP?region=fra&memory=1024`, and what it may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from urllib.parse import parse_qsl, quote, urlencode

from beamlike.kernel.record import frozen


class SpecError(ValueError):
    """The line makes no sense, or what it names cannot be had here; the message says what is expected."""


@frozen
class Option:
    name: str
    label: str
    words: str = ""
    """What is expected."""
    required: bool = False
    default: Callable[[], str] = field(default=str)
    """Out of the environment, for a form."""
    fits: re.Pattern[str] | None = None

    def trouble(self, value: str) -> str:
        """What is wrong with the value, in words; empty if nothing is."""
        if not value:
            return f"expected {self.words}; it is empty" if self.required else ""
        if self.fits is not None and not self.fits.fullmatch(value):
            return f"expected {self.words}; got {value}"
        return ""


def written(kind: str, options: Sequence[Option], values: Mapping[str, str]) -> str:
    """The line for these values.

    >>> options = Option("namespace", "Namespace"), Option("memory", "Memory"), Option("image", "Image")
    >>> written("k8s", options, {"namespace": "demo", "memory": "2Gi", "image": ""})
    'k8s:demo?memory=2Gi'
    """
    first, *others = options
    given = {each.name: value for each in others if (value := values.get(each.name, "").strip())}
    asked = f"?{urlencode(given, safe='/:@,', quote_via=quote)}" if given else ""
    return f"{kind}:{values.get(first.name, '').strip()}{asked}"


def read(spec: str, options: Sequence[Option], absent: Mapping[str, str] | None = None) -> dict[str, str]:
    """The values that the line gives. SpecError if it makes no sense; `absent` are options known elsewhere, and
    what is done instead.

    >>> read("fly:my-app?region=fra", [Option("app", "App"), Option("region", "Region")])
    {'app': 'my-app', 'region': 'fra'}
    """
    first, _, asked = spec.partition(":")[2].partition("?")
    values = {options[0].name: first, **dict(parse_qsl(asked))}
    unknown = sorted(values.keys() - {each.name for each in options})
    if unknown:
        known = ", ".join(each.name for each in options[1:]) or "none"
        instead = "".join(f"; {name}: {absent[name]}" for name in unknown if absent and name in absent)
        raise SpecError(f"{spec}: expected the options {known}; found {', '.join(unknown)}{instead}")
    for each in options:
        if trouble := each.trouble(values.get(each.name, "")):
            raise SpecError(f"{spec}: {each.name}: {trouble}")
    return values


def names_in(text: str) -> tuple[str, ...]:
    """
    >>> names_in("db-password, keys")
    ('db-password', 'keys')
    """
    return tuple(name for each in text.split(",") if (name := each.strip()))


def pairs_in(text: str) -> dict[str, str]:
    """
    >>> pairs_in("OMP_NUM_THREADS=1,MODE=test")
    {'OMP_NUM_THREADS': '1', 'MODE': 'test'}
    """
    return {name.strip(): value for name, _, value in (each.partition("=") for each in text.split(",") if each.strip())}
