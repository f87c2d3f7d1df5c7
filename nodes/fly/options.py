"""How a user's Fly is found: its token, app, image and region, from options, the environment of a machine, and flyctl's
file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from beamlike.kernel.record import frozen
from nodes.fly.sizes import Guest, guest

TOKEN_VARIABLE: Final = "FLY_API_TOKEN"
PUBLIC: Final = "https://api.machines.dev"
INSIDE: Final = "http://_api.internal:4280"
"""For programs within the private network of an organisation."""
NEAREST: Final = "any"
COMMAND: Final = ("python", "-m", "nodes.child")
DEFAULT_SIZE: Final = "shared-cpu-1x"
_REGION = re.compile(r"[a-z]{2,}(,[a-z]{2,})*")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class Token:
    """Cannot be printed; whoever has to send it asks for it by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Token(...)"

    def __reduce__(self) -> str:
        raise TypeError("a token of Fly does not leave its process")

    def header(self) -> str:
        """As the API wants it: macaroons ("FlyV1 ...") name their own scheme.

        >>> Token("abc").header(), Token("FlyV1 fm2_x").header()
        ('Bearer abc', 'FlyV1 fm2_x')
        """
        return self._text if self._text.startswith("FlyV1 ") else f"Bearer {self._text}"

    def for_flyctl(self) -> str:
        """To be put into the environment of flyctl, and nowhere else."""
        return self._text

    def absent_from(self, text: str) -> str:
        """`text`, without the token, should somebody have repeated it.

        >>> Token("fm2_secret").absent_from("no such token: fm2_secret")
        'no such token: (the token)'
        """
        bare = self._text.removeprefix("FlyV1 ").removeprefix("Bearer ")
        return text.replace(bare, "(the token)") if bare else text


@frozen
class Placement:
    """Where a machine may be, and how large."""

    region: str
    guest: Guest

    def __str__(self) -> str:
        return f"{self.guest} in {'any region' if self.region == NEAREST else self.region}"


@frozen
class Settings:
    """All that is needed to ask for machines. `placements` are tried one after the other where there is no room."""

    app: str
    image: str
    token: Token
    base_url: str
    placements: tuple[Placement, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, str] = field(default_factory=dict)
    """Path in the machine -> name of the app's secret."""
    volume: str = ""
    volume_path: str = "/data"
    command: tuple[str, ...] = COMMAND
    drain_seconds: float = 30.0
    metadata: Mapping[str, str] = field(default_factory=dict)


def settings(
    *,
    app: str | None = None,
    image: str | None = None,
    region: str | Sequence[str] | None = None,
    size: str | Sequence[str] = DEFAULT_SIZE,
    memory: int | None = None,
    token: str | None = None,
    base_url: str | None = None,
    env: Mapping[str, str] | None = None,
    secret_files: Mapping[str, str] | None = None,
    volume: str = "",
    volume_path: str = "/data",
    command: Sequence[str] | None = None,
    drain: float = 30.0,
    metadata: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> Settings:
    """The settings that these options mean here. ValueError names the first that is missing, and what to do.

    Sizes are tried in the order given, each in every region before the next smaller one. What is in the environment of
    this process does not reach the machine unless `env` says so.

    >>> settings(app="my-app", image="registry.fly.io/my-app:v1", token="t", environ={}).placements
    (Placement(region='any', guest=Guest(cpu_kind='shared', cpus=1, memory_mb=256)),)
    >>> settings(app="my-app", image="i", environ={}, home=Path("/nowhere"))
    Traceback (most recent call last):
        ...
    ValueError: Fly: expected a token in FLY_API_TOKEN or /nowhere/.fly/config.yml, got none: make one for this app \
with `fly tokens create deploy -a my-app`
    """
    app = app or environ.get("FLY_APP_NAME") or _missing("app", "the name of an app on Fly", "FLY_APP_NAME")
    if not _NAME.fullmatch(app):
        raise ValueError(f"Fly: expected the name of an app, of letters, digits and dashes, got app={app!r}")
    image = image or environ.get("FLY_IMAGE_REF") or _missing("image", "an image with beamlike in it", "FLY_IMAGE_REF")
    return Settings(
        app=app,
        image=image,
        token=find_token(token, app, environ, home),
        base_url=base_url or environ.get("FLY_FLAPS_BASE_URL") or default_base_url(environ),
        placements=_placements(_listed(region) or _listed(environ.get("FLY_REGION")) or [NEAREST], size, memory),
        env=_texts("env", env),
        secret_files=_texts("secret_files", secret_files),
        volume=volume,
        volume_path=volume_path,
        command=tuple(command) if command is not None else COMMAND,
        drain_seconds=_seconds("drain", drain),
        metadata=_texts("metadata", metadata),
    )


def find_token(token: str | None, app: str, environ: Mapping[str, str], home: Path | None = None) -> Token:
    """The given one, that of the environment, or that which `fly auth login` left; ValueError if there is none."""
    path = (home or Path.home()) / ".fly" / "config.yml"
    text = token or environ.get(TOKEN_VARIABLE) or environ.get("FLY_ACCESS_TOKEN") or _token_of_flyctl(path)
    if not text:
        raise ValueError(
            f"Fly: expected a token in {TOKEN_VARIABLE} or {path}, got none: make one for this app with "
            f"`fly tokens create deploy -a {app}`"
        )
    return Token(text.strip())


def default_base_url(environ: Mapping[str, str]) -> str:
    """
    >>> default_base_url({"FLY_PRIVATE_IP": "fdaa:0:1::3"}), default_base_url({})
    ('http://_api.internal:4280', 'https://api.machines.dev')
    """
    return INSIDE if environ.get("FLY_PRIVATE_IP") else PUBLIC


def _token_of_flyctl(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    # One line of a file that flyctl writes; a reader of all of YAML is not needed for it.
    found = re.search(r"^access_token:[ \t]*(['\"]?)(.+?)\1[ \t]*$", text, re.MULTILINE)
    return found[2] if found else ""


def _missing(option: str, what: str, variable: str) -> str:
    raise ValueError(
        f"Fly: expected {option}= as {what}, or {variable} in the environment as inside a machine, got none"
    )


def _placements(regions: list[str], sizes: str | Sequence[str], memory: int | None) -> tuple[Placement, ...]:
    for region in regions:
        if not _REGION.fullmatch(region):
            raise ValueError(f"Fly: expected regions such as 'fra' or ['fra', 'ams', 'eu'], got {region!r}")
    guests = [guest(size, memory) for size in _listed(sizes)]
    return tuple(Placement(region, one) for one in guests for region in regions)


def _listed(value: str | Sequence[str] | None) -> list[str]:
    texts = [value] if isinstance(value, str) else list(value or ())
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _texts(option: str, values: Mapping[str, str] | None) -> dict[str, str]:
    for name, value in (values or {}).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"Fly: expected {option}= to map texts to texts, got {name!r}: {value!r}")
    return dict(values or {})


def _seconds(option: str, value: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ValueError(f"Fly: expected {option}= as a number of seconds, got {value!r}")
    return float(value)
