"""A child that starts as a program is up when it has imported what a node needs, and so that is to be little."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import beamlike as bl
import nodes

OF_PLATFORMS = (
    "kubernetes",
    "httpx",
    "textual",
    "websockets",
    "asyncssh",
    "cryptography",
    "nodes.tunnels",
    "nodes.booting",
)
ONLY_FEW_NEED = ("tempfile", "shutil", "json", "difflib", "importlib.resources", "beamlike.behaviours.agent", "flame")


def test_a_child_imports_nothing_that_few_need() -> None:
    program = f"""
import sys
import nodes.child, beamlike.node, beamlike.distribution.rpc
print(*[it for it in {(*ONLY_FEW_NEED, *OF_PLATFORMS)!r} if it in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_child_that_has_joined_has_imported_nothing_of_any_platform() -> None:
    async def main() -> set[str]:
        async with bl.Node("imports@127.0.0.1", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local(zygote=False), timeout=20)
            imported: set[str] = await bl.rpc.call(child.node, imported_there, timeout=20)
            await child.stop(grace=0.1)
            return imported

    imported = asyncio.run(main())
    assert "nodes.child" in imported or "__main__" in imported
    assert imported.isdisjoint(OF_PLATFORMS)


def imported_there() -> set[str]:
    return set(sys.modules)
