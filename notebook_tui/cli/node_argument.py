"""What a command is given as NODE."""

from __future__ import annotations

import argparse

from beamlike.distribution.addresses import Address, split_port
from notebook_tui.cli.main import UserError


def add_node(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="a node that runs: NAME@HOST, or NAME@HOST:PORT")


def node_and_address(text: str) -> tuple[str, Address | None]:
    """
    >>> node_and_address("app@10.0.0.7:4370")
    ('app@10.0.0.7', ('10.0.0.7', 4370))
    """
    try:
        name, address = split_port(text)
    except ValueError as error:
        raise UserError(str(error)) from error
    word, at, host = name.partition("@")
    if not (word and at and host):
        raise UserError(f"expected a node as NAME@HOST or NAME@HOST:PORT, got {text!r}; `beamlike nodes` lists them")
    return name, address
