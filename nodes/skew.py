"""What is said of a child whose programs are not those of its parent: a warning, or why it cannot serve."""

from __future__ import annotations

import logging

import beamlike as bl
from nodes.backend import BackendError
from nodes.versions import HERE, differences, misfit, versions_of

logger = logging.getLogger("nodes")


class Misfit(BackendError):
    """The child runs versions with which it cannot serve its parent: so it will the next time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


def met(node: bl.Node, child: str) -> str:
    """What differs from this program in that of the child, which has just connected; "" if nothing does. It is told in
    the log, once. Misfit if they do not fit."""
    identity = node.cluster.identity(child)
    if identity is None:  # it is lost already, which others see
        return ""
    theirs = versions_of(identity)
    if why := misfit(HERE, theirs):
        raise Misfit(why)
    told = differences(HERE, theirs)
    if told and told not in _told:
        _told.add(told)
        logger.warning("%s, and others of its image: %s", child, told)
    return told


_told: set[str] = set()
