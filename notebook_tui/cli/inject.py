"""`beamlike inject PID`: starts a node in a running program of the same user that has none.

By `sys.remote_exec` of Python 3.14 (PEP 768): that program runs a script of ours at its next safe point. The script
lies in a directory of this user alone, and is gone when the command ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from notebook_tui.cli.main import FAILED, UserError

SECONDS = 20.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pid", metavar="PID", type=int, help="the process id of a Python program of yours")
    parser.add_argument("--name", help="the node's name (default: pid-PID@127.0.0.1)")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where it listens (default: the name's host, any port)")
    parser.add_argument("--timeout", type=float, default=SECONDS, metavar="S", help="wait so long for it (default: 20)")
    parser.epilog = (
        "Needs Python 3.14 on both sides, and may need the right to trace processes. Afterwards: `beamlike attach`.\n"
        "exit status: 0 the node runs, 1 the program did not start it, 2 it cannot be had, with what is missing\n\n"
        "example: beamlike inject 4711"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    from notebook_tui.cli.inject_reasons import ptrace_scope, read_facts, reason_against, words_of_refusal

    why = reason_against(read_facts(options.pid))
    if why is not None:
        raise UserError(why)
    remote_exec: Callable[[int, str], object] = getattr(sys, "remote_exec")  # noqa: B009 - 3.14's
    try:
        told = inject(remote_exec, options.pid, options.name, options.listen, options.timeout)
    except (OSError, RuntimeError) as error:
        raise UserError(words_of_refusal(error, options.pid, ptrace_scope())) from error
    if told is None:
        print(
            f"beamlike: process {options.pid} has not started the node within {options.timeout:g} s: its main thread "
            "may be in code that does not return to Python",
            file=sys.stderr,
        )
        return FAILED
    if "error" in told:
        print(f"beamlike: process {options.pid} could not start the node: {told['error']}", file=sys.stderr)
        return FAILED
    host, port = told["address"]
    print(f"{told['name']} listens on {host}:{port}; `beamlike attach {told['name']}`")
    return 0


def inject(
    run_there: Callable[[int, str], object], pid: int, name: str | None, listen: str | None, timeout: float
) -> Any:
    """Has the program run the script by `run_there(pid, path)`, and returns what it answers; None if it does not."""
    from beamlike.distribution.addresses import host_of
    from beamlike.distribution.secret import VARIABLE
    from notebook_tui.session.attached import user

    name = name or f"pid-{pid}@127.0.0.1"
    listen = listen or f"{host_of(name)}:0"
    with tempfile.TemporaryDirectory(prefix="beamlike-inject-") as folder:
        answer = Path(folder) / "answer.json"
        script = Path(folder) / "inject.py"
        text = script_for(name, listen, os.environ.get(VARIABLE), str(answer), user())
        descriptor = os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        run_there(pid, str(script))
        ends = time.monotonic() + timeout
        while not answer.exists():
            if time.monotonic() > ends:
                return None
            time.sleep(0.05)
        return json.loads(answer.read_text(encoding="utf-8"))


def script_for(name: str, listen: str, secret: str | None, answer: str, user: str) -> str:
    """What the program runs. It has beamlike and what that needs from where this command has them, if it has none."""
    return f"""\
import sys

sys.path += [_entry for _entry in {_places()!r} if _entry not in sys.path]
try:
    from beamlike.injected import begin as _begin
    import beamlike.node
    _begin({name!r}, {listen!r}, {secret!r}, {answer!r}, {user!r})
    del _begin
except Exception as _error:
    import json
    with open({answer!r}, "x") as _file:
        json.dump({{"error": f"{{type(_error).__name__}}: {{_error}}"}}, _file)
"""


def _places() -> list[str]:
    """The folders that hold beamlike and what it needs."""
    from importlib.util import find_spec

    found = []
    for package in ("beamlike", "msgpack", "cloudpickle", "packaging"):
        spec = find_spec(package)
        origin = spec.origin if spec is not None else None
        if origin is None:
            continue
        path = Path(origin)
        folder = str(path.parents[1] if path.name.startswith("__init__.") else path.parent)
        if folder not in found:
            found.append(folder)
    return found
