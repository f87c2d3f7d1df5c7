"""Which nodes run a cell as it ran last, and which an older version of it: read off what each of them holds.

A node that runs nothing of a cell does not count. The runtime's own node does, as one that runs the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from beamlike.code.holdings import Holding
from beamlike.kernel.record import frozen


@frozen
class Behind:
    """A node on which an older version is in use, and since when it has that (seconds since the epoch)."""

    node: str
    since: float


@frozen
class CellVersions:
    cell_id: str
    current: tuple[str, ...]
    """The nodes that run the newest version and no older one."""
    behind: tuple[Behind, ...]


def cell_versions(
    names: Mapping[str, str], here: str, holdings: Mapping[str, Sequence[Holding]]
) -> tuple[CellVersions, ...]:
    """Of the cells that run on other nodes than `here`, too. `names` are those of the cells' sources by their ids, and
    `holdings` what each node holds, `here` with the newest versions.

    >>> from datetime import UTC, datetime
    >>> def held(hash, kept): return Holding("cell 1", "cell", hash, None, datetime.fromtimestamp(0, UTC), kept)
    >>> far = {"b@host": [held("new", "lent")], "c@host": [held("new", "lent"), held("old", "in use")]}
    >>> [found] = cell_versions({"x": "cell 1"}, "a@host", {"a@host": [held("new", "newest")], **far})
    >>> found.current, [one.node for one in found.behind]
    (('a@host', 'b@host'), ['c@host'])
    """
    newest = {holding.name: holding.hash for holding in holdings.get(here, ()) if holding.kept == "newest"}
    found = (
        _versions(cell_id, here, newest[name], _of_cell(name, here, holdings))
        for cell_id, name in names.items()
        if name in newest
    )
    return tuple(versions for versions in found if len(versions.current) > 1 or versions.behind)


def _of_cell(name: str, here: str, holdings: Mapping[str, Sequence[Holding]]) -> dict[str, list[Holding]]:
    by_node = {node: [one for one in held if one.name == name] for node, held in holdings.items() if node != here}
    return {node: held for node, held in by_node.items() if held}


def _versions(cell_id: str, here: str, newest: str, holdings: Mapping[str, Sequence[Holding]]) -> CellVersions:
    older = {node: [one for one in held if one.hash != newest] for node, held in holdings.items()}
    behind = tuple(Behind(node, held[-1].since.timestamp()) for node, held in older.items() if held)
    return CellVersions(cell_id, (here, *(node for node, held in older.items() if not held)), behind)
