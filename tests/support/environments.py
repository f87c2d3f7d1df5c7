"""Environments of this interpreter for a test, by an installer that needs no network, and nothing left of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.environments import Environments
from beamlike.code.requirements.lock import Lock, Pin, platform_here
from beamlike.code.requirements.needs import Needs
from tests.support.shelf import Shelf
from tests.support.wheels import Wheel

PATIENCE = 30.0
ALPHA, BETA, GAMMA = "alpha_of_test", "beta_of_test", "gamma_of_test"
# As packages are named, and their modules after them.
A, B, C = (name.replace("_", "-") for name in (ALPHA, BETA, GAMMA))
WHEELS = (
    Wheel(A, "1.0"),
    Wheel(A, "2.0"),
    Wheel(B, "1.0", (f"{A}<2; python_version > '3'", "packaging")),
    Wheel(C, "1.0", modules={f"{GAMMA}/__init__.py": "", "json.py": "", "run.pth": f"import {GAMMA}.never\n"}),
)

Make: TypeAlias = Callable[..., Environments]


@contextmanager
def making_environments(directory: Path, shelf: Shelf) -> Iterator[Make]:
    """Yields what makes Environments that share what is in `directory`; all of them are closed at the end."""
    path, made = list(sys.path), list[Environments]()

    def make(needs: Needs | None = None) -> Environments:
        made.append(Environments(directory, lambda: shelf, needs))
        return made[-1]

    yield make
    shelf.open.set()
    for environments in made:
        environments.close()
    assert sys.path == path, "an environment was left on the path"
    for name in (ALPHA, BETA, GAMMA):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def declared(environments: Environments, *dependencies: str, source: str = "a cell") -> Lock:
    return environments.declare(source, Requirements.of(dependencies)).result(PATIENCE)


def names(lock: Lock) -> list[str]:
    return [str(pin) for pin in lock.pins]


def lock_of(*pins: Pin, platform: str | None = None) -> bytes:
    """As another node sends it."""
    lock = Lock(Requirements.of([pin.name for pin in pins]), pins, platform_here())
    return replace(lock, platform=platform or lock.platform).to_bytes()
