"""A child that starts as a program is up when it has imported what a node needs, and so that is to be little."""

from __future__ import annotations

import subprocess
import sys

ONLY_FEW_NEED = ("tempfile", "shutil", "json", "difflib", "importlib.resources", "beamlike.behaviours.agent", "flame")


def test_a_child_imports_nothing_that_few_need() -> None:
    program = f"""
import sys
import nodes.child, beamlike.node, beamlike.distribution.rpc
print(*[it for it in {ONLY_FEW_NEED!r} if it in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
