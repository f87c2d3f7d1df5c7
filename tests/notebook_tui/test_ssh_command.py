"""What may stand behind the host's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ssh.command import Help, Home, ListOpen, NoSuchCommand, OpenFile, Run, described, parse, role_for


@pytest.mark.parametrize(
    ("command", "wish"),
    [
        (None, Home()),
        ("", Home()),
        ("beamlike notebook", Home()),
        ("open a.livemd", OpenFile("a.livemd")),
        ("beamlike notebook 'a b.livemd'", OpenFile("a b.livemd")),
        ("list", ListOpen()),
        ("list --json", ListOpen(as_json=True)),
        ("help", Help()),
        ("run a.livemd --json", Run("a.livemd", ("--json",))),
        ("run --set n=1 --timeout=5 a.livemd", Run("a.livemd", ("--set", "n=1", "--timeout=5"))),
        ("run a.livemd --input 'Batch size=a=b' --input=n=1", Run("a.livemd", (), (("Batch size", "a=b"), ("n", "1")))),
        ("run --inputs - a.livemd", Run("a.livemd", takes_inputs=True)),
    ],
)
def test_what_there_is(command: str | None, wish: object) -> None:
    assert parse(command) == wish


@pytest.mark.parametrize(
    "command",
    [
        *("bash", "sh -c id", "scp -t /tmp", "rsync --server", "open", "open --help", "open a b", "run", "run a b"),
        *("run a --output b", "run a --junit b", "run a --runtime attach:x@y", "run a --watch", "run a --log b"),
        *("run a --set", "'", "run a --debug", "list /etc", "run a --inputs /etc/passwd", "run a --input n"),
    ],
)
def test_anything_else_is_refused_with_what_there_is(command: str) -> None:
    with pytest.raises(NoSuchCommand, match=r"ssh HOST|there are --json"):
        parse(command)


def test_what_is_given_to_inputs_stands_in_no_log_and_among_no_words_of_a_program() -> None:
    wish = parse("run a.livemd --json --input Key=swordfish --input=Other=swordfish --inputs -")
    assert isinstance(wish, Run)
    assert wish.options == ("--json",)
    assert described(wish) == "run a.livemd --json --input --input --inputs"
    assert "swordfish" not in repr(wish)


@given(st.text())
def test_no_text_is_understood_as_anything_that_it_is_not(command: str) -> None:
    try:
        wish = parse(command)
    except NoSuchCommand:
        return
    assert isinstance(wish, Home | OpenFile | Run | ListOpen | Help)
    assert role_for(wish) == ("run" if isinstance(wish, Run) else "view")
