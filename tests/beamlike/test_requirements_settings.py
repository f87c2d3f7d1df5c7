"""Whether installers were told the same: values and files, with no installer."""

from __future__ import annotations

from pathlib import Path

import pytest

from beamlike.code.requirements.settings import settings_digest

INDEX = "https://me:{}@index/simple"


def digest(place: Path, **environment: str) -> str:
    return settings_digest({"HOME": str(place / "home"), "PATH": "/nowhere", **environment}, place / "work")


@pytest.mark.parametrize(
    "environment",
    [
        {"PIP_INDEX_URL": "https://index/simple"},
        {"UV_DEFAULT_INDEX": "https://index/simple"},
        {"UV_INDEX": "https://index/feed@Release"},
        {"UV_INDEX": "https://index/feed@Local"},
        {"PIP_CONSTRAINT": "bounds.txt"},
    ],
)
def test_another_setting_in_the_environment_is_another_digest(tmp_path: Path, environment: dict[str, str]) -> None:
    assert digest(tmp_path, **environment) != digest(tmp_path)
    changed = {name: f"{value}2" for name, value in environment.items()}
    assert digest(tmp_path, **environment) != digest(tmp_path, **changed)
    assert digest(tmp_path, **environment) == digest(tmp_path, **environment, EDITOR="vi")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("home/.config/pip/pip.conf", "[global]\nindex-url = https://index/{}"),
        ("home/.pip/pip.conf", "[global]\nindex-url = https://index/{}"),
        ("home/.config/uv/uv.toml", 'index-url = "https://index/{}"'),
        ("work/uv.toml", 'index-url = "https://index/{}"'),
        ("pyproject.toml", '[tool.uv]\nindex-url = "https://index/{}"'),
    ],
)
def test_another_setting_in_a_file_is_another_digest(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    digests = {digest(tmp_path)}
    for index in ("one", "two"):
        (tmp_path / file).write_text(text.format(index))
        digests.add(digest(tmp_path))
    assert len(digests) == 3


def test_files_that_are_named_count(tmp_path: Path) -> None:
    (tmp_path / "mine.conf").write_text("[global]\n")
    named = {"PIP_CONFIG_FILE": str(tmp_path / "mine.conf")}
    before = digest(tmp_path, **named)
    (tmp_path / "mine.conf").write_text("[global]\nindex-url = https://index/simple")
    assert digest(tmp_path, **named) != before


@pytest.mark.parametrize("text", ["[project]\nname = 'a'\n", "no TOML", "tool = 1", ""])
def test_what_a_project_says_to_others_does_not_count(tmp_path: Path, text: str) -> None:
    before = digest(tmp_path)
    (tmp_path / "pyproject.toml").write_text(text)
    assert digest(tmp_path) == before


def test_a_program_whose_directory_is_gone_has_a_digest_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert settings_digest({"HOME": "/nowhere"}) == settings_digest({"HOME": "/nowhere"}, Path("/"))


def test_who_asks_does_not_count(tmp_path: Path) -> None:
    one = digest(tmp_path, PIP_INDEX_URL=INDEX.format("pw"), UV_INDEX_X_PASSWORD="pw")
    assert one == digest(tmp_path, PIP_INDEX_URL=INDEX.format("other"), UV_INDEX_X_PASSWORD="other")
    (tmp_path / "uv.toml").write_text(f'index-url = "{INDEX.format("pw")}"')
    before = digest(tmp_path)
    (tmp_path / "uv.toml").write_text(f'index-url = "{INDEX.format("other")}"')
    assert digest(tmp_path) == before
