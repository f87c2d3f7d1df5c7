"""A class of servers that cannot work is refused where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import in_node


def test_a_class_with_an_init_of_python_is_told_of_that_of_servers() -> None:
    with pytest.raises(
        TypeError, match=r"^expected no __init__ in Counter: .* prepares its state in init\(self, \.\.\.\)"
    ):

        class Counter(bl.GenServer):
            def __init__(self, start: int) -> None:
                self.value = start


@pytest.mark.parametrize("decorated", [bl.call, bl.cast])
@pytest.mark.parametrize("name", ["start", "stop", "call", "cast", "at", "reply", "init", "handle_call"])
def test_a_typed_method_cannot_take_a_name_of_the_behaviour(name: str, decorated: Any) -> None:
    def method(self: Any) -> None: ...

    with pytest.raises(
        TypeError, match=rf"typed calls of Door than {name}: every GenServer has abcast, at, call, cast,"
    ):
        type("Door", (bl.GenServer,), {name: decorated(method)})


def test_a_plain_method_may_replace_one_of_the_behaviour_and_others_may_have_any_name() -> None:
    class Door(bl.GenServer):
        @bl.call
        def open(self) -> str:
            return "open"

        def system_get_state(self) -> str:
            return "shut"

    assert set(Door._interface.methods) == {"open"}


@pytest.mark.parametrize("slots", [False, True])
@in_node
async def test_a_dataclass_with_defaults_is_a_server_and_one_without_is_told_of_init(slots: bool) -> None:
    made_by: Any = dataclass  # mypy wants a literal for slots

    @made_by(slots=slots)
    class Fine(bl.GenServer):
        value: int = 7

        def handle_call(self, request: Any, client: Any) -> Any:
            return self.value

    @made_by(slots=slots)
    class Needs(bl.GenServer):
        value: int

    assert await bl.GenServer.call(await Fine.start(), "?") == 7
    with pytest.raises(TypeError, match=r"expected Needs\(\) to need no arguments: .* in init\(self, \.\.\.\)"):
        await Needs.start(5)
