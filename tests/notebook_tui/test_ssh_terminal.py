"""Views over SSH in the terminals of real clients: keys, sizes, several people, and what becomes of it all."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.support.served_over_ssh import Served, served, until
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("ssh")) as world:
        world.new_key("bob", 'role="run",name="bob",directory="."')
        world.new_key("view", 'role="view",name="view",directory="."')
        until(world.keys_read)
        yield world


@pytest.fixture
def notebook(world: Served, request: pytest.FixtureRequest) -> str:
    """A notebook for this test alone, with one cell that prints 1234."""
    name = f"{abs(hash(request.node.name))}.livemd"
    (world.directory / name).write_text("# Cats\n\n## One\n\n```python\nprint(617 * 2)\n```\n")
    return name


def into_cell(terminal: Terminal) -> None:
    terminal.until("617")
    terminal.type("j", "j", "j", "j", "i")
    terminal.until("EDIT")


def test_what_one_types_the_other_sees_and_both_may_type_at_once(world: Served, notebook: str) -> None:
    with world.terminal("open", notebook) as ann, world.terminal("open", notebook, key=world.place / "bob") as bob:
        into_cell(ann)
        into_cell(bob)
        ann.type("\r# of ann é漢\r")
        bob.until("# of ann é漢")
        ann.type("a1 ")
        bob.type("b1 ")
        ann.type("a2 ")
        bob.type("b2 ")
        for terminal in (ann, bob):
            terminal.until(lambda text: all(word in text for word in ("a1", "a2", "b1", "b2")))


def test_the_view_takes_the_size_of_its_terminal_and_each_new_one(world: Served, notebook: str) -> None:
    with world.terminal("open", notebook, columns=70, lines=20) as terminal:
        terminal.until("617")
        _resize(terminal, 110, 35)
        terminal.until(lambda text: text.count("\n") == 34 and any(len(line) > 90 for line in text.split("\n")))


def test_a_killed_client_leaves_the_session_and_the_next_one_finds_it_as_it_was(world: Served, notebook: str) -> None:
    with world.terminal("open", notebook) as terminal:
        into_cell(terminal)
        terminal.type("# kept\r")
        terminal.until("# kept")
        until(lambda: notebook in world.do("list").stdout)
        terminal.kill()
    with world.terminal("open", notebook) as terminal:
        terminal.until("# kept")
        _leave(terminal)


def test_a_run_goes_on_while_its_line_is_cut(world: Served, notebook: str) -> None:
    begun, may_end = world.place / f"{notebook}.begun", world.place / f"{notebook}.may_end"
    # The cell polls, since a file tells no event.
    source = f"""\
import pathlib, time
pathlib.Path({os.fspath(begun)!r}).touch()
while not pathlib.Path({os.fspath(may_end)!r}).exists():
    time.sleep(0.05)
print(617 * 2)"""
    (world.directory / notebook).write_text(f"# Cats\n\n```python\n{source}\n```\n")
    with _line(world.port) as line, world.terminal("open", notebook, port=line.port) as terminal:
        terminal.until("617")
        terminal.type("j", "j", "j", "j", "e", "e")
        terminal.until(lambda _: begun.exists())  # and reads: a client whose terminal is full reads no keys either
        line.cut()
        assert terminal.wait() != 0
    may_end.touch()
    with world.terminal("open", notebook) as terminal:
        terminal.until("1234")
        _leave(terminal)


def test_a_terminal_that_takes_nothing_holds_nobody_up(world: Served, notebook: str) -> None:
    with (
        _line(world.port) as line,
        world.terminal("open", notebook, port=line.port) as slow,
        world.terminal("open", notebook, key=world.place / "bob") as other,
    ):
        slow.until("617")
        into_cell(other)
        line.hold()
        for number in range(12):
            other.type(f"line{number}\r")
            other.until(f"line{number}")
        line.resume()
        slow.until("line11")


def test_who_may_only_look_changes_nothing(world: Served, notebook: str) -> None:
    with world.terminal("open", notebook, key=world.place / "view") as terminal:
        terminal.until("617")
        terminal.type("j", "j", "j", "j", "i", "x", "y", "z", "escape", "e", "e")
        terminal.until("view")
        terminal.type("escape")
        _leave(terminal)
    assert "xyz" not in (world.directory / notebook).read_text()


def test_home_shows_the_directory_of_the_key_and_no_way_leads_up(world: Served, notebook: str) -> None:
    with world.terminal() as terminal:
        terminal.until(notebook)
        terminal.type("h")
        terminal.until("You may see this directory")
        _leave(terminal)


def test_home_offers_new_notebooks_to_those_alone_who_may_make_them(world: Served, notebook: str) -> None:
    (world.directory / "script.py").write_text("x = 1\n")
    with world.terminal() as terminal:
        terminal.until(lambda text: all(words in text for words in ("New notebook", "n new", "script.py")))
        _leave(terminal)
    with world.terminal(key=world.place / "view") as terminal:
        text = terminal.until(lambda text: notebook in text and "q quit" in text)
        assert "New notebook" not in text
        assert "n new" not in text
        assert "script.py" not in text
        terminal.type("n")
        terminal.until("You may look at notebooks")
        _leave(terminal)


def test_a_view_leaves_nothing_behind(world: Served, notebook: str) -> None:
    """Neither descriptors nor threads: a view that has gone is counted nowhere."""
    front = psutil.Process(world.front)

    def come_and_go() -> None:
        with world.terminal("open", notebook) as terminal:
            terminal.until("617")
            _leave(terminal)

    come_and_go()
    until(lambda: world.do("help").returncode == 0)
    files, threads = until(lambda: _resting(front))
    visits = 4
    for _ in range(visits):
        come_and_go()

    def nothing_is_left() -> bool:
        now = _resting(front)
        # A loop may have given its executor another thread meanwhile, which stays: not one for each visit.
        return now is not None and now[0] <= files and now[1] < threads + visits

    until(nothing_is_left)


def test_a_process_of_views_that_dies_is_begun_again_at_the_same_port_and_the_sessions_are_as_they_were(
    world: Served, notebook: str
) -> None:
    with world.terminal("open", notebook) as terminal:
        into_cell(terminal)
        terminal.type("# before\r")
        terminal.until(lambda text: "# before" in text and "unsaved" in text)  # the session has it
        until(lambda: notebook in world.do("list").stdout)
        front = world.front
        os.kill(front, signal.SIGKILL)
        assert terminal.wait() != 0
    with world.terminal("open", notebook) as terminal:
        terminal.until("# before")
        assert world.front != front
        _leave(terminal)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_parts_its_terminals_with_a_status_to_come_again(
    tmp_path: Path, how: signal.Signals
) -> None:
    with served(tmp_path / "ssh") as world, world.terminal() as terminal:
        terminal.until("HOME")
        os.kill(world.server, how)
        assert terminal.wait() in (75, 255)  # a view that takes longer to leave is cut off, which its client knows too


def _leave(terminal: Terminal) -> None:
    terminal.type("ctrl+q")
    terminal.until(
        lambda text: "Detach" in text or not text.strip() or "closed" in text or terminal.program.poll() is not None
    )
    if terminal.program.poll() is None and "Detach" in terminal.text():
        terminal.type("d")
    assert terminal.wait() == 0


def _resize(terminal: Terminal, columns: int, lines: int) -> None:
    terminal.screen.resize(lines, columns)
    fcntl.ioctl(terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    terminal.program.send_signal(signal.SIGWINCH)


def _resting(process: psutil.Process) -> tuple[int, int] | None:
    """Open files and threads, when it has no connection."""
    connections = [each for each in process.net_connections("tcp") if each.status == "ESTABLISHED" and each.raddr]
    return (process.num_fds(), process.num_threads()) if len(connections) <= 3 else None


class _Line:
    """A way to the server that can be held, so that nothing passes, or cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._entrance = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._entrance.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._socks: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    def cut(self) -> None:
        for sock in self._socks:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._entrance.close()
        self.resume()
        self.cut()
        for sock in self._socks:
            sock.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                inner, _ = self._entrance.accept()
                outer = socket.create_connection(("127.0.0.1", self._target))
                outer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                self._socks += [inner, outer]
                for source, sink in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4_096):
                self._open.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def _line(target: int) -> Iterator[_Line]:
    line = _Line(target)
    try:
        yield line
    finally:
        line.close()
