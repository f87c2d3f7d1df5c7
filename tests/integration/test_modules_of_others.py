"""Real libraries that nobody here wrote, copied beside a script, on a node that has none of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

INSTALLED = Path(sysconfig.get_path("purelib"))
LIBRARIES = ("attr", "h11", "idna", "iniconfig", "markdown_it", "mdurl", "pluggy", "pygments", "sortedcontainers")

SCRIPT = """
import asyncio
import sys

import attr
import h11
import pluggy
from sortedcontainers import SortedDict

import beamlike as bl
import nodes
from tests.support.definitions.elsewhere import Elsewhere

hook, impl = pluggy.HookspecMarker("demo"), pluggy.HookimplMarker("demo")


@attr.s(auto_attribs=True, frozen=True)
class Point:
    x: int
    y: int = attr.ib(default=2, validator=attr.validators.gt(1))


class Spec:
    @hook
    def doubled(self, n): ...


class Plugin:
    @impl
    def doubled(self, n):
        return 2 * n


def use():
    import idna
    import iniconfig
    import markdown_it
    import pygments
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    manager = pluggy.PluginManager("demo")
    manager.add_hookspecs(Spec)
    manager.register(Plugin())
    client = h11.Connection(our_role=h11.CLIENT)
    request = h11.Request(method="GET", target="/", headers=[("Host", "example.org")])
    used = attr, h11, idna, iniconfig, markdown_it, pluggy, pygments, sys.modules["sortedcontainers"]
    return {
        "idna": idna.encode("königsgäßchen.example"),
        "iniconfig": iniconfig.IniConfig("x.ini", data="[a]\\nb = 1")["a"]["b"],
        "markdown": markdown_it.MarkdownIt("commonmark").enable("table").render("# *a*\\n\\n[b](c)"),
        "pygments": pygments.highlight("def f(): return 1", get_lexer_by_name("python"), HtmlFormatter()),
        "pluggy": manager.hook.doubled(n=21),
        "h11": client.send(request),
        "sorted": list(SortedDict({3: "c", 1: "a"})),
        "attrs": Point(1),
    }, [module.__file__ for module in used]


async def main():
    async with bl.Node("app@127.0.0.1", secret=b"s"):
        child = await nodes.boot(Elsewhere(installed=["cloudpickle", "msgpack"]))
        there, files = await bl.rpc.call(child.node, use, timeout=60)
        await child.stop(grace=0.1)
    here, own = use()
    assert there == here, (there, here)
    assert type(there["attrs"]) is Point
    assert all(file.startswith("<") and " of app@127.0.0.1 #" in file for file in files), files
    assert all(file.startswith(sys.path[0]) for file in own), own
    print(len(files))


asyncio.run(main())
"""


def test_nine_libraries_are_used_on_a_node_without_them(tmp_path: Path) -> None:
    for library in LIBRARIES:
        shutil.copytree(INSTALLED / library, tmp_path / library, ignore=shutil.ignore_patterns("__pycache__"))
    script = tmp_path / "app.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, str(script)], cwd="/", capture_output=True, text=True, timeout=100, check=False
    )
    assert run.stdout == "8\n", run.stderr
