"""Those who type in a notebook, and what they have seen of its texts."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document import texts
from notebook_tui.document.find import find_cell
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.texts import Text


def joined(state: State, client_id: str) -> State:
    """It has the texts as they are now."""
    if client_id in state.clients:
        raise Rejected(f"the client {client_id} has joined already")
    known = {cell_id: texts.joined(text, client_id) for cell_id, text in state.texts.items()}
    return replace(state, clients=state.clients | {client_id}, texts=known)


def left(state: State, client_id: str) -> State:
    """With the last one everything about revisions goes: there is nobody to know any."""
    _check_client(state, client_id)
    others = state.clients - {client_id}
    known = {cell_id: texts.left(text, client_id) for cell_id, text in state.texts.items()} if others else {}
    return replace(state, clients=others, texts=known)


def revision_seen(state: State, client_id: str, cell_id: str, revision: int) -> State:
    _check_client(state, client_id)
    find_cell(state.notebook, cell_id)
    text = texts.seen(state.texts.get(cell_id, Text()), client_id, revision)
    return replace(state, texts={**state.texts, cell_id: text}) if cell_id in state.texts else state


def _check_client(state: State, client_id: str) -> None:
    if client_id not in state.clients:
        raise Rejected(f"there is no client {client_id}")
