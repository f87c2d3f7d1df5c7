"""pip and uv, the real ones, against an index on loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.here import write_metadata
from beamlike.code.requirements.installer import Installer, choose_installer
from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.pip import Pip
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.uv import Uv
from beamlike.code.requirements.work import Work
from tests.support.package_index import PackageIndex, installer_environment, live_in, needs
from tests.support.wheels import Wheel

PATIENCE = 30.0
WHEELS = (
    Wheel("alpha", "1.0"),
    Wheel("alpha", "2.0"),
    Wheel("beta", "1.0", ("alpha<2", "packaging")),
    Wheel("old", "1.0", tag="cp27-cp27m-win32"),
    Wheel("future", "1.0", requires_python=">=4"),
)


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    with PackageIndex(*WHEELS) as index:
        index.offer(Wheel("liar", "1.0"), claimed="0" * 64)
        yield index


@pytest.fixture(params=["pip", "uv"])
def installer(
    request: pytest.FixtureRequest, index: PackageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Installer:
    name: str = request.param
    needs(name)
    live_in(installer_environment(name, index.url, tmp_path / "home"), monkeypatch)
    chosen = choose_installer()
    assert isinstance(chosen, Uv if name == "uv" else Pip)
    return chosen


def planned(installer: Installer, tmp_path: Path, *dependencies: str, constraints: tuple[Pin, ...] = ()) -> list[str]:
    here = tmp_path / "here"
    here.mkdir()
    write_metadata(here)
    pins = installer.plan(dependencies, constraints, here, tmp_path, Work(lambda step: None))
    assert all(pin.hashes for pin in pins)
    return sorted(map(str, pins))


def installed(installer: Installer, tmp_path: Path, *pins: Pin, work: Work | None = None) -> Path:
    target = tmp_path / "target"
    target.mkdir()
    installer.install(pins, target, tmp_path, work or Work(lambda step: None))
    return target


def test_a_plan_is_what_is_missing_here(installer: Installer, tmp_path: Path) -> None:
    assert planned(installer, tmp_path, "beta") == ["alpha 1.0", "beta 1.0"]


def test_a_plan_keeps_to_the_versions_of_another_lock(installer: Installer, tmp_path: Path) -> None:
    assert planned(installer, tmp_path, "alpha", constraints=(Pin("alpha", "1.0"), Pin("other", "3"))) == ["alpha 1.0"]


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ("nonesuch", "the index has no package nonesuch"),
        ("alpha>=3", "no version matches alpha>=3; there "),
        ("old", "there is no wheel of old"),
        ("future", "is not made for this Python"),
        ("beta; python_version>'3'\nalpha>=2", "exclude each other"),
    ],
)
def test_a_plan_that_cannot_be_says_why(installer: Installer, tmp_path: Path, dependency: str, expected: str) -> None:
    with pytest.raises(CannotInstall) as caught:
        planned(installer, tmp_path, *dependency.split("\n"))
    first, said, *lines = str(caught.value).splitlines()
    assert expected in first
    assert said in ("pip said:", "uv said:")
    assert lines


def test_an_index_that_does_not_answer_is_named(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9/simple/")
    with pytest.raises(CannotInstall, match=r"no index was reached at http://127\.0\.0\.1:9/simple/unheard-of/"):
        planned(installer, tmp_path, "unheard-of")


def test_exactly_the_pins_are_installed_and_nothing_that_they_need(installer: Installer, tmp_path: Path) -> None:
    target = installed(installer, tmp_path, Pin("beta", "1.0"))
    assert (target / "beta.py").read_text() == "VERSION = '1.0'\n"
    assert not (target / "alpha.py").exists()


def test_a_file_with_another_hash_than_the_locked_one_is_not_installed(installer: Installer, tmp_path: Path) -> None:
    with pytest.raises(CannotInstall, match=r"the index handed out another file of alpha==1\.0"):
        installed(installer, tmp_path, Pin("alpha", "1.0", hashes=("sha256:" + "1" * 64,)))
    assert not (tmp_path / "target" / "alpha.py").exists()


def test_where_only_some_hashes_are_known_all_is_installed(installer: Installer, tmp_path: Path) -> None:
    (known,) = installer.plan(["alpha<2"], (), tmp_path, tmp_path, Work(lambda step: None))
    target = installed(installer, tmp_path, known, Pin("beta", "1.0"))
    assert {"alpha.py", "beta.py"} <= {path.name for path in target.iterdir()}


def test_a_hash_counts_beside_packages_of_which_none_is_known(installer: Installer, tmp_path: Path) -> None:
    with pytest.raises(CannotInstall, match=r"the index handed out another file of alpha==1\.0"):
        installed(installer, tmp_path, Pin("alpha", "1.0", hashes=("sha256:" + "1" * 64,)), Pin("beta", "1.0"))
    assert not (tmp_path / "target" / "alpha.py").exists()


def test_packages_that_share_a_namespace_are_installed_with_hashes_and_without(
    installer: Installer, tmp_path: Path, index: PackageIndex
) -> None:
    for name in ("one", "two"):
        index.offer(Wheel(f"spaced-{name}", "1.0", modules={f"spaced/{name}.py": ""}))
    (known,) = installer.plan(["spaced-one"], (), tmp_path, tmp_path, Work(lambda step: None))
    target = installed(installer, tmp_path, known, Pin("spaced-two", "1.0"))
    assert {"one.py", "two.py"} <= {path.name for path in (target / "spaced").iterdir()}


def test_a_file_of_a_url_is_the_one_with_the_locked_hash(
    installer: Installer, tmp_path: Path, index: PackageIndex
) -> None:
    url = index.url.replace("simple/", "files/alpha/alpha-1.0-py3-none-any.whl")
    (planned,) = installer.plan([f"alpha @ {url}"], (), tmp_path, tmp_path, Work(lambda step: None))
    assert (planned.version, planned.url) == ("1.0", url)
    assert (installed(installer, tmp_path, planned) / "alpha.py").exists()
    (tmp_path / "target").rename(tmp_path / "before")
    with pytest.raises(CannotInstall, match="the index handed out another file of alpha"):
        installed(installer, tmp_path, Pin("alpha", "1.0", url, hashes=("sha256:" + "1" * 64,)))


@pytest.mark.parametrize("password", ["hun@ter2", "hun/ter2", "hun/t@er2", "12/hun@ter2"])
def test_a_password_of_the_index_is_shown_nowhere(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(variable, f"http://me:{password}@127.0.0.1:9/simple/")
    steps: list[Step] = []
    with pytest.raises(CannotInstall) as caught:
        installer.plan(["unheard-of"], (), tmp_path, tmp_path, Work(steps.append))
    told = f"{caught.value} {steps}"
    assert not any(part in told for part in ("hun", "ter2", "er2"))


def test_steps_are_told_while_it_works(installer: Installer, tmp_path: Path) -> None:
    steps: list[Step] = []
    installed(installer, tmp_path, Pin("alpha", "1.0"), work=Work(steps.append))
    assert steps[-1].doing == "installing"
    if isinstance(installer, Pip):
        assert (steps[0].doing, steps[0].number, steps[0].of) == ("downloading", 1, 1)


def test_calling_it_off_ends_a_download(installer: Installer, tmp_path: Path, index: PackageIndex) -> None:
    index.gate.clear()
    index.asked_for_file.clear()
    stop = Event()
    caller = Thread(target=lambda: (index.asked_for_file.wait(PATIENCE), stop.set()))
    caller.start()
    try:
        with pytest.raises(CalledOff):
            installed(installer, tmp_path, Pin("alpha", "2.0"), work=Work(lambda step: None, stop))
    finally:
        index.gate.set()
        caller.join()


# Which one.


def test_pip_is_taken_where_only_pip_was_told_of_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert choose_installer() == Uv(str(uv))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index/simple")
    assert isinstance(choose_installer(), Pip)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://index/simple")
    assert choose_installer() == Uv(str(uv))


def test_a_node_with_neither_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "pip", None)  # type: ignore[arg-type]
    with pytest.raises(CannotInstall, match=r"neither uv on its PATH nor pip in its Python"):
        choose_installer()
