"""`beamlike notebook ssh://…`: which ssh is run, and what becomes of a connection that is lost."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.cli.main import UserError
from notebook_tui.cli.notebook_ssh import Place, call, parse, stay, words_for


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("ssh://lab", Place("lab")),
        ("ssh://lab/", Place("lab")),
        ("ssh://ann@lab:22/a.livemd", Place("lab", "a.livemd", "ann", 22)),
        ("ssh://[::1]:2222/a", Place("::1", "a", "", 2222)),
        ("ssh://lab//srv/a.livemd", Place("lab", "/srv/a.livemd")),
    ],
)
def test_an_address_says_user_host_port_and_path(address: str, place: Place) -> None:
    assert parse(address) == place


@pytest.mark.parametrize(
    "address", ["ssh://", "ssh:///a", "ssh://-oProxyCommand=x/a", "ssh://-x@lab/a", "ssh://lab:0/", "ssh://lab:x/"]
)
def test_what_is_no_address_is_refused_and_nothing_of_it_becomes_an_option_of_ssh(address: str) -> None:
    with pytest.raises(UserError, match="expected ssh://"):
        parse(address)


@given(st.text(min_size=1))
def test_a_path_is_one_word_for_the_shell_over_there(path: str) -> None:
    import shlex

    *_, dashes, host, command = words_for(Place("lab", path))
    assert (dashes, host) == ("--", "lab")
    assert shlex.split(command) == ["beamlike", "notebook", path]


def test_without_a_terminal_it_says_what_evaluates_that_notebook_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex

    monkeypatch.setenv("BEAMLIKE_SSH", "true")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UserError, match="expected a terminal; without one: ") as refused:
        call("ssh://ann@lab:2222/my%20cats.livemd")
    *words, there = shlex.split(str(refused.value).partition("without one: ")[2])
    assert words == ["ssh", "-p", "2222", "-l", "ann", "lab"]
    assert shlex.split(there) == ["beamlike", "run", "my cats.livemd"]


class Line:
    """Stands for ssh, a clock, and a user."""

    def __init__(self, *runs: tuple[float, int], cancel_after: int = 100) -> None:
        self.runs = list(runs)
        self.now = 0.0
        self.said: list[str] = []
        self.waits: list[float] = []
        self.cancel_after = cancel_after

    def run(self, words: Sequence[str]) -> int:
        took, status = self.runs.pop(0)
        self.now += took
        return status

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) >= self.cancel_after:
            raise KeyboardInterrupt
        self.now += seconds

    def status(self) -> int:
        return stay(["ssh"], "lab", self.said.append, self.sleep, lambda: self.now, self.run)


def test_what_ends_in_order_ends() -> None:
    assert Line((100, 0)).status() == 0
    assert Line((1, 2)).status() == 2


def test_what_never_came_about_is_not_tried_again() -> None:
    line = Line((1, 255))
    assert line.status() == 255
    assert not line.said


def test_a_lost_connection_is_made_again_with_words_and_longer_waits() -> None:
    line = Line((100, 255), (0, 255), (0, 255), (100, 255), (7, 0))
    assert line.status() == 0
    assert line.waits == [1.0, 2.0, 4.0, 1.0]
    assert line.said[0] == "The connection to lab is lost; the notebook goes on there. Again in 1 s, Ctrl+C to leave."


def test_a_server_that_ends_is_come_back_to_however_soon_it_has_ended() -> None:
    line = Line((1, 75), (0, 255), (0, 75), (100, 75), (7, 0))
    assert line.status() == 0
    assert line.waits == [1.0, 2.0, 4.0, 1.0]
    assert line.said[0] == "The server on lab has ended, and has kept the text. Again in 1 s, Ctrl+C to leave."


def test_the_user_may_have_had_enough() -> None:
    assert Line((100, 255), (0, 255), cancel_after=2).status() == 130


def test_a_killed_ssh_leaves_a_terminal_that_can_be_used_and_a_status_that_tells() -> None:
    line = Line((100, -9))
    assert line.status() == 137
    assert line.said == ["ssh was ended by signal 9."]
