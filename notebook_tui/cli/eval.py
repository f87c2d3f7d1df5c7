"""`beamlike eval NODE CODE`: evaluates in a running node, and prints the result."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

import beamlike as bl
from notebook_tui.cli.main import FAILED, UserError
from notebook_tui.cli.node_argument import add_node, node_and_address

if TYPE_CHECKING:
    from notebook_tui.runtime.messages import Finished


def configure(parser: argparse.ArgumentParser) -> None:
    add_node(parser)
    parser.add_argument("code", metavar="CODE", help="Python; `await` may stand at its top. `-` reads standard input")
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="interrupt it after so many seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the result and the output")
    parser.epilog = (
        "Code without await runs in a thread there. Code that awaits runs on the service's event loop, which it may\n"
        "keep for 0.25 s. Each evaluation is written to the service's audit log.\n"
        "exit status: 0 it was evaluated, 1 it raised or took too long, 2 the node cannot be reached\n\n"
        "examples: beamlike eval app@127.0.0.1 'import gc; len(gc.get_objects())'\n"
        "          beamlike eval app@10.0.0.7:4370 - --timeout 10 < look.py"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    name, address = node_and_address(options.node)
    source = sys.stdin.read() if options.code == "-" else options.code
    texts: dict[str, list[str]] = {"stdout": [], "stderr": []}

    def show(stream: str, text: str) -> None:
        if options.json:
            texts[stream].append(text)
        else:
            print(text, end="", flush=True, file=sys.stderr if stream == "stderr" else sys.stdout)

    async def evaluated() -> Finished:
        from notebook_tui.session.visitor import Visitor

        async with Visitor.at(name, address, "eval") as visitor:
            return await visitor.evaluate(source, show, timeout=options.timeout)

    try:
        finished = asyncio.run(evaluated())
    except TimeoutError:
        return _failed(options, texts, f"it did not end within {options.timeout:g} s and was interrupted")
    except bl.NotConnected as error:
        raise UserError(str(error)) from error
    return _told(options, texts, finished)


def _told(options: argparse.Namespace, texts: dict[str, list[str]], finished: Finished) -> int:
    from notebook_tui.session.visitor import failure_of

    outcome = finished.outcome
    failed = outcome.status != "ok"
    if options.json:
        error = None
        if failed:
            failure = failure_of(outcome)
            error = {"type": failure.type, "message": failure.message, "traceback": failure.traceback}
        _print_json(outcome.status, outcome.result, texts, finished.seconds, error)
    elif failed:
        print(failure_of(outcome).traceback.rstrip("\n"), file=sys.stderr)
    elif outcome.result is not None:
        print(outcome.result)
    return FAILED if failed else 0


def _failed(options: argparse.Namespace, texts: dict[str, list[str]], words: str) -> int:
    if options.json:
        error = {"type": "TimeoutError", "message": words, "traceback": ""}
        _print_json("interrupted", None, texts, options.timeout, error)
    else:
        print(f"beamlike: {words}", file=sys.stderr)
    return FAILED


def _print_json(
    status: str, result: str | None, texts: dict[str, list[str]], seconds: float, error: dict[str, str] | None
) -> None:
    outputs = {stream: "".join(said) for stream, said in texts.items()}
    print(json.dumps({"status": status, "result": result, **outputs, "seconds": seconds, "error": error}))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise ValueError("expected more than 0")
    return seconds
