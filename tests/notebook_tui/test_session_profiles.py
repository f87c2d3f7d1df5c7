"""Runtimes by name come from the user's settings, and what makes no sense there is said in words."""

from __future__ import annotations

import asyncio
import sys
from ast import literal_eval
from pathlib import Path

import pytest

from notebook_tui.cli.open_session import open_session
from notebook_tui.session.profiles import Profile, ProfileError, profiles, runtime_named, settings_path
from tests.support.open_notebook import OpenNotebook, notebook_text


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings_path().parent.mkdir()
    return settings_path()


def test_without_settings_there_is_the_local_one() -> None:
    assert profiles() == ({"local": Profile("local")}, "local")


def test_profiles_are_known_by_their_names(settings: Path) -> None:
    settings.write_text('default = "old"\n\n[old]\npython = "/usr/bin/python3.11"\nenv = {A = "1"}\n')
    known, default = profiles()
    assert known["old"] == Profile("old", "/usr/bin/python3.11", None, {"A": "1"})
    assert (list(known), default) == (["local", "old"], "old")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[old", "cannot be read"),
        ("old = 1", "expected a table"),
        ("[old]\ncolour = 1", "expected kind, python, directory, env; found colour"),
        ('[old]\nkind = "moon"', "expected kind = 'local', found 'moon'"),
        ("[old]\npython = 3", "expected python to be a path, found 3"),
        ("[old]\nenv = {A = 1}", "expected env to be a table of texts"),
        ('default = "new"\n[old]', "default is 'new'; expected one of local, old"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(settings: Path, text: str, words: str) -> None:
    settings.write_text(text)
    with pytest.raises(ProfileError, match=words):
        runtime_named()


def test_a_name_that_is_unknown_is_refused_with_those_that_are_known(settings: Path) -> None:
    settings.write_text("[old]\n")
    with pytest.raises(ProfileError, match="there is no runtime 'new'; there are: local, old"):
        runtime_named("new")


def test_cells_run_as_the_profile_says(settings: Path, tmp_path: Path) -> None:
    elsewhere = (tmp_path / "elsewhere").resolve()
    elsewhere.mkdir()
    settings.write_text(f'[mine]\npython = "{sys.executable}"\ndirectory = "{elsewhere}"\nenv = {{MOOD = "good"}}\n')
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("import os\nos.getcwd(), os.environ['MOOD']"), encoding="utf-8")

    async def main() -> None:
        async with open_session(str(path), runtime="mine") as client:
            it = OpenNotebook(client, path)
            await it.run(1)
            assert literal_eval(it.result(1) or "") == (str(elsewhere), "good")  # how long the path is breaks its lines
            assert it.state.runtime.text.startswith("mine, ")

    asyncio.run(main())
