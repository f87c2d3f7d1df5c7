"""Why a node cannot be started in a running program from outside: what is missing, in words, and what to do.

What there is to know of the program is read (`read_facts`), and judged apart from that (`reason_against`).
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final

from beamlike.kernel.record import frozen

FIRST: Final = (3, 14)
"""The first Python with `sys.remote_exec` (PEP 768)."""

EMBED: Final = "start the node in the program itself, in two lines: `import beamlike as bl` and `await bl.start(NAME)`"


@frozen
class Facts:
    """Of the program with this process id, and of the one that asks."""

    pid: int
    exists: bool = True
    uid: int = 0
    own_uid: int = 0
    own_pid: int = 0
    is_python: bool = True
    python: tuple[int, int] | None = None
    """Its minor; None if it cannot be told."""
    own_python: tuple[int, int] = FIRST
    remote_exec: bool = True
    """Whether the Python that asks has it."""
    disabled: str = ""
    """By what the program has turned it off."""
    node: str = ""
    """That it has already."""
    platform: str = "linux"


def reason_against(facts: Facts) -> str | None:
    """
    >>> reason_against(Facts(7, python=(3, 14)))
    >>> print(reason_against(Facts(7, exists=False)))
    expected the id of a running process, found none with 7
    >>> print(reason_against(Facts(7, uid=0, own_uid=1000)))
    process 7 belongs to user 0 and you are user 1000: run this command as that user
    """
    pid = facts.pid
    ours = ".".join(map(str, facts.own_python))
    if not facts.exists:
        return f"expected the id of a running process, found none with {pid}"
    if pid == facts.own_pid:
        return f"expected the id of another process, {pid} is this command's own"
    if facts.uid != facts.own_uid:
        return (
            f"process {pid} belongs to user {facts.uid} and you are user {facts.own_uid}: run this command as that user"
        )
    if facts.node:
        return f"process {pid} has a node already, {facts.node}: `beamlike attach {facts.node}`"
    if not facts.is_python:
        return f"process {pid} does not run Python"
    if facts.python is not None and facts.python < FIRST:
        its = ".".join(map(str, facts.python))
        return f"process {pid} runs Python {its}, and `sys.remote_exec` (PEP 768) came with 3.14: {EMBED}"
    if not facts.remote_exec:
        return (
            f"expected Python 3.14 or newer to run this command, for `sys.remote_exec` (PEP 768), this is {ours}: run "
            f"it by the Python of process {pid}, or {EMBED}"
        )
    if facts.python is not None and facts.python != facts.own_python:
        its = ".".join(map(str, facts.python))
        return f"process {pid} runs Python {its} and this command {ours}: run it by Python {its}, too"
    if facts.disabled:
        return f"process {pid} has turned it off by {facts.disabled}: start it without, or {EMBED}"
    return None


def read_facts(pid: int) -> Facts:
    """Of a process of this machine."""
    import beamlike.distribution.directory as directory

    own = {
        "own_uid": os.getuid(),
        "own_pid": os.getpid(),
        "own_python": sys.version_info[:2],
        "remote_exec": hasattr(sys, "remote_exec"),
        "platform": sys.platform,
    }
    uid = _uid_of(pid)
    if uid is None:
        return Facts(pid, exists=False, **own)  # type: ignore[arg-type]
    node = next((entry.name for entry in directory.Directory().nodes() if entry.pid == pid), "")
    is_python, python = _python_of(pid)
    return Facts(pid, True, uid, is_python=is_python, python=python, disabled=_disabled(pid), node=node, **own)  # type: ignore[arg-type]


def words_of_refusal(error: OSError | RuntimeError, pid: int, scope: str | None) -> str:
    """What the system's refusal means; `scope` is that of Yama, where Linux has it.

    >>> "ptrace_scope is 1" in words_of_refusal(PermissionError(1, "Operation not permitted"), 7, "1")
    True
    """
    what = getattr(error, "strerror", None) or str(error)
    if not isinstance(error, PermissionError):
        return f"process {pid} could not be told to run anything: {what}"
    said = f"the system does not let you into process {pid} ({what})"
    if sys.platform == "darwin":
        return f"{said}: on macOS this takes root: `sudo`"
    meaning = {
        "1": "by which only a parent may",
        "2": "by which only an administrator may",
        "3": "by which nobody may",
    }
    if scope in meaning:
        way = "as root: `sysctl kernel.yama.ptrace_scope=0`, or run this command with CAP_SYS_PTRACE"
        return f"{said}: kernel.yama.ptrace_scope is {scope}, {meaning[scope]}; {way}"
    return f"{said}: a container may need `--cap-add SYS_PTRACE`"


def ptrace_scope(path: str = "/proc/sys/kernel/yama/ptrace_scope") -> str | None:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _uid_of(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        pass
    try:  # where there is no such file system
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return -1
    return None if sys.platform == "linux" else os.getuid()


_PYTHON: Final = re.compile(r"python(?:3\.(?P<minor>\d+))?[^/]*$")


def _python_of(pid: int) -> tuple[bool, tuple[int, int] | None]:
    """Whether it runs Python, and which minor; by what it has mapped. Where that cannot be read, it may."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True, None
    files = {line.partition("/")[2] for line in lines if "/" in line}
    matches = [match for file in files if (match := _PYTHON.search(file.rpartition("/")[2]))]
    minors = [int(match["minor"]) for match in matches if match["minor"]]
    return bool(matches), (3, minors[0]) if minors else None


def _disabled(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    if any(entry.startswith(b"PYTHON_DISABLE_REMOTE_DEBUG=") and entry[28:] for entry in environment):
        return "PYTHON_DISABLE_REMOTE_DEBUG"
    return "-X disable-remote-debug" if any(b"disable-remote-debug" in word for word in words) else ""
