"""What our objects are called in a cluster, and by which labels they are found again."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from beamlike.kernel.record import frozen

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
US: Final = "beamlike"
SESSION, POOL, RUNNER, CHILD = "bl/session", "bl/pool", "bl/runner", "bl/child"
"""Labels. The session is one incarnation of a parent node; the child is a number made of its name, for a node's name
may not stand in a label."""
NODE, PARENT, EXPIRES = "bl/node", "bl/parent", "bl/expires"
"""Annotations: names of nodes as they are, and when the child ends in any case (RFC 3339)."""

_LONGEST = 63
_LONGEST_WORD = 30


@frozen
class Identity:
    """Whose a pod is. A name is made of nothing else, so that a request that is sent twice makes one pod."""

    session: str
    parent: str
    child: str
    pool: str = ""
    runner: str = ""

    def labels(self) -> dict[str, str]:
        """
        >>> labels = Identity("s1", "app@10.0.0.7", "app-1@10.0.0.7", "gpu").labels()
        >>> labels["bl/pool"], labels["app.kubernetes.io/managed-by"], "bl/runner" in labels
        ('gpu', 'beamlike', False)
        """
        told = {POOL: label_value(self.pool), RUNNER: label_value(self.runner)}
        return {
            MANAGED_BY: US,
            SESSION: label_value(self.session),
            CHILD: _digest(self.child),
            **{name: value for name, value in told.items() if value},
        }

    def annotations(self) -> dict[str, str]:
        """What a label cannot hold as it is."""
        told = {POOL: self.pool, RUNNER: self.runner}
        changed = {name: value for name, value in told.items() if label_value(value) != value}
        return {NODE: self.child, PARENT: self.parent, **changed}

    def pod_name(self, attempt: int = 0) -> str:
        """Another one for each attempt, for where somebody else's object has the first.

        >>> it = Identity("s1", "app@10.0.0.7", "app-1@10.0.0.7", "gpu pool")
        >>> it.pod_name() == it.pod_name(), it.pod_name() == it.pod_name(1), it.pod_name()[:12]
        (True, False, 'bl-gpu-pool-')
        """
        word = _slug(self.pool or self.child.partition("@")[0])[:_LONGEST_WORD].strip("-") or "node"
        return f"bl-{word}-{_digest(self.session, self.child, str(attempt))}"


def lease_name(session: str) -> str:
    return f"bl-{_slug(session)}"


def ours(labels: dict[str, str], identity: Identity) -> bool:
    """Whether an object with these labels is the one that was asked for."""
    return all(labels.get(name) == value for name, value in identity.labels().items())


def label_value(text: str) -> str:
    """The text as a label can have it; one that had to be changed stays apart from others by a number.

    >>> label_value("gpu"), label_value("a/b") == label_value("a b"), len(label_value("x" * 90))
    ('gpu', False, 63)
    """
    if re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", text):
        return text
    number = _digest(text)
    plain = re.sub(r"[^-A-Za-z0-9_.]+", "-", text).strip("-_.")[: _LONGEST - len(number) - 1]
    return f"{plain}-{number}".lstrip("-")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
