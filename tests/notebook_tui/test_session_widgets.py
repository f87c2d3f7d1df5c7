"""Inputs in a session: what runs are told of them, also after the program or the runtime that showed them has ended."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import Operation, QueueCells, RuntimeConnected, SetInputValue
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import Displayed
from notebook_tui.session.messages import SetSecretInput
from notebook_tui.session.widgets import NOT_SHOWN, Widgets
from notebook_tui.widgets.views import Input
from tests.support.local_nodes import in_node

PASSWORD = Input("i", "secret", "Password")
NUMBER = Input("n", "number", "Age", low=0.0)


class Host:
    """A session in whose notebook a cell runs that shows inputs."""

    def __init__(self) -> None:
        self.state = State(Notebook(sections=(Section("s", "S", (Cell("c", "code", "1"),)),)))
        self.hidden: dict[str, str] = {}
        for operation in (QueueCells(("c",)), RuntimeConnected("here")):
            self.do(operation)

    def do(self, operation: Operation) -> bool:
        self.state, _ = apply(self.state, operation)
        return True

    def tell_runtime(self, message: object) -> None:
        pass

    def keep_secret(self, values: Mapping[str, str]) -> None:
        self.hidden.update(values)


def shown(host: Host, *inputs: Input) -> Widgets:
    widgets = Widgets(host, {})
    for field in inputs:
        widgets.show(Displayed("c", field, bl.self()))
    return widgets


@in_node
async def test_a_run_is_told_the_secret_and_after_the_program_has_ended_that_there_is_none() -> None:
    host = Host()
    widgets = shown(host, PASSWORD)
    assert not widgets.used(SetSecretInput("i", "hunter2", bl.self()))
    assert dict(widgets.inputs()) == {"i": "hunter2"}
    assert "hunter2" not in repr(host.state.inputs)
    assert host.hidden == {"hunter2": "Password"}
    assert dict(Widgets(host, {}).inputs()) == {"i": None}


@in_node
async def test_a_secret_that_is_typed_again_in_another_program_is_another_value() -> None:
    host = Host()
    fingerprints = set()
    for widgets in (shown(host, PASSWORD), Widgets(host, {})):
        assert not widgets.used(SetSecretInput("i", "hunter2", bl.self()))
        assert dict(widgets.inputs()) == {"i": "hunter2"}
        fingerprints.add(host.state.inputs["i"].fingerprint)
    assert len(fingerprints) == 2


@in_node
async def test_what_an_input_takes_is_known_although_its_runtime_has_ended() -> None:
    host = Host()
    widgets = shown(host, NUMBER, PASSWORD)
    widgets.runtime_gone()
    assert widgets.checked(SetInputValue("n", "36")) == SetInputValue("n", 36)
    for wanted, why in (
        (SetInputValue("n", -1), "expected a number of 0.0 to any"),
        (SetInputValue("i", "hunter2"), "expected the value of a secret by a call of its own"),
    ):
        with pytest.raises(Rejected, match=why):
            widgets.checked(wanted)
    assert widgets.used(SetSecretInput("other", "x", bl.self())) == NOT_SHOWN
