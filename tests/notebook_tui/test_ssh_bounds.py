"""Whoever has a directory sees nothing else: no way out by dots, links, or whole paths."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Notebook
from notebook_tui.session.bounds import OutOfBounds, keep_within, permitted, starting_directory, within, writable
from notebook_tui.session.notebook_files import attaching
from notebook_tui.ui.dialogs.path_completion import proposals
from notebook_tui.ui.home.found import look_around
from notebook_tui.ui.home.home_commands import HomeCommands

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory `in`, and what is beside it and must not be seen; links lead out, in, around, and nowhere."""
    place = tmp_path_factory.mktemp("bounds").resolve()
    inside = place / "in"
    (inside / "sub" / "deep").mkdir(parents=True)
    (place / "in-secret").mkdir()
    for path in (
        inside / "a.livemd",
        inside / "sub" / "b.livemd",
        place / "secret.livemd",
        place / "in-secret" / "c.livemd",
    ):
        path.write_text("# A\n")
    (inside / "out").symlink_to(place)
    (inside / "out_file").symlink_to(place / "secret.livemd")
    (inside / "sub" / "up").symlink_to("../..")
    (inside / "sub" / "home").symlink_to(inside)
    (inside / "loop").symlink_to("loop")
    (inside / "gone").symlink_to(place / "not_there")
    return inside


def bounded(directory: Path, act: Callable[[], Answer], *, writes: bool = True) -> Answer:
    def inside() -> Answer:
        keep_within(directory, writes=writes)
        return act()

    return contextvars.copy_context().run(inside)


PARTS = st.sampled_from(
    [
        *("..", ".", "", "sub", "deep", "out", "out_file", "up", "home", "loop", "gone", "in", "in-secret"),
        *("secret.livemd", "a.livemd", "b.livemd", "/", "~", "\0", "new", "%2e%2e", "…", "a" * 300),
    ]
)


@given(parts=st.lists(PARTS, max_size=12), rooted=st.booleans())
@example(parts=["up", ".."], rooted=False)
def test_no_path_leads_out(tree: Path, parts: list[str], rooted: bool) -> None:
    path = ("/" if rooted else "") + "/".join(parts)
    if rooted and parts and parts[0] == "in":
        path = f"{tree}/{'/'.join(parts[1:])}"
    try:
        real = within(tree, path)
    except OutOfBounds:
        return
    assert real == tree or tree in real.parents
    if os.path.exists(real):
        assert Path(os.path.realpath(real)) in (tree, *(each for each in [real] if tree in each.parents))
        # What is not there is nothing to the system, whatever leads back out of it.
        assert not os.path.exists(tree / path) or os.path.samefile(real, tree / path)


@pytest.mark.parametrize("path", ["a.livemd", "sub/../a.livemd", "sub/home/sub/b.livemd", "new/notebook.livemd", "."])
def test_what_lies_within_is_permitted(tree: Path, path: str) -> None:
    assert bounded(tree, lambda: permitted(path)).is_relative_to(tree)


@pytest.mark.parametrize(
    "path", ["..", "../in-secret/c.livemd", "out/secret.livemd", "out_file", "sub/up/secret.livemd", "/etc", "gone"]
)
def test_what_lies_elsewhere_is_refused_in_words_and_is_not_listed(tree: Path, path: str) -> None:
    with pytest.raises(OutOfBounds, match="not in the directory that you may see"):
        bounded(tree, lambda: permitted(path))
    assert bounded(tree, lambda: proposals(f"{path}/", tree)) == []
    assert not bounded(tree, lambda: look_around(tree / path, hidden=True)).files
    with pytest.raises(OutOfBounds):
        bounded(tree, lambda: attaching(Notebook(), tree / "a.livemd", str(tree / path)))


def test_home_shows_nothing_that_the_accounts_user_opened(tree: Path) -> None:
    found = bounded(tree, lambda: look_around(tree, hidden=False))
    assert {file.name for file in found.files} >= {"a.livemd", "sub"}
    assert (found.books, found.examples, found.open) == ((), (), ())


def test_who_may_only_look_writes_nothing(tree: Path) -> None:
    assert bounded(tree, lambda: writable("x")) == tree / "x"
    with pytest.raises(OutOfBounds, match="write no files"):
        bounded(tree, lambda: writable("x"), writes=False)


def test_without_bounds_everything_is_permitted_and_names_begin_where_the_program_does(tree: Path) -> None:
    assert permitted("/etc") == Path("/etc")
    assert starting_directory() == Path.cwd()
    assert bounded(tree, starting_directory) == tree


class _Home:
    """Home, as its commands see it: what is typed is answered at once, what is said is kept."""

    def __init__(self, directory: Path, typed: str) -> None:
        self.directory = directory
        self.typed = typed
        self.said: list[str] = []

    @property
    def app(self) -> _Home:
        return self

    def push_screen(self, _: object, answered: Callable[[str], None]) -> None:
        answered(self.typed)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize("asks", ["open_path", "new"])
@pytest.mark.parametrize(
    "typed", ["../secret.livemd", "../nothing.livemd", "../in-secret", "/etc/passwd", "../secret.py", "out/x.ipynb"]
)
def test_home_does_not_even_say_whether_something_is_there(tree: Path, asks: str, typed: str) -> None:
    home = _Home(tree, typed)
    commands = HomeCommands(home, None)  # type: ignore[arg-type]
    bounded(tree, getattr(commands, asks))
    (said,) = home.said
    assert "is not in the directory that you may see" in said
