"""Tests see no secret, directory or setting of the user who runs them."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.soak import FULL, count

# How long an example takes says how busy the machine is, no more. And whether a change lands is no matter of luck: the
# full counts alone look at other examples each time.
settings.register_profile(
    "house",
    max_examples=count(40, 1000, part=300),
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

# A shell has the programs that it starts in the background ignore this, and they their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

REMOVED = ("BEAMLIKE_SECRET", "BEAMLIKE_INVITATION", "BEAMLIKE_LIFELINE", "NO_COLOR", "COLORTERM", "TEXTUAL_DRIVER")


def pytest_collection_finish() -> None:
    """The tests themselves, some nine thousand, are not looked through whenever one of them collects garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def private_environment() -> Iterator[None]:
    """Configuration and run-time directories of their own, also for the programs that tests start."""
    with tempfile.TemporaryDirectory(prefix="beamlike-test-") as directory, pytest.MonkeyPatch.context() as patch:
        for name in REMOVED:
            patch.delenv(name, raising=False)
        for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            path = Path(directory) / name.lower()
            path.mkdir(mode=0o700)
            patch.setenv(name, str(path))
        patch.setenv("HOME", directory)
        # What tests write there was written by somebody else, as far as the programs know that they start.
        patch.setenv("BEAMLIKE_TRUSTED", os.pathsep.join((tempfile.gettempdir(), os.getcwd())))
        yield


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs keep beside files, such as journals and who serves what, is of this test alone."""
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))


@pytest.fixture(scope="module", autouse=True)
def what_a_file_leaves_is_not_looked_through() -> Iterator[None]:
    """Tests that collect garbage again and again, or measure, would take the longer the more ran before them."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_node_is_left_behind() -> Iterator[None]:
    """A test that leaves a node running would change what the next one sees as the current node."""
    yield
    from beamlike.kernel import current

    names = [node.name for node in current.running_nodes()]
    assert not names, f"this test left nodes running: {names}"
    assert gc.isenabled(), "this test left the garbage collector off, so all that come after it would only grow"


# The working directory of the tests is the project's root, wherever pytest was started.
os.chdir(Path(__file__).resolve().parent.parent)
