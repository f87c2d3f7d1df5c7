"""A server that listens for people, and the real client of OpenSSH: who is let in, and what they may do."""

from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from notebook_tui.ssh.runs import AGAIN, MOST_OF_ONE
from tests.support.in_loop import in_loop
from tests.support.served_over_ssh import DEADLINE, Served, done, served, until

NOTEBOOK = """# Cats

## One

```python
print("hello")
1 / 0
```
"""
IGNORE, USERAUTH_SUCCESS, CHANNEL_OPEN_CONFIRMATION = 2, 52, 91
"""Of the protocol's messages, by number."""
REFUSED = 255
"""What ssh ends with when it is not let in."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("ssh")) as world:
        for role in ("view", "edit", "run"):
            world.new_key(role, f'role="{role}",name="{role}",directory="shared"')
        (world.directory / "shared").mkdir()
        (world.directory / "shared" / "cats.livemd").write_text(NOTEBOOK)
        (world.directory / "shared" / "out").symlink_to(world.directory)
        (world.directory / "private.livemd").write_text(NOTEBOOK)
        until(world.keys_read)
        yield world


def logged(world: Served, **facts: object) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the log with these."""
    return lambda: [line for line in world.log if facts.items() <= line.items()]


class TestCommands:
    def test_run_gives_outputs_errors_and_status_of_the_notebook(self, world: Served) -> None:
        ran = world.do("run", "cats.livemd", key=world.place / "run")
        assert "hello" in ran.stdout
        assert "cell 1" in ran.stderr
        assert ran.returncode == 1

    def test_inputs_reach_a_run_and_stand_in_no_log_and_among_no_words_of_a_program(self, world: Served) -> None:
        source = """\
import notebook_tui as nb, psutil
names = [nb.input(name).value for name in ("By stdin", "By both", "By word")]
words = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
print(names, [each for each in words if "notebook_tui run" in each])"""
        (world.directory / "inputs.livemd").write_text(f"# Inputs\n\n```python\n{source}\n```\n")
        words = ("run", "inputs.livemd", "--input", "'By both=seven'", "--input", "'By word=eight'")
        given = '{"By stdin": 64, "By both": "nine"}'
        ran = done(world.ssh(*words, "--inputs", "-"), given)
        assert (ran.stderr, ran.returncode) == ("", 0)
        names, _, words_there = ran.stdout.partition("] [")
        assert "['64', 'seven', 'eight'" in names
        assert "run --inputs - -- " in words_there
        assert "seven" not in words_there
        assert "eight" not in words_there
        until(logged(world, event="command", command="run inputs.livemd --input --input --inputs"))

    @pytest.mark.parametrize(
        ("flag", "given", "why"),
        [
            ("-T", "swordfish", "expected the inputs as a JSON object of labels with values"),
            ("-T", " " * 1_000_001, "expected 1,000,000 bytes by standard input at most, got more"),
            ("-tt", "", "expected no terminal (ssh -T HOST …) where the inputs come by standard input"),
        ],
    )
    def test_inputs_that_make_no_sense_are_refused_in_words(
        self, world: Served, flag: str, given: str, why: str
    ) -> None:
        said = done(world.ssh(flag, "run", "cats.livemd", "--inputs", "-", key=world.place / "run"), given)
        assert said.returncode == 2
        assert why in said.stdout + said.stderr
        assert "swordfish" not in said.stdout + said.stderr

    def test_run_takes_a_key_with_that_role(self, world: Served) -> None:
        ran = world.do("run", "cats.livemd", key=world.place / "edit")
        assert ran.returncode == 2
        why = "that takes a key with the role run; yours has edit"
        assert ran.stderr.strip() == f"beamlike: {why}"
        until(logged(world, event="refused", name="edit", why=why))

    @pytest.mark.parametrize("path", ["../private.livemd", "out/private.livemd", "/etc/passwd"])
    @pytest.mark.parametrize("command", ["run", "open"])
    def test_no_command_leads_out_of_the_directory_of_the_key(self, world: Served, command: str, path: str) -> None:
        said = done(world.ssh("-tt" if command == "open" else "-T", command, path, key=world.place / "run"))
        assert said.returncode == 2
        assert "is not in the directory that you may see" in said.stdout + said.stderr
        until(logged(world, event="command", name="run", command=f"{command} {path}"))
        until(logged(world, event="refused", name="run", why=f"{path!r} is not in the directory that you may see"))

    @pytest.mark.parametrize(
        "words", [("bash",), ("sh", "-c", "id"), ("scp", "-t", "/tmp"), ("run", "a", "--output=b")]
    )
    def test_there_is_no_shell_and_what_there_is_is_said(self, world: Served, words: tuple[str, ...]) -> None:
        said = done([*world.ssh(), *words])
        assert said.returncode == 2
        assert not said.stdout
        assert said.stderr.startswith("beamlike: ")
        until(logged(world, event="refused", name="ann", why="there is no such command"))

    def test_help_says_what_there_is_and_list_what_is_open(self, world: Served) -> None:
        assert "open FILE" in world.do("help", key=world.place / "view").stdout
        assert world.do("list").returncode == 0

    def test_without_a_terminal_a_view_says_that_it_takes_one(self, world: Served) -> None:
        said = world.do("-T")
        assert said.returncode == 2
        assert "expected a terminal" in said.stderr

    def test_a_run_ends_when_its_client_does(self, world: Served) -> None:
        mark = world.place / "begun"
        source = f"""\
import os, pathlib, time
pathlib.Path({os.fspath(mark)!r}).write_text(str(os.getpid()))
time.sleep(600)"""  # until it is ended
        (world.directory / "long.livemd").write_text(f"# Long\n\n```python\n{source}\n```\n")
        with subprocess.Popen(
            world.ssh("run", "long.livemd"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as client:
            pid = int(until(lambda: mark.exists() and mark.read_text()))
            client.kill()
        until(lambda: not _lives(pid))

    def test_more_runs_at_a_time_than_one_may_have_are_refused_in_words_and_with_a_status_to_try_again(
        self, world: Served
    ) -> None:
        begun, enough = world.place / "runs", world.place / "enough"
        begun.mkdir()
        source = f"""\
import os, pathlib, time
(pathlib.Path({os.fspath(begun)!r}) / str(os.getpid())).touch()
while not os.path.exists({os.fspath(enough)!r}): time.sleep(0.05)"""
        (world.directory / "waits.livemd").write_text(f"# Waits\n\n```python\n{source}\n```\n")
        key = world.new_key("many", 'role="run",name="many"')
        until(world.keys_read)
        words = world.ssh("run", "waits.livemd", key=key)
        runs = [subprocess.Popen(words, stdin=subprocess.DEVNULL) for _ in range(MOST_OF_ONE)]
        try:
            until(lambda: len(list(begun.iterdir())) == MOST_OF_ONE)
            refused = world.do("run", "private.livemd", key=key)
            other = world.do("run", "private.livemd")
        finally:
            enough.touch()
        assert [each.wait(DEADLINE) for each in runs] == [0] * MOST_OF_ONE
        assert refused.returncode == AGAIN
        assert "4 runs of yours are under way, the most at a time: try again when one is over" in refused.stderr
        assert "hello" in other.stdout
        assert "hello" in world.do("run", "private.livemd", key=key).stdout


class TestForwarding:
    @pytest.mark.parametrize("way", ["-L", "-R"])
    def test_no_port_is_forwarded(self, world: Served, way: str) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            forward = f"{_free_port()}:127.0.0.1:{taken.getsockname()[1]}"
            said = done([*world.ssh()[:-1], "-o", "ExitOnForwardFailure=yes", way, forward, world.host, "help"])
            if way == "-R":
                assert said.returncode == REFUSED
                assert "remote port forwarding failed" in said.stderr
            taken.settimeout(0)
            with pytest.raises(BlockingIOError):
                taken.accept()

    def test_a_connection_through_the_server_is_refused_in_words(self, world: Served) -> None:
        said = done([*world.ssh(options={"LogLevel": "INFO"})[:-1], "-W", "127.0.0.1:1", world.host])
        assert said.returncode == REFUSED
        assert "beamlike forwards no ports" in said.stderr
        until(logged(world, event="refused", why="ports are not forwarded here: 127.0.0.1:1"))

    def test_there_is_no_sftp(self, world: Served) -> None:
        said = done([*world.ssh("-s"), "sftp"])
        assert said.returncode == REFUSED
        until(logged(world, event="refused", name="ann", why="there is no subsystem sftp"))

    @in_loop
    async def test_what_was_refused_takes_no_channel_from_what_comes_after_it(self, world: Served) -> None:
        async with world.connect() as conn:
            for _ in range(12):
                with pytest.raises(asyncssh.ChannelOpenError):
                    await conn.create_process(subsystem="sftp")
            assert "open FILE" in str((await conn.run("help")).stdout)

    @in_loop
    async def test_who_has_logged_in_is_sent_no_packet_that_is_empty(
        self, world: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        received: list[int] = []

        def note(conn: object, pkttype: int, *_: object, **__: object) -> None:
            received.append(pkttype)

        monkeypatch.setattr(asyncssh.SSHClientConnection, "log_received_packet", note)
        async with asyncssh.connect(
            world.host, world.port, known_hosts=None, client_keys=[str(world.key)], config=[], agent_path=None
        ) as conn:
            assert "open FILE" in str((await conn.run("help")).stdout)
        after_login = received[received.index(USERAUTH_SUCCESS) + 1 :]
        assert CHANNEL_OPEN_CONFIRMATION in after_login
        assert IGNORE not in after_login


class TestKeys:
    def test_a_login_is_logged_with_name_key_and_address(self, world: Served) -> None:
        world.do("help", key=world.place / "view")
        line = until(logged(world, event="login", name="view"))[-1]
        assert line["role"] == "view"
        assert line["directory"] == "shared"
        assert line["address"] == world.host
        shown = subprocess.run(
            ["ssh-keygen", "-lf", world.place / "view.pub"], capture_output=True, text=True, check=True
        )
        assert line["key"] in shown.stdout

    def test_a_key_that_is_not_known_is_refused_and_logged(self, world: Served) -> None:
        said = world.do("help", key=world.new_key("stranger"), BindAddress="127.0.1.1")
        assert said.returncode == REFUSED
        assert "Permission denied (publickey)" in said.stderr
        until(logged(world, event="refused", why="the key is not known"))
        shown = r"(?m)^\d{4}-.* WARNING beamlike\.ssh: refused .*the key is not known"
        until(lambda: re.search(shown, (world.place / "server.log").read_text()))

    def test_no_password_is_asked_for(self, world: Served) -> None:
        said = world.do("help", PreferredAuthentications="password,keyboard-interactive", BindAddress="127.0.1.2")
        assert said.returncode == REFUSED
        assert "Permission denied (publickey)" in said.stderr

    @pytest.mark.parametrize(
        ("name", "option", "why"),
        [
            ("old", 'expiry-time="20200101Z"', "the key has expired (2020-01-01 00:00 UTC)"),
            ("far", 'from="192.0.2.0/24"', "the key is not for the address 127.0.1.3"),
            ("lost", 'directory="../state"', "the key's directory '../state' is not in the one that is served"),
            ("gone", 'directory="nowhere"', "the key's directory 'nowhere' is not there"),
        ],
    )
    def test_a_key_that_opens_nothing_now_is_refused_and_the_log_says_why(
        self, world: Served, name: str, option: str, why: str
    ) -> None:
        key = world.new_key(name, option)
        # The file is looked at once a second; until then the key is none at all.
        until(world.keys_read)
        assert world.do("help", key=key, BindAddress="127.0.1.3").returncode == REFUSED
        until(logged(world, event="refused", why=why))

    def test_of_a_file_of_one_person_the_name_is_that_of_the_file(self, world: Served) -> None:
        key = world.new_key("laptop")
        folder = world.authorized_keys.parent / "keys.d"
        folder.mkdir(exist_ok=True)
        (folder / "carol.keys").write_text(key.with_suffix(".pub").read_text())
        until(world.keys_read)
        assert world.do("help", key=key).returncode == 0
        until(logged(world, event="login", name="carol", role="run"))

    def test_a_revoked_key_closes_what_it_had_opened_with_a_word(self, world: Served) -> None:
        key = world.new_key("bob", 'role="edit",name="bob",directory="shared"')
        until(world.keys_read)
        assert world.do("help", key=key).returncode == 0
        with world.terminal("open", "cats.livemd", key=key) as terminal:
            terminal.until("Cats")
            kept = [line for line in world.authorized_keys.read_text().splitlines() if 'name="bob"' not in line]
            # As editors do it: whoever looks meanwhile finds no file without keys.
            beside = world.place / "kept"
            beside.write_text("\n".join(kept) + "\n")
            beside.replace(world.authorized_keys)
            terminal.until("your key opens nothing here any more")
            assert terminal.wait() != 0
        assert world.do("help", key=key, BindAddress="127.0.1.4").returncode == REFUSED

    def test_the_servers_own_key_stays_and_is_shown_in_its_log(self, world: Served) -> None:
        world.do("help")
        known = subprocess.run(
            ["ssh-keygen", "-lf", world.place / "known_hosts"], capture_output=True, text=True, check=True
        )
        assert known.stdout.split()[1] in (world.place / "server.log").read_text()


class TestHostility:
    """Each is refused and logged, and whoever has a key comes in beside it."""

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"SSH-1.5-old\r\n",
            b"SSH-2.0-x\r\n" + b"\xff" * 4_096,
            b"SSH-2.0-x\r\n" + b"\x7f\xff\xff\xff" + b"\0" * 4_096,
            b"x" * 100_000,
            b"line\r\n" * 20_000,
            random.Random(1).randbytes(50_000),
        ],
        ids=["nothing", "http", "tls", "ssh1", "noise", "huge packet", "huge line", "huge banner", "random"],
    )
    def test_what_is_no_protocol_is_refused_and_the_server_goes_on(
        self, world: Served, said: bytes, request: pytest.FixtureRequest
    ) -> None:
        address = f"127.1.{zlib.crc32(request.node.name.encode()) % 250}.7"
        with closing(_from(world, address)) as sock, suppress(ConnectionError):
            sock.sendall(said)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                pass
        until(logged(world, event="refused", address=address))
        assert _comes_in(world)

    def test_who_says_nothing_or_too_little_is_sent_away_after_a_while(self, impatient: Served) -> None:
        with ExitStack() as stack:
            socks = [stack.enter_context(closing(_from(impatient, "127.0.2.1"))) for _ in range(3)]
            socks[1].sendall(b"SSH-2.0-slow\r\n")
            socks[2].sendall(b"S")
            for sock in socks:
                while sock.recv(65_536):
                    pass
        until(logged(impatient, event="refused", address="127.0.2.1"))
        assert _comes_in(impatient)

    def test_strangers_take_no_room_from_others_beyond_their_share(self, impatient: Served) -> None:
        with ExitStack() as stack:
            socks = [stack.enter_context(closing(_from(impatient, "127.0.2.2"))) for _ in range(11)]
            said = [sock.recv(200) for sock in socks]
            assert [b"connections from there are just logging in" in each for each in said] == [False] * 10 + [True]
            assert _comes_in(impatient)

    def test_however_many_strangers_there_are_from_elsewhere_who_has_a_key_gets_in(self, impatient: Served) -> None:
        with ExitStack() as stack:
            places = [f"127.0.3.{number}" for number in range(1, 5)]
            socks = [stack.enter_context(closing(_from(impatient, place))) for place in places for _ in range(5)]
            for sock in socks:
                assert sock.recv(200).startswith(b"SSH-2.0")
            assert _comes_in(impatient)
        until(logged(impatient, event="refused", why="made room: the most who were logging in came from there"))

    def test_who_shows_wrong_keys_again_and_again_waits_at_the_door_and_others_do_not(self, impatient: Served) -> None:
        key = impatient.new_key("guess")
        turned_away = logged(impatient, event="refused", address="127.0.2.3")

        def waits() -> bool:
            """Each failure makes the wait longer, so it is met at last, however slow this machine is."""
            assert impatient.do("help", key=key, BindAddress="127.0.2.3").returncode == REFUSED
            return any("too many failed logins from there: try again in" in line["why"] for line in turned_away())

        until(waits)
        assert _comes_in(impatient)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("impatient"), "--ssh-login", "10s") as world:
        yield world


def _from(world: Served, address: str) -> socket.socket:
    return socket.create_connection((world.host, world.port), timeout=DEADLINE, source_address=(address, 0))


def _comes_in(world: Served) -> bool:
    """From an address that has never failed."""
    said = world.do("help", BindAddress="127.0.0.2")
    return said.returncode == 0 and "open FILE" in said.stdout


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        port: int = sock.getsockname()[1]
        return port
