"""What a service manager is told: a unit, and when the server is ready."""

from __future__ import annotations

import configparser
import os
import shlex
import socket
import stat
from argparse import Namespace
from pathlib import Path

import pytest

from notebook_tui.cli import serve
from notebook_tui.cli.main import UserError
from notebook_tui.serve.service_manager import VARIABLE, tell_service_manager
from notebook_tui.serve.unit import install_unit, unit_text


def read(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


def test_a_unit_starts_this_program_on_the_directory_and_leaves_runtimes_when_it_is_restarted() -> None:
    unit = read(unit_text("/srv/my notes", ["--runtime", "local"], {"BEAMLIKE_STATE": "/var/50%"}))
    service = unit["Service"]
    assert shlex.split(service["ExecStart"])[-5:] == ["notebook_tui", "serve", "/srv/my notes", "--runtime", "local"]
    assert service["Type"] == "notify"
    assert service["KillMode"] == "process"
    assert service["Environment"] == '"BEAMLIKE_STATE=/var/50%%"'
    assert unit["Install"]["WantedBy"] == "default.target"


@pytest.mark.parametrize("odd", ["50%", "$HOME", 'a"b', "a\\b", "a\nb"])
def test_no_directory_can_say_anything_to_the_service_manager(odd: str) -> None:
    unit = read(unit_text(f"/srv/{odd}", [], {}))
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    assert set(unit["Service"]) == {"Type", "ExecStart", "KillMode", "Restart", "RestartSec", "TimeoutStopSec"}


def test_the_unit_lies_where_the_users_service_manager_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = install_unit("/srv/notes", [])
    assert path.parent == tmp_path / "systemd" / "user"
    assert stat.S_ISREG(path.lstat().st_mode)
    assert path.read_text() == unit_text("/srv/notes", [])


def test_the_service_manager_gets_one_datagram_for_each_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # The path of a socket may be a hundred bytes long, which that of a test may pass.
        monkeypatch.chdir(tmp_path)
        manager.bind("s")
        manager.settimeout(60)
        monkeypatch.setenv(VARIABLE, "s")
        tell_service_manager("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_a_service_manager_that_is_gone_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, os.fspath(tmp_path / "gone"))
    tell_service_manager("READY=1")


def test_what_is_no_directory_is_refused_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "cats.livemd").touch()
    for name, why in (("cats.livemd", "it is a file"), ("dogs", "there is none")):
        options = Namespace(on_demand=False, directory=str(tmp_path / name))
        with pytest.raises(UserError, match=f"expected a directory, got .*{name}: {why}"):
            serve._directory(options)
