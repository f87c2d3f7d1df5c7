import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from beamlike.distribution.addresses import DEFAULT_PORT
from beamlike.distribution.directory import Directory, Entry
from beamlike.distribution.whereabouts import Whereabouts
from beamlike.kernel.errors import NotConnected

NAME = "b@127.0.0.1"


def test_what_this_hosts_directory_says_goes_before_where_it_was_reached_last(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "nodes")
    whereabouts = Whereabouts(directory)
    whereabouts.remember(NAME, ("127.0.0.1", 1))
    assert whereabouts.find(NAME) == ("127.0.0.1", 1)
    with directory.register(Entry(NAME, "127.0.0.1", 2, os.getpid(), 7)):
        assert whereabouts.find(NAME) == ("127.0.0.1", 2)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_a_node_that_can_only_be_on_this_host_and_is_not_is_an_error(host: str, tmp_path: Path) -> None:
    with pytest.raises(NotConnected, match=f"expected b@{host} among this host's live nodes, found none"):
        Whereabouts(Directory(tmp_path / "nodes")).find(f"b@{host}")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["hidden1", "hidden2"], "only hidden ones (`beamlike nodes --hidden`)"),
        (["a", "hidden1", "b"], "a@127.0.0.1, b@127.0.0.1"),
        (["a", "b", "c", "d", "e"], "a@127.0.0.1, b@127.0.0.1, c@127.0.0.1, d@127.0.0.1, e@127.0.0.1"),
        (
            ["a", "b", "c", "d", "e", "f", "g"],
            "a@127.0.0.1, b@127.0.0.1, c@127.0.0.1, d@127.0.0.1, e@127.0.0.1 and 2 more",
        ),
    ],
)
def test_of_the_nodes_that_are_there_a_few_are_named_and_none_that_is_hidden(
    names: list[str], told: str, tmp_path: Path
) -> None:
    directory = Directory(tmp_path / "nodes")
    with ExitStack() as listed:
        for name in names:
            entry = Entry(f"{name}@127.0.0.1", "127.0.0.1", 2, os.getpid(), 7, hidden=name.startswith("hidden"))
            listed.enter_context(directory.register(entry))
        with pytest.raises(NotConnected) as error:
            Whereabouts(directory).find("nobody@127.0.0.1")
    assert f"found {told}; start it" in str(error.value)


@pytest.mark.parametrize("host", ["10.0.0.7", "fdaa::3", "b.example.org"])
def test_a_node_of_another_host_is_expected_at_the_port_by_convention(host: str, tmp_path: Path) -> None:
    assert Whereabouts(Directory(tmp_path / "nodes")).find(f"b@{host}") == (host, DEFAULT_PORT)
