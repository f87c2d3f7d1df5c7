"""A container: a process of this machine, with the environment of its pod and an address of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.kubernetes_world.description import Json

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]
_MESSAGE_LINES, _MESSAGE_BYTES = 80, 2048


class CannotStart(Exception):
    """There is no such program in the image."""


class Container:
    """Runs from the start; `on_end` is called when it has ended, from a thread of its own."""

    def __init__(
        self,
        command: Sequence[str],
        variables: dict[str, str],
        directory: Path,
        address: str,
        working_directory: str | None,
        on_end: Callable[[], None],
    ) -> None:
        self.log = directory / "log"
        has_init = os.path.basename(command[0]) == "tini"
        command = _without_init(command) if has_init else list(command)
        program = _program(command[0])
        own = {"POD_NETWORK": address, **({} if has_init else {"POD_PROCESS_ONE": "yes"})}
        path = os.pathsep.join([str(_HERE / "pod_network"), str(_ROOT)])
        image = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(directory), "PYTHONUNBUFFERED": "1"}
        where = working_directory if working_directory and Path(working_directory).is_dir() else directory
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, *command[1:]],
                env={**image, **variables, **own, "PYTHONPATH": path},
                cwd=where,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._waiting = threading.Thread(target=self._wait, args=(on_end,), name=f"container {self.pid}", daemon=True)
        self._waiting.start()

    def _wait(self, on_end: Callable[[], None]) -> None:
        self._process.wait()
        self._signal_all(signal.SIGKILL)  # with process 1 of a container all others end
        on_end()

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    @property
    def exit_code(self) -> int:
        """As the runtime tells it: 128 and the signal's number for one that was killed."""
        code = self._process.returncode
        return 128 - code if code < 0 else code

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """Returns when it is gone, with all that it started."""
        self.signal(signal.SIGKILL)
        self._waiting.join()

    def _signal_all(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def message(self, container: Json) -> str:
        """The end of what it printed, where the pod asks for that."""
        if container["terminationMessagePolicy"] != "FallbackToLogsOnError" or not self.exit_code:
            return ""
        return tail(self.log.read_bytes(), _MESSAGE_LINES)[-_MESSAGE_BYTES:].decode(errors="replace")


def tail(printed: bytes, lines: int) -> bytes:
    """
    >>> tail(b"a\\nb\\nc\\n", 2)
    b'b\\nc\\n'
    """
    return b"".join(printed.splitlines(keepends=True)[-lines:]) if lines else b""


def _without_init(command: Sequence[str]) -> list[str]:
    rest = list(command[1:])
    while rest and rest[0].startswith("-"):
        if rest.pop(0) == "--":
            break
    return rest


def _program(name: str) -> str:
    if os.path.basename(name) in ("python", "python3", f"python3.{sys.version_info.minor}"):
        return sys.executable
    found = shutil.which(name)
    if found is None:
        raise CannotStart(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
            "runc create failed: unable to start container process: "
            f'exec: "{name}": executable file not found in $PATH: unknown'
        )
    return found
