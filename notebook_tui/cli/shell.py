"""`beamlike shell NODE`: a prompt that evaluates in a running node, with lines to edit, a history and completion.

The main thread reads lines, where Ctrl+C arrives; the node that visits the other has a thread for itself. Ctrl+C ends
what is being evaluated there, Ctrl+D the shell, and so does a third Ctrl+C where the first two ended nothing.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import sys
import threading
from codeop import Compile
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import beamlike as bl
from notebook_tui.cli.main import FAILED, INTERRUPTED, UserError
from notebook_tui.cli.node_argument import add_node, node_and_address

if TYPE_CHECKING:
    from beamlike.distribution.addresses import Address
    from notebook_tui.runtime.messages import Finished
    from notebook_tui.session.visitor import Visitor

T = TypeVar("T")

LOOK_SECONDS = 0.05
"""So often who waits in the main thread lets a Ctrl+C in."""
LEAVE_SECONDS = 3.0
"""For the word to the other node that nobody waits any more; it may be that its loop does not turn."""
INTERRUPTS = 2
"""Whoever presses Ctrl+C once more than that leaves."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_node(parser)
    parser.epilog = (
        "Ctrl+C interrupts what is evaluated, Ctrl+D leaves, Tab completes by what lives there.\n"
        "Code in C is interrupted when it returns; a third Ctrl+C leaves before that, with exit status 130.\n"
        "example: beamlike shell orders@10.0.0.5"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    name, address = node_and_address(options.node)
    visit = Visit(name, address)
    try:
        visit.begin()
    except bl.NotConnected as error:
        raise UserError(str(error)) from error
    try:
        return Shell(visit, sys.stdin.isatty()).run()
    except Left:
        visit.give_up()
        return INTERRUPTED
    finally:
        visit.end()


class Left(Exception):
    """Whoever types does not wait for what runs there."""


class Visit:
    """A visitor on an event loop in a thread of its own, for the main thread."""

    def __init__(self, name: str, address: Address | None) -> None:
        self.name = name
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._asked: asyncio.Queue[tuple[Callable[[Visitor], Coroutine[Any, Any, Any]], Future[Any]] | None]
        self._begun: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="visit", daemon=True)
        self._visitor: Visitor | None = None
        self._visiting: asyncio.Task[None] | None = None
        self._patience: float | None = None

    def begin(self) -> None:
        """Raises what keeps it from visiting."""
        self._thread.start()
        self.wait(self._begun)

    def end(self) -> None:
        if self._patience is None:
            self._loop.call_soon_threadsafe(self._asked.put_nowait, None)
        self._thread.join(self._patience)

    def give_up(self) -> None:
        """What was asked is not waited for, at the end neither."""
        self._patience = LEAVE_SECONDS
        if self._visiting is not None:
            self._loop.call_soon_threadsafe(self._visiting.cancel)

    def ask(self, question: Callable[[Visitor], Coroutine[Any, Any, T]]) -> Future[T]:
        answer: Future[T] = Future()
        self._loop.call_soon_threadsafe(self._asked.put_nowait, (question, answer))
        return answer

    def interrupt(self) -> None:
        if self._visitor is not None:
            self._loop.call_soon_threadsafe(self._visitor.interrupt)

    @staticmethod
    def wait(future: Future[T]) -> T:
        """As `result`, but a Ctrl+C comes in between."""
        while True:
            try:
                return future.result(LOOK_SECONDS)
            except TimeoutError:
                if future.done():
                    raise

    def _run(self) -> None:
        self._visiting = self._loop.create_task(self._serve())
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._visiting)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        from notebook_tui.session.visitor import Visitor

        self._asked = asyncio.Queue()
        try:
            async with Visitor.at(self.name, self._address, "shell") as visitor:
                self._visitor = visitor
                self._begun.set_result(None)
                while (asked := await self._asked.get()) is not None:
                    question, answer = asked
                    try:
                        answer.set_result(await question(visitor))
                    except Exception as error:
                        answer.set_exception(error)
        except Exception as error:
            if self._begun.done():
                raise
            self._begun.set_exception(error)


class Shell:
    def __init__(self, visit: Visit, is_terminal: bool) -> None:
        self._visit = visit
        self._is_terminal = is_terminal
        self._compile = Compile()
        self._compile.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._lines: list[str] = []
        self._failed = False

    def run(self) -> int:
        """Until the end of input. Where nobody types, what fails makes the exit status 1."""
        history = self._edit_lines() if self._is_terminal else None
        if self._is_terminal:
            print(f"beamlike shell on {self._visit.name}: Ctrl+C interrupts, Ctrl+D leaves")
        try:
            while True:
                try:
                    self._turn()
                except KeyboardInterrupt:
                    self._lines.clear()
                    print("\nKeyboardInterrupt", flush=True)
                except EOFError:
                    break
        finally:
            if history is not None:
                _keep(history)
        if self._is_terminal:
            print()
        if self._lines:
            self._evaluate()
        return FAILED if self._failed and not self._is_terminal else 0

    def _turn(self) -> None:
        self._visit.wait(self._visit.ask(lambda visitor: visitor.drain(_show)))
        line = input(self._prompt()) if self._is_terminal else _line()
        self._lines.append(line)
        if is_complete("\n".join(self._lines), self._compile):
            self._evaluate()

    def _prompt(self) -> str:
        return "... " if self._lines else f"{self._visit.name.partition('@')[0]}> "

    def _evaluate(self) -> None:
        source, self._lines = "\n".join(self._lines), []
        if not source.strip():
            return
        from notebook_tui.session.visitor import failure_of

        future = self._visit.ask(lambda visitor: visitor.evaluate(source, _show, self._ask))
        outcome = self._waited_for(future).outcome
        if outcome.status != "ok":
            self._failed = True
            print(failure_of(outcome).traceback.rstrip("\n"), file=sys.stderr, flush=True)
        elif outcome.result is not None:
            print(outcome.result, flush=True)

    def _waited_for(self, future: Future[Finished]) -> Finished:
        interrupts = heeded = 0
        while True:
            try:
                while heeded < interrupts:  # here, where another one is counted as well
                    heeded += 1
                    self._heed(heeded)
                return self._visit.wait(future)
            except KeyboardInterrupt:
                interrupts += 1

    def _heed(self, interrupts: int) -> None:
        if interrupts > INTERRUPTS:
            _say(f"left; on {self._visit.name} it ends when its code in C returns")
            raise Left
        self._visit.interrupt()
        if interrupts == INTERRUPTS:
            _say("it goes on: code in C is interrupted when it returns; Ctrl+C once more leaves the shell")

    def _ask(self, prompt: str, hidden: bool) -> str | None:
        # On the visit's own thread: an `input()` over there is seldom, and nothing else is to be done meanwhile.
        if not self._is_terminal:
            return None
        from getpass import getpass

        try:
            return getpass("") if hidden else sys.stdin.readline().rstrip("\n")
        except EOFError:
            return None

    def _edit_lines(self) -> Path | None:
        try:
            import readline
        except ImportError:  # a Python without it
            return None
        readline.set_completer_delims(" \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?.")
        readline.set_completer(Completer(self._visit, lambda: self._lines, readline).propose)
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        return _history(readline)


class Completer:
    def __init__(self, visit: Visit, lines: Callable[[], list[str]], readline: Any) -> None:
        self._visit = visit
        self._lines = lines
        self._readline = readline
        self._found: list[str] = []

    def propose(self, text: str, state: int) -> str | None:
        """For readline: the proposal of that number, None after the last. Nothing is raised into it."""
        if state == 0:
            before = self._readline.get_line_buffer()[: self._readline.get_endidx()]
            source = "\n".join([*self._lines(), before])
            try:
                items = self._visit.wait(self._visit.ask(lambda visitor: visitor.complete(source, len(source))))
                self._found = [item.label for item in items if item.label.startswith(text)]
            except Exception:
                self._found = []
        return self._found[state] if state < len(self._found) else None


def is_complete(source: str, compiler: Callable[[str, str, str], object]) -> bool:
    """Whether it can be evaluated as it stands, or is wrong whatever comes. A block ends with an empty line.

    >>> compiler = Compile()
    >>> is_complete("1 + 1", compiler), is_complete("for x in y:", compiler), is_complete("f(", compiler)
    (True, False, False)
    >>> is_complete("for x in y:\\n    x", compiler), is_complete("for x in y:\\n    x\\n", compiler)
    (False, True)
    """
    lines = source.split("\n")
    is_block = len(lines) > 1 and any(line.startswith((" ", "\t")) for line in lines)
    if is_block and lines[-1].strip():
        return False
    try:
        compiler(source + "\n", "<shell>", "exec")
    except SyntaxError as error:
        return not _may_go_on(error)
    except (ValueError, OverflowError, RecursionError, MemoryError):
        return True
    return True


_UNENDED = (
    "incomplete input",
    "unexpected EOF",
    "was never closed",
    "expected an indented block",
    "unterminated triple-quoted",
    "expected 'except'",
)


def _may_go_on(error: SyntaxError) -> bool:
    return any(part in str(error.msg) for part in _UNENDED)


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _show(stream: str, text: str) -> None:
    print(text, end="", flush=True, file=sys.stderr if stream == "stderr" else sys.stdout)


def _say(words: str) -> None:
    print(f"\nbeamlike: {words}", file=sys.stderr, flush=True)


def _history(readline: Any) -> Path | None:
    from notebook_tui.session.state_directory import state_directory

    try:
        path = state_directory() / "shell-history"
        path.touch(mode=0o600)
        readline.read_history_file(path)
    except OSError:
        return None
    readline.set_history_length(1000)
    return path


def _keep(history: Path) -> None:
    import readline

    with suppress(OSError):
        readline.write_history_file(history)
        history.chmod(0o600)
