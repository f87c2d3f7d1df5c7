"""`beamlike attach NODE [PATH]`: a notebook whose cells run in a running node."""

from __future__ import annotations

import argparse

from notebook_tui.cli.main import UserError
from notebook_tui.cli.node_argument import add_node, node_and_address


def configure(parser: argparse.ArgumentParser) -> None:
    add_node(parser)
    parser.add_argument(
        "path", metavar="PATH", nargs="?", help="a .livemd file, made on the first save (default: NODE's name.livemd)"
    )
    parser.add_argument(
        "--plain", action="store_true", help="lines to read and type instead of a screen: for screen readers, and pipes"
    )
    parser.epilog = (
        "Completion, hover and source come from that node. It has nothing of the notebook when you have left.\n"
        "example: beamlike attach orders@10.0.0.5"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    name, _ = node_and_address(options.node)
    from notebook_tui.cli import notebook
    from notebook_tui.session.runtime_kinds import runtime_of

    spec = f"attach:{options.node}"
    try:
        runtime_of(spec)
    except Exception as error:
        raise UserError(str(error)) from error
    path = options.path or f"{name.partition('@')[0]}.livemd"
    return notebook.call(notebook.options_for(path, runtime=spec, plain=options.plain))
