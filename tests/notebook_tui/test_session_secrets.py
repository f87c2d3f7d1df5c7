"""Secrets are given to a notebook by its user, and stand in no journal and no file that others read."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.errors import KeyringLocked, PasswordDeleteError

import beamlike as bl
from notebook_tui.document.operations import Operation, OutputAdded, OutputChanged, SetTitle
from notebook_tui.document.outputs import Display, Text
from notebook_tui.runtime.messages import Answer, Displayed
from notebook_tui.session.journal import Journal
from notebook_tui.session.journal_records import Done, decoded, encoded
from notebook_tui.session.kept_file import JOURNALS
from notebook_tui.session.messages import Act, GiveAnswer, GiveSecrets, SecretNames
from notebook_tui.session.redaction import Seams
from notebook_tui.session.secrets import store
from notebook_tui.session.secrets.giving import SecretsRead
from notebook_tui.session.secrets.grants import FOLDER, Grants, granted_to, remember
from notebook_tui.session.secrets.store import NoSecret, SecretStore
from notebook_tui.session.state_directory import name_for, state_directory
from notebook_tui.widgets.changes import Appended, Became, Change, PointsAppended, Rendered, TextAppended
from notebook_tui.widgets.views import (
    Branch,
    Button,
    Column,
    Frame,
    Grid,
    Input,
    Plot,
    Series,
    Table,
    Tabs,
    TextStream,
    Tree,
)
from tests.support.journaled_program import BEGIN
from tests.support.kept_sessions import kept
from tests.support.local_nodes import in_node

SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(store, "_keyring", lambda: None)


def notebook_at(directory: Path) -> Path:
    path = directory / "test.livemd"
    path.write_text(BEGIN, encoding="utf-8")
    return path


def all_that_is_kept(path: Path) -> bytes:
    """In the user's state directory and beside the notebook, but for the store itself."""
    places = [state_directory(JOURNALS), state_directory(FOLDER), path.parent]
    return b"".join(file.read_bytes() for place in places for file in place.iterdir() if file.is_file())


# The journal.


@in_node
async def test_a_journal_never_holds_a_secret(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(OutputAdded("cell-1", Text("stdout", f"before: {SECRET}\n")))
        await it.until_safe()
        await it.client.give_secrets({"PASSPHRASE": SECRET})
        it.client.send(OutputAdded("cell-1", Text("stdout", f"after: {SECRET}\n")))
        it.client.send(
            OutputAdded("cell-2", Display((("image/png", b"\x89" + SECRET.encode()), ("text/plain", SECRET))))
        )
        await it.until_safe()
        data = all_that_is_kept(path)
        assert SECRET.encode() not in data
        assert data.count(b"[secret PASSPHRASE]") == 4
        await it.crash()
    async with kept(path) as it:
        shown = it.state.notebook.cell("cell-1").outputs
        assert shown == (Text("stdout", "before: [secret PASSPHRASE]\nafter: [secret PASSPHRASE]\n"),)


@in_node
async def test_a_journal_never_holds_a_secret_that_widgets_show(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        await it.client.give_secrets({"PASSPHRASE": SECRET})
        frame = Frame("f", (Text("stdout", SECRET), Tree("t", (Branch("p", 0, SECRET),)), TextStream("s", SECRET[:4])))
        it.client.send(OutputAdded("cell-1", frame))
        changes: list[tuple[str, Change]] = [
            ("s", TextAppended(SECRET[4:])),
            ("s", TextAppended(SECRET)),
            ("f", Appended((Text("stdout", SECRET[:3]),))),
            ("f", Appended((Text("stdout", SECRET[3:]),))),
            ("f", Appended((Table("r", (Column(SECRET),), ((SECRET,),)),))),
        ]
        for ref, change in changes:
            it.client.send(OutputChanged("cell-1", ref, change))
            await it.until_safe()
            assert SECRET.encode() not in all_that_is_kept(path)
            assert SECRET[4:].encode() not in all_that_is_kept(path)
        await it.crash()
    async with kept(path) as it:
        [shown] = it.state.notebook.cell("cell-1").outputs
        assert isinstance(shown, Frame)
        assert TextStream("s", "[secret PASSPHRASE][secret PASSPHRASE]") in shown.contents


@in_node
async def test_a_secret_that_is_typed_into_a_notebook_is_in_no_journal_and_hides_no_other_less(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        await it.client.give_secrets({"PASSPHRASE": SECRET})
        bl.send(it.session, Displayed("cell-1", Input("i", "secret", "Password"), bl.self()))
        await it.until(lambda: bool(it.state.notebook.cell("cell-1").outputs))
        it.client.set_secret_input("i", "hunter2")
        it.client.send(OutputAdded("cell-2", Text("stdout", f"{SECRET}, hunter2\n")))
        await it.until_safe()
        assert b"hunter2" not in all_that_is_kept(path)
        assert SECRET.encode() not in all_that_is_kept(path)
        assert b"[secret PASSPHRASE], [secret Password]" in all_that_is_kept(path)


@in_node
async def test_a_secret_that_was_replaced_or_revoked_stays_out_of_the_journal(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        await it.client.give_secrets({"PASSPHRASE": SECRET})
        await it.client.give_secrets({"PASSPHRASE": "another one"})
        await it.client.revoke_secrets("PASSPHRASE")
        it.client.send(OutputAdded("cell-1", Text("stdout", f"{SECRET}, another one\n")))
        await it.until_safe()
        data = all_that_is_kept(path)
        assert SECRET.encode() not in data
        assert b"another one" not in data


@in_node
async def test_a_secret_that_is_printed_in_pieces_is_in_no_journal(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    source = Random(3)
    async with kept(path) as it:
        await it.client.give_secrets({"PASSPHRASE": SECRET})
        for _ in range(20):
            cut = source.randrange(1, len(SECRET))
            it.client.send(OutputAdded("cell-1", Text("stdout", f"x {SECRET[:cut]}")))
            it.client.send(OutputAdded("cell-1", Text("stdout", f"{SECRET[cut:]} y\n")))
            await it.until_safe()
        await it.crash()
    async with kept(path) as it:
        (text,) = it.state.notebook.cell("cell-1").outputs
        assert text == Text("stdout", "x [secret PASSPHRASE] y\n" * 20)


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=12), st.text("ab", min_size=4, max_size=6))
def test_a_secret_across_pieces_is_seen_when_it_is_complete(pieces: list[str], secret: str) -> None:
    seams = Seams()
    text = ""
    for piece in pieces:
        hidden = seams.hide(OutputAdded("a", Text("stdout", piece)), [secret])
        ends_in_it = any(
            text_and_piece.startswith(secret, start)
            for text_and_piece in [text + piece]
            for start in range(max(0, len(text) - len(secret) + 1), len(text))
        )
        assert hidden == ends_in_it
        text += piece


@pytest.mark.parametrize(
    "between",
    [OutputAdded("a", Text("stderr", "x")), OutputAdded("a", Display((("text/plain", "x"),)))],
    ids=["other stream", "other output"],
)
def test_pieces_with_something_between_them_are_no_secret(between: Operation) -> None:
    seams = Seams()
    pieces = [OutputAdded("a", Text("stdout", "sword")), between, OutputAdded("a", Text("stdout", "fish"))]
    assert [seams.hide(piece, ["swordfish"]) for piece in pieces] == [False, False, False]


def test_nothing_shows_a_secret_by_its_repr() -> None:
    for message in (GiveSecrets({"A": SECRET}), SecretsRead({"A": SECRET})):
        assert SECRET not in repr(message)
    assert SECRET not in repr(Journal(Path("a")))


# What a notebook is given.


@in_node
async def test_a_secret_of_this_session_is_forgotten_with_it(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_secrets({"A": SECRET})
        assert await it.client.secrets() == SecretNames(("A",), ())
    async with kept(path, grants=True) as it:
        assert await it.client.secrets() == SecretNames((), ())


@in_node
async def test_a_stored_secret_is_given_again_until_it_is_revoked(tmp_path: Path) -> None:
    SecretStore().set("A", SECRET)
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_stored_secrets("A")
        assert await it.client.secrets() == SecretNames(("A",), ("A",))
        it.client.send(SetTitle("B"))
        await it.client.save()
    async with kept(path, grants=True) as it:
        await it.until_async(it.client.secrets, SecretNames(("A",), ("A",)))
        await it.client.revoke_secrets("A")
        assert await it.client.secrets() == SecretNames((), ())
    async with kept(path, grants=True) as it:
        assert await it.client.secrets() == SecretNames((), ())
    assert SecretStore().get("A") == SECRET


@in_node
async def test_another_notebook_is_given_nothing(tmp_path: Path) -> None:
    SecretStore().set("A", SECRET)
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_stored_secrets("A")
    other = tmp_path / "other.livemd"
    other.write_bytes(path.read_bytes())
    async with kept(other, grants=True) as it:
        assert await it.client.secrets() == SecretNames((), ())


@in_node
async def test_ac07_a_notebook_that_was_changed_while_it_was_not_open_is_given_nothing(tmp_path: Path) -> None:
    SecretStore().set("A", SECRET)
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_stored_secrets("A")
    path.write_text(BEGIN.replace("a = 1", "a = 2"), encoding="utf-8")
    async with kept(path, grants=True) as it:
        await it.says("is given no secrets any more; it had A: look at it, then give them again")
        assert await it.client.secrets() == SecretNames((), ())
    path.write_text(BEGIN, encoding="utf-8")  # also as it was before: it was in other hands
    async with kept(path, grants=True) as it:
        assert await it.client.secrets() == SecretNames((), ())


@in_node
async def test_ac07_it_is_not_enough_that_there_is_a_journal(tmp_path: Path) -> None:
    SecretStore().set("A", SECRET)
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_stored_secrets("A")
        it.client.send(SetTitle("B"))
        await it.until_safe()
        await it.crash()
    path.write_text(BEGIN.replace("a = 1", "a = 2"), encoding="utf-8")
    async with kept(path, grants=True) as it:
        await it.says("is given no secrets any more")
        assert await it.client.secrets() == SecretNames((), ())


@in_node
async def test_a_crash_just_after_a_save_takes_no_secrets_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore().set("A", SECRET)
    path = notebook_at(tmp_path)
    async with kept(path, grants=True) as it:
        await it.client.give_stored_secrets("A")
        it.client.send(SetTitle("B"))
        monkeypatch.setattr(Journal, "file_is", lambda *_: None)
        monkeypatch.setattr("notebook_tui.session.secrets.giving.remember", lambda *_: None)
        await it.client.save()
        await it.crash()
    monkeypatch.undo()
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    async with kept(path, grants=True) as it:
        await it.until_async(it.client.secrets, SecretNames(("A",), ("A",)))


@in_node
async def test_a_secret_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    SecretStore().set("A", SECRET)
    async with kept(notebook_at(tmp_path), grants=True) as it:
        with pytest.raises(NoSecret, match="there is no secret B; there are: A"):
            await it.client.give_stored_secrets("A", "B")
        with pytest.raises(ValueError, match="expected a name of capital letters"):
            await it.client.give_secrets({"b": SECRET})
        assert await it.client.secrets() == SecretNames(("A",), ("A",))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"names": 1, "digest": null}', b'{"names": ["A"], "digest": "xy"}']
)
def test_grants_that_make_no_sense_give_nothing(tmp_path: Path, data: bytes) -> None:
    path = notebook_at(tmp_path)
    remember(path, Grants(("A",), b"1"))
    assert granted_to(path) == Grants(("A",), b"1")
    (state_directory(FOLDER) / f"{name_for(path)}.json").write_bytes(data)
    assert granted_to(path) is None


# The store.


def test_secrets_are_kept_in_a_file_of_their_user_where_there_is_no_keyring() -> None:
    secrets = SecretStore()
    secrets.set("B", "2")
    secrets.set("A", "1")
    assert secrets.names() == ("A", "B")
    assert (secrets.get("A"), secrets.get("B")) == ("1", "2")
    file = state_directory(store.FOLDER) / store.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    secrets.remove("A")
    assert secrets.names() == ("B",)
    with pytest.raises(NoSecret, match="there is no secret A; there are: B"):
        secrets.get("A")


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory, which can be locked."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[tuple[str, str], str] = {}
        self.locked = False

    def _look(self) -> dict[tuple[str, str], str]:
        if self.locked:
            raise KeyringLocked("locked")
        return self.passwords

    def get_password(self, service: str, username: str) -> str | None:
        return self._look().get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._look()[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self._look().pop((service, username), None) is None:
            raise PasswordDeleteError("there is none")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.undo()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return ring


def test_a_keyring_is_used_where_there_is_one(ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    secrets = SecretStore()
    secrets.set("A", SECRET)
    assert ring.passwords == {("beamlike", "A"): SECRET}
    assert SECRET not in (state_directory(store.FOLDER) / store.FILE).read_text()
    assert (secrets.names(), secrets.get("A")) == (("A",), SECRET)
    ring.locked = True
    with pytest.raises(NoSecret, match="cannot be had from the system's keyring: locked"):
        secrets.get("A")
    secrets.set("B", "in the file")
    assert secrets.get("B") == "in the file"
    ring.locked = False
    secrets.remove("A")
    assert (ring.passwords, secrets.names()) == ({}, ("B",))


def test_a_keyring_that_is_gone_is_said(ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    SecretStore().set("A", SECRET)
    ring.passwords.clear()
    with pytest.raises(NoSecret, match="A is not in the system's keyring any more; set it again"):
        SecretStore().get("A")
    monkeypatch.setattr(store, "_keyring", lambda: None)
    with pytest.raises(NoSecret, match="A is in the system's keyring, and there is none here: set it again"):
        SecretStore().get("A")


@pytest.mark.parametrize("name", ["", "a", "A-B", "A B", "1A", "A=B", "Ä"])
def test_a_name_that_no_variable_may_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name of capital letters, digits and underscores"):
        SecretStore().set(name, SECRET)


VIEWS = (
    Frame("f", (Grid("g", (Tabs("t", ((SECRET, Text("stdout", SECRET)),)),), 2),), SECRET),
    Table("t", (Column(SECRET),), ((SECRET, "x"),), title=SECRET),
    Plot("p", (Series(SECRET, "bar", (0.0,), (1.0,), (SECRET,)),), SECRET),
    Tree("t", (Branch("$", 0, f"key: {SECRET}"),)),
    Input("i", "select", "Key", options=((SECRET, SECRET),)),
    TextStream("s", SECRET),
    Button("b", SECRET),
)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view).__name__)
def test_a_secret_in_a_view_or_in_its_changes_stands_in_no_record(view: Any) -> None:
    operations = [OutputAdded("c", view), OutputAdded("c", Grid("around", (view,), 1))]
    operations += [OutputChanged("c", "f", each) for each in (Became(view), Rendered((view,)), Appended((view,)))]
    operations += [
        OutputChanged("c", "s", TextAppended(SECRET)),
        OutputChanged("c", "p", PointsAppended(VIEWS[2].series)),
    ]
    for operation in operations:
        data = encoded(Done(operation), {SECRET: "KEY"})
        assert SECRET.encode() not in data
        assert b"[secret KEY]" in data
        assert type(decoded(data)) is Done


@pytest.mark.parametrize("word", ["select", "text", "stdout", "line", "leaf", "Frame", "TextStream", "text/plain"])
def test_a_secret_that_is_a_word_of_the_programs_own_spoils_no_record(word: str) -> None:
    for view in (*VIEWS, Text("stdout", "x"), Frame("f", (Display((("text/plain", word),)),))):
        for operation in (OutputAdded("c", view), OutputChanged("c", "f", Appended((view,)))):
            assert type(decoded(encoded(Done(operation), {word: "KEY"}))) is Done


def test_a_secret_that_comes_in_two_pieces_is_seen_in_streams_and_in_frames() -> None:
    first, rest = Text("stdout", f"key: {SECRET[:5]}"), Text("stdout", SECRET[5:])
    histories = (
        [OutputAdded("c", TextStream("s", first.text)), OutputChanged("c", "s", TextAppended(rest.text))],
        [OutputChanged("c", "f", Appended((first, rest)))],
        [OutputAdded("c", Frame("f", (first,))), OutputChanged("c", "f", Appended((rest,)))],
        [
            OutputChanged("c", "f", Rendered((TextStream("s", first.text),))),
            OutputChanged("c", "s", TextAppended(rest.text)),
        ],
    )
    for history in histories:
        seams = Seams()
        assert [seams.hide(each, [SECRET]) for each in history][-1]
    seams = Seams()
    apart = [OutputChanged("c", "s", TextAppended(first.text)), OutputChanged("c", "other", TextAppended(rest.text))]
    assert not any(seams.hide(each, [SECRET]) for each in apart)


def test_what_is_typed_unseen_stands_in_no_report_of_a_process_that_failed_over_it() -> None:
    viewer: Any = None
    said = [GiveAnswer("q", "hunter2", viewer), Answer("q", "hunter2"), Act("form", {"password": "hunter2"}, viewer)]
    assert [each for each in map(repr, said) if "hunter2" in each] == []
