"""The interpreter that children on this machine run in: which it is, its environment, and where it finds modules.

It imports what is installed here. What is not, the modules beside a script or notebook, it has to ask for as a child on
any other machine would: so it sees them change, and nobody finds out only there that one is missing.
"""

from __future__ import annotations

import os
import resource
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from beamlike.code.modules.roots import installed_path
from beamlike.code.requirements.store import environments_path
from beamlike.distribution import secret
from beamlike.kernel.record import frozen

LIFELINE_VARIABLE = "BEAMLIKE_LIFELINE"
SECRET_VARIABLE = "BEAMLIKE_USERS_SECRET"
"""Tells a child that it is to have its user's secret, and to read on its standard input what `secret.VARIABLE` is."""
ZYGOTE_VARIABLE = "BEAMLIKE_ZYGOTE"
"""Tells a zygote which descriptor its socket is."""
_PATH_VARIABLE = "BEAMLIKE_PATH"
# The path goes by a variable of our own: PYTHONPATH would reach every Python program that the child's code starts, of
# whatever version.
_PROGRAM = f"""\
import gc, os, sys
{{before}}
path = os.environ.pop({_PATH_VARIABLE!r}).split(os.pathsep)
own = path.index("")
sys.path[:] = dict.fromkeys([*path[:own], *sys.path, *path[own + 1:]])
from beamlike.code.modules.roots import installed_path
sys.path[:] = installed_path(sys.path)
from {{module}} import main
main()
"""


_LIMITS = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))


@frozen
class Interpreter:
    """Two that are equal give children that are alike. `preload` names modules that are imported before a fork;
    `limits` are what a child inherits besides."""

    python: str
    variables: tuple[tuple[str, str], ...]
    preload: tuple[str, ...] = ()
    limits: tuple[object, ...] = ()

    def command(self, module: str, *, collects: bool = True) -> list[str]:
        """Runs `main` of that module of ours. Unless it `collects`, nobody looks for garbage until that says how often:
        what is imported is none, and to look at it takes a tenth of the time."""
        before = "" if collects else "gc.set_threshold(0)"
        return [self.python, "-P", "-c", _PROGRAM.format(module=module, before=before)]

    def environment(self, told: Mapping[str, str]) -> dict[str, str]:
        return {**dict(self.variables), **told}


def interpreter(python: str, env: Mapping[str, str], preload: tuple[str, ...] = ()) -> Interpreter:
    """As this process is now: its environment with `env` in it, and its path."""
    # The child has a secret that serves once, and its code no business with the long-lived one.
    ours = {name: value for name, value in os.environ.items() if name not in (secret.VARIABLE, SECRET_VARIABLE)}
    path = os.pathsep.join(_path())
    variables = tuple(sorted({**ours, **env, _PATH_VARIABLE: path}.items()))
    return Interpreter(python, variables, preload, limits())


def limits() -> tuple[object, ...]:
    """The umask of this process, where the system tells it without a change, and what it may use of everything."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        umask = ""
    else:
        umask = next((line for line in status.splitlines() if line.startswith("Umask:")), "")
    return umask, *(resource.getrlimit(getattr(resource, name)) for name in _LIMITS)


def _path() -> list[str]:
    """Where this interpreter finds what is installed, with "" for its standard library: the child has its own."""
    library = os.path.dirname(os.__file__)
    archive = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    standard = (library, os.path.join(library, "lib-dynload"), os.path.join(os.path.dirname(library), archive))
    path = ["" if entry in standard else entry for entry in installed_path(sys.path)]
    environments = str(environments_path())
    # Where a command was started from is on its path, and no place for modules.
    commands = {sysconfig.get_path("scripts"), os.path.dirname(sys.executable)}
    kept = (entry for entry in path if os.path.dirname(entry) != environments and entry not in commands)
    return list(dict.fromkeys([*kept, ""]))
