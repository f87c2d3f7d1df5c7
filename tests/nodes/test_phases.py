"""A boot tells its steps in order, and a failed one how far it got, what was printed, and whether to try again."""

from __future__ import annotations

import asyncio
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from nodes import Description
from nodes.backend import AuthError, BackendError, CapacityError, Cause
from nodes.phases import tell
from tests.support.processes import child_nodes, wait_until_gone

SECONDS = r"\d+\.\d s"


def boot(backend: nodes.Backend, *, timeout: float = 20.0) -> tuple[list[nodes.Phase], nodes.BootFailed | None]:
    """The steps of a boot, and how it failed; nothing of it may be left."""
    phases: list[nodes.Phase] = []

    async def main() -> nodes.BootFailed | None:
        async with bl.Node("phases@127.0.0.1", secret=b"a secret of the test"):
            try:
                child = await nodes.boot(backend, timeout=timeout, on_phase=phases.append)
            except nodes.BootFailed as failed:
                assert bl.nodes(hidden=True) == []
                return failed
            await child.stop(grace=0.1)
            return None

    failed = asyncio.run(main())
    wait_until_gone(*child_nodes())
    return phases, failed


def names(phases: list[nodes.Phase]) -> list[str]:
    return [phase.name for phase in phases]


def test_the_steps_of_a_boot_come_in_order_with_the_time_since_the_request() -> None:
    phases, failed = boot(nodes.Local())
    assert failed is None
    assert names(phases) == ["requested", "creating", "created", "started", "dialled", "ready"]
    seconds = [phase.seconds for phase in phases]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0
    assert all(phase.words for phase in phases)


def program(directory: Path, text: str) -> str:
    path = directory / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_child_that_does_not_dial_back_fails_as_started_with_its_last_20_lines(tmp_path: Path) -> None:
    python = program(tmp_path, "seq 1 100; exec sleep 600")
    phases, failed = boot(nodes.Local(python=python), timeout=5.0)
    assert failed is not None
    assert names(phases)[-2:] == ["started", "failed"]
    told = rf"phases@127\.0\.0\.1 within 5 s: started at \+{SECONDS}, no dial-back for {SECONDS}; it printed:\n81\n"
    assert re.search(told, str(failed))
    assert failed.log.splitlines() == [str(number) for number in range(81, 101)]
    assert (failed.phase, failed.permanent) == ("started", False)
    assert 4.9 < failed.seconds < 40
    assert phases[-1].words == str(failed)


def test_a_failure_keeps_what_it_says_when_it_travels() -> None:
    failed = nodes.BootFailed("so it is", phase="started", seconds=3.0, log="a\nb", permanent=True, cause="image")
    copy = pickle.loads(pickle.dumps(failed))
    assert str(copy) == "so it is"
    told = {"phase": "started", "seconds": 3.0, "log": "a\nb", "permanent": True, "cause": "image"}
    assert vars(copy) == vars(failed) == told


class Scripted:
    """Boots nothing: raises at the step that it is told."""

    def __init__(self, *, boot: Callable[[], Exception] | None = None, state: str = "created") -> None:
        self._boot = boot
        self.state = state
        self.asked = 0
        self.stopped = 0

    def __repr__(self) -> str:
        return "Scripted()"

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        self.asked += 1
        if self._boot is not None:
            raise self._boot()
        return nodes.Machine("1", "machine 1")

    async def stop(self, machine: nodes.Machine) -> None:
        self.stopped += 1

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        if self.state == "ended":
            return nodes.Description("ended", 4, "of another version")
        return nodes.Description("created", None, "")


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (BackendError("401: the token is not valid", permanent=True), True),
        (BackendError("429: too many requests"), False),
        (AuthError("401: token validation error"), True),
        (CapacityError("412: insufficient resources", scope="region fra"), False),
        (FileNotFoundError(2, "No such file or directory", "/no/such/python"), True),
        (ConnectionResetError(104, "Connection reset by peer"), False),
        (TimeoutError("no answer of the platform"), False),
        (KeyError("id"), False),
        (AttributeError("no attribute 'machines'"), True),
    ],
)
def test_whatever_a_backend_raises_fails_the_boot_once_and_in_words(error: Exception, permanent: bool) -> None:
    backend = Scripted(boot=lambda: error)
    phases, failed = boot(backend)
    assert failed is not None
    assert names(phases) == ["requested", "creating", "failed"]
    assert (failed.phase, failed.permanent, backend.asked, backend.stopped) == ("creating", permanent, 1, 0)
    assert "(booted by Scripted())" in str(failed)
    assert str(error) in str(failed)
    assert failed.__cause__ is error


def test_a_machine_that_is_never_started_fails_as_created_and_is_stopped() -> None:
    backend = Scripted()
    phases, failed = boot(backend, timeout=0.3)
    assert failed is not None
    assert names(phases) == ["requested", "creating", "created", "failed"]
    assert re.search(rf"created at \+{SECONDS}, not started for {SECONDS}; it printed nothing", str(failed))
    assert backend.stopped == 1


def test_a_machine_whose_program_is_of_another_version_is_not_worth_another_try() -> None:
    _, failed = boot(Scripted(state="ended"))
    assert failed is not None
    assert failed.permanent
    assert "machine 1 ended with exit code 4; it printed:\nof another version" in str(failed)


def test_an_interpreter_that_does_not_exist_is_not_worth_another_try() -> None:
    _, failed = boot(nodes.Local(python="/no/such/python"))
    assert failed is not None
    assert failed.permanent
    assert "/no/such/python" in str(failed)


class Unstoppable(Scripted):
    async def stop(self, machine: nodes.Machine) -> None:
        raise ConnectionError("the platform is gone")


def test_a_machine_that_cannot_be_stopped_is_told_beside_the_reason_of_the_failure() -> None:
    _, failed = boot(Unstoppable(state="ended"))
    assert failed is not None
    assert "exit code 4" in str(failed)
    assert failed.__notes__ == ["machine 1 could not be stopped: ConnectionError: the platform is gone"]


def test_a_boot_that_hangs_in_its_backend_ends_in_time() -> None:
    class Hanging(Scripted):
        async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
            await asyncio.sleep(600)
            raise AssertionError

    _, failed = boot(Hanging(), timeout=0.3)
    assert failed is not None
    step = rf"creating at \+{SECONDS}, no answer of its backend for {SECONDS}"
    assert re.search(rf"within 0\.3 s: {step}", str(failed))


def test_a_listener_that_fails_leaves_no_child() -> None:
    def tell(phase: nodes.Phase) -> None:
        if phase.name == "started":
            raise RuntimeError("a mistake of the listener")

    async def main() -> None:
        async with bl.Node("phases@127.0.0.1", secret=b"a secret of the test"):
            with pytest.raises(nodes.BootFailed, match="RuntimeError: a mistake of the listener"):
                await nodes.boot(nodes.Local(python=sys.executable), on_phase=tell)

    asyncio.run(main())
    wait_until_gone(*child_nodes())


class Talking(Scripted):
    """Says one thing after the other: of the machine that it makes, and then of how that stands."""

    def __init__(self, making: tuple[str, ...], standing: tuple[Description, ...]) -> None:
        super().__init__()
        self._making = making
        self._standing = list(standing)

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        for words in self._making:
            await asyncio.create_task(self._tell(words))
        return await super().boot(invitation)

    async def _tell(self, words: str) -> None:
        tell(words)

    async def describe(self, machine: nodes.Machine) -> Description:
        return self._standing.pop(0) if len(self._standing) > 1 else self._standing[0]


def test_what_a_backend_and_its_platform_say_meanwhile_is_told_as_it_changes() -> None:
    pulling, unschedulable = "pulling image x", "unschedulable: 0/3 nodes are available"
    backend = Talking(
        ("creating 17 of 64, the next in 0.8 s", "creating 18 of 64"),
        (
            Description("created", None, "", unschedulable),
            Description("created", None, "", unschedulable),
            Description("created", None, "", pulling),
            Description("running", None, "", ""),
            Description("ended", 137, "", "OOMKilled", "out of memory"),
        ),
    )
    phases, failed = boot(backend)
    assert failed is not None
    assert [(phase.name, phase.words) for phase in phases[1:-1]] == [
        ("creating", "Scripted() is asked for a machine"),
        ("creating", "creating 17 of 64, the next in 0.8 s"),
        ("creating", "creating 18 of 64"),
        ("created", "machine 1 was made"),
        ("created", unschedulable),
        ("created", pulling),
        ("started", "machine 1 runs"),
    ]
    assert "machine 1 ended with exit code 137 (OOMKilled)" in str(failed)
    assert not failed.permanent


def test_what_a_backend_says_when_nothing_is_booted_is_told_to_nobody() -> None:
    tell("nobody asks")


@pytest.mark.parametrize(
    ("cause", "permanent"),
    [("refused", True), ("image", True), ("unschedulable", False), ("quota", False), ("out of memory", False)],
)
def test_a_refusal_will_be_one_the_next_time_and_a_lack_of_room_will_not(cause: Cause, permanent: bool) -> None:
    _, failed = boot(Talking((), (Description("ended", None, "", f"its words of {cause}", cause),)))
    assert failed is not None
    assert (failed.phase, failed.permanent, failed.cause) == ("created", permanent, cause)
    assert f"machine 1 has ended (its words of {cause})" in str(failed)


def test_a_failure_names_the_platforms_last_words_and_how_long_the_step_took() -> None:
    backend = Talking((), (Description("created", None, "", "unschedulable: 0/3 nodes are available"),))
    _, failed = boot(backend, timeout=0.4)
    assert failed is not None
    step = rf"created at \+{SECONDS} \(unschedulable: 0/3 nodes are available\), not started for {SECONDS}"
    assert re.search(rf"within 0\.4 s: {step}", str(failed))


def test_a_machine_elsewhere_that_was_told_to_dial_itself_is_told_of() -> None:
    _, failed = boot(Talking((), (Description("running", None, ""),)), timeout=0.3)
    assert failed is not None
    words = rf"no dial-back for {SECONDS} \(it was told to dial 127\.0\.0\.1, which is itself"
    assert re.search(words, str(failed))
