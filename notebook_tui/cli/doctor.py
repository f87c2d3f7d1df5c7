"""`beamlike doctor NODE`: why a node cannot be reached, looked at stage by stage."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from notebook_tui.cli.main import FAILED

if TYPE_CHECKING:
    from notebook_tui.cli.doctor_stages import Stage

_MARKS = {"ok": "ok  ", "failed": "FAIL", "not reached": "-   "}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="NAME@HOST, or NAME@HOST:PORT")
    parser.add_argument("--json", action="store_true", help="print the stages as JSON")
    parser.epilog = (
        "Stages: name, address, TCP, TLS, secret, version, permission, import. What fails comes with its remedy.\n"
        "exit status: 0 all is well, 1 a stage failed\n\n"
        "example: beamlike doctor orders@10.0.0.5:4370"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    from notebook_tui.cli.doctor_stages import Examination

    def tell(stage: Stage) -> None:
        if not options.json:
            print(line(stage), flush=True)

    stages = asyncio.run(Examination(options.node, tell).run())
    if options.json:
        print(json.dumps([asdict(stage) for stage in stages], indent=2))
    else:
        for stage in stages:
            if stage.state == "not reached":
                print(line(stage))
    return 0 if all(stage.state == "ok" for stage in stages) else FAILED


def line(stage: Stage) -> str:
    """
    >>> from notebook_tui.cli.doctor_stages import Stage
    >>> print(line(Stage("TCP", "failed", "nobody listens at 127.0.0.1:4370", "is the service up?")))
    FAIL  TCP         nobody listens at 127.0.0.1:4370
                      → is the service up?
    """
    words = f"{_MARKS[stage.state]}  {stage.name:10}  {stage.found}".rstrip()
    return f"{words}\n{'':18}→ {stage.remedy}" if stage.remedy else words
