"""Runs a cell on another node, or on all that the runtime is connected to, and puts the results into one."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import beamlike as bl
from notebook_tui.runtime.display import show
from notebook_tui.runtime.far_cell import FarCell, run_far_cell
from notebook_tui.runtime.forms import Rendered
from notebook_tui.runtime.result_text import one_line

ALL: Final = "all"
COLUMNS: Final = ("node", "result")

_offered: set[str] = set()


async def run_elsewhere(node: str, connected: Sequence[str], cell: FarCell) -> Rendered | None:
    """Runs it on the node of that name, with or without its host, or on "all"; of those as a table, a row for each.

    LookupError if there is none; what it raised there is raised here, of several nodes as a group, after the table.
    """
    targets = _targets(node, connected)
    for target in targets:
        _offer_runtime(target)
    if node != ALL:
        return await bl.rpc.call(targets[0], run_far_cell, cell)
    outcomes = await bl.rpc.multicall(targets, run_far_cell, cell)
    rows = [
        (target, one_line(outcome.error) if isinstance(outcome, bl.rpc.Failed) else _text(outcome.value))
        for target, outcome in zip(targets, outcomes, strict=True)
    ]
    result = table(rows)
    if any(isinstance(outcome, bl.rpc.Failed) for outcome in outcomes):
        show(result)
        bl.rpc.values(outcomes)
    return result if any(text for _, text in rows) else None


def _targets(node: str, connected: Sequence[str]) -> list[str]:
    found = [name for name in connected if node in (ALL, name, name.partition("@")[0])]
    if not found or (len(found) > 1 and node != ALL):
        those = ", ".join(sorted(connected)) or "none"
        raise LookupError(
            f"expected {node!r}, where this cell is to run, to name one node that is connected; connected: {those}"
        )
    return sorted(found)


def _offer_runtime(node: str) -> None:
    """It need not have anything of the notebook's installed."""
    if node not in _offered:
        with suppress(ValueError):  # a runtime that has it from elsewhere has no source to offer
            bl.offer("notebook_tui", to=node)
        _offered.add(node)


def _text(value: Rendered | None) -> str:
    return "" if value is None else value.text


def table(rows: Iterable[tuple[str, str]]) -> Rendered:
    """Nodes and their results, as text, as HTML and as data.

    >>> print(table([("web-1@host", "7"), ("web-2@host", "two\\nlines")]).text)
    node       │ result
    web-1@host │ 7
    web-2@host │ two
               │ lines
    """
    rows = list(rows)
    width = max(len(COLUMNS[0]), *(len(node) for node, _ in rows))
    lines = [f"{COLUMNS[0]:{width}} │ {COLUMNS[1]}"]
    for node, text in rows:
        first, *more = text.split("\n")
        lines += [f"{node:{width}} │ {first}", *(f"{'':{width}} │ {line}" for line in more)]
    data = {
        "schema": {"fields": [{"name": name, "type": "string"} for name in COLUMNS]},
        "data": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
    }
    cells = "".join(f"<tr><th>{html.escape(node)}</th><td>{html.escape(text)}</td></tr>" for node, text in rows)
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    page = f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"
    forms = (("application/vnd.dataresource+json", json.dumps(data)), ("text/html", page))
    return Rendered("\n".join(line.rstrip() for line in lines), forms)
