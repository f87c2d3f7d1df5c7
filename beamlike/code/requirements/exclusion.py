"""Requirements that exclude each other: who wants which, where several have declared some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.failures import EXCLUDED


@contextmanager
def naming_who_wants(declared: Mapping[str, Requirements]) -> Iterator[None]:
    """Of a CannotInstall that says that requirements exclude each other, makes one that says whose they are."""
    try:
        yield
    except CannotInstall as error:
        said = str(error)
        wanting = who_wants(declared, said)
        if not said.startswith(EXCLUDED) or len(wanting) < 2:
            raise
        raise CannotInstall(said.replace(EXCLUDED, f"{EXCLUDED} ({'; '.join(wanting)})", 1)) from None


def who_wants(declared: Mapping[str, Requirements], said: str) -> list[str]:
    """Those who declared something of which an installer said that, each with it.

    >>> cells = {"cell 1": Requirements.of(["cowsay==5.0", "rich"]), "cell 2": Requirements.of(["cowsay==6.1"])}
    >>> who_wants(cells, "The user requested cowsay==5.0 and cowsay==6.1")
    ['cell 1 wants cowsay==5.0', 'cell 2 wants cowsay==6.1']
    """
    named = {canonicalize_name(word) for word in re.findall(r"[\w.-]*\w", said)}
    wanted = {
        source: [text for text in requirements.dependencies if canonicalize_name(Requirement(text).name) in named]
        for source, requirements in declared.items()
    }
    return [f"{source} wants {', '.join(texts)}" for source, texts in wanted.items() if texts]
