"""What the journal holds: all that was told to be safe, nothing secret, and never more than is needed."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import (
    DeleteCell,
    EraseOutputs,
    InsertCell,
    Operation,
    OutputAdded,
    RuntimeDown,
    SetCellSource,
    SetTitle,
)
from notebook_tui.document.outputs import Error, Text
from notebook_tui.document.state import State
from notebook_tui.format.markdown_read import read
from notebook_tui.session import journal as journal_module
from notebook_tui.session import storage
from notebook_tui.session.journal import Journal
from notebook_tui.session.journal_file import JournalFile, NoJournal, framed, read_records
from notebook_tui.session.journal_records import Done, Record, Snapshot, decoded, encoded
from notebook_tui.session.kept_file import JOURNALS
from notebook_tui.session.recovery import ENDED, recover
from notebook_tui.session.redaction import redacted
from notebook_tui.session.state_directory import name_for, state_directory
from notebook_tui.session.storage import NotebookFile, file_data
from tests.support.journaled_program import BEGIN, history
from tests.support.kept_sessions import kept
from tests.support.local_nodes import PATIENCE, in_node

pytestmark = pytest.mark.usefixtures("own_state")

SECRET = "correct horse battery"


def notebook_at(directory: Path) -> Path:
    path = directory / "test.livemd"
    path.write_text(BEGIN, encoding="utf-8")
    return path


def journal_of(path: Path) -> Path:
    return state_directory(JOURNALS) / f"{name_for(path)}.journal"


def written(path: Path, records: Iterable[Record]) -> None:
    file = JournalFile(path)
    file.rewrite([encoded(record, {}) for record in records])
    file.close()


# The file.


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.data())
def test_a_journal_that_ends_anywhere_reads_up_to_its_last_whole_record(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    file = JournalFile(path)
    file.rewrite(records[:1])
    file.append(records[1:])
    file.close()
    whole = path.read_bytes()
    end = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:end])
    found = read_records(path)
    assert list(found.records) == records[: len(found.records)]
    sizes = [len(framed(records[:number])) for number in range(len(records) + 1)]
    begin = len(whole) - sizes[-1]
    assert len(found.records) == max([number for number, size in enumerate(sizes) if begin + size <= end], default=0)
    assert found.torn == end - (begin + sizes[len(found.records)]) if end >= begin else True


def test_a_flipped_bit_ends_what_is_read_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    file = JournalFile(path)
    file.rewrite([b"first", b"second", b"third"])
    file.close()
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)
    found = read_records(path)
    assert (found.records, found.torn) == ((b"first", b"second"), 13)


def test_another_file_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(b"# A notebook, in fact\n")
    with pytest.raises(NoJournal, match="another version wrote it"):
        read_records(path)


def test_what_could_not_be_appended_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JournalFile(tmp_path / "a.journal")
    file.rewrite([b"state"])

    def half(descriptor: int, data: memoryview) -> int:
        real(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        real = os.write
        patch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            file.append([b"lost"])
    file.append([b"kept"])
    file.close()
    assert read_records(tmp_path / "a.journal").records == (b"state", b"kept")


# Recovery.


def test_any_history_is_recovered_exactly(tmp_path: Path) -> None:
    notebook, _ = read(BEGIN)
    state = begin = State(notebook)
    records: list[Record] = [Snapshot(begin, 0)]
    for step in islice(history(begin, Random(7)), 400):
        if step.asked is None:  # here is no session
            break
        records.append(Done(step.asked))
        state = step.after
    path = tmp_path / "a.journal"
    written(path, records)
    recovered, _ = recover(path)
    assert recovered is not None
    assert recovered.applied == len(records) - 1
    if state.runtime.phase != "disconnected":
        state, _ = apply(state, RuntimeDown(ENDED))
    assert recovered.state == state


def test_a_journal_of_a_newer_version_is_kept_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    file = JournalFile(path)
    file.rewrite([encoded(Snapshot(State(), 0), {}), b"\x82\xa0\xa4Done\xa9operation\x81\xa0\xa8Teleport"])
    file.close()
    recovered, notices = recover(path)
    assert recovered is None
    assert "kept as" in notices[0]
    assert "Teleport is unknown to this version" in notices[0]
    assert not path.exists()
    assert (tmp_path / "a.journal.kept-1").exists()


def test_an_operation_that_makes_no_sense_any_more_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    written(path, [Snapshot(State(), 0), Done(DeleteCell("nobody")), Done(SetTitle("B"))])
    recovered, notices = recover(path)
    assert recovered is not None
    assert recovered.state.notebook.title == "B"
    assert "1 operations of the journal make no sense" in notices[-1]


def test_an_operation_that_raises_keeps_no_notebook_from_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_at_c(state: State, operation: Operation) -> object:
        if operation == SetTitle("C"):
            raise RuntimeError("planted")
        return apply(state, operation)

    monkeypatch.setattr("notebook_tui.session.recovery.apply", fails_at_c)
    path = tmp_path / "a.journal"
    written(path, [Snapshot(State(), 0), Done(SetTitle("B")), Done(SetTitle("C")), Done(SetTitle("D"))])
    recovered, notices = recover(path)
    assert recovered is not None
    assert (recovered.state.notebook.title, recovered.applied) == ("B", 1)
    assert "SetTitle in the journal cannot be done (RuntimeError: planted) and all after it is left out" in notices[-1]
    assert (tmp_path / "a.journal.kept-1").exists()


# The session's.


@in_node
async def test_a_crashed_session_is_opened_again_as_it_was(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        it.client.send(OutputAdded("cell-2", Text("stdout", "shown\n")))
        await it.until_safe()
        before = it.state
        await it.crash()
    async with kept(path) as it:
        assert it.state == before
        assert it.state.dirty
        await it.says("recovered from the journal: changes that were not saved (1 cell) and the outputs of 1 cell")
        it.client.send(SetTitle("more"))
        await it.until_safe()
        await it.crash()
    async with kept(path) as it:
        assert it.state.notebook.title == "more"
        assert it.state.notebook.cell("cell-1").source == "a = 100"


@in_node
async def test_a_file_that_was_changed_after_the_crash_is_merged_with_what_was_recovered(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        await it.until_safe()
        await it.crash()
    path.write_text(BEGIN.replace("b = 2", "b = 200"), encoding="utf-8")
    async with kept(path) as it:
        await it.until(lambda: it.state.notebook.cell("cell-2").source == "b = 200")
        assert it.state.notebook.cell("cell-1").source == "a = 100"
        await it.client.save()
    text = path.read_text(encoding="utf-8")
    assert "a = 100" in text
    assert "b = 200" in text


@in_node
async def test_a_crash_just_after_a_save_leaves_no_edit_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        monkeypatch.setattr(Journal, "file_is", lambda *_: None)
        it.client.send(InsertCell("section-1", 0, Cell("new", "code", "new = 1")))
        await it.client.save()
        it.client.send(SetCellSource("new", "new = 2"))
        await it.until_safe()
        before = it.state
        await it.crash()
    monkeypatch.undo()
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    async with kept(path) as it:
        assert it.state == before
        await it.says("recovered from the journal")
        assert "changed by another program" not in str(it.heard)
        await it.client.save()
    assert path.read_text(encoding="utf-8").count("new = ") == 1


@in_node
async def test_the_file_is_never_ahead_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notebook_at(tmp_path)
    found: list[bytes] = []

    def replace_file(target: Path, data: bytes) -> None:
        recovered, _ = recover(journal_of(path))
        assert recovered is not None
        assert recovered.saving is not None
        found.append(file_data(recovered.state.notebook))
        found.append(file_data(recovered.saving))
        found.append(data)
        real(target, data)

    real = storage.replace_file
    monkeypatch.setattr(storage, "replace_file", replace_file)
    async with kept(path, autosave=True) as it:
        for number in range(3):
            it.client.send(SetTitle(f"title {number}"))
            await it.client.save()
        it.client.send(SetTitle("last"))
    assert len(found) == 4 * 3
    assert [found[number] for number in range(0, 12, 3)] == found[1::3] == found[2::3]


@in_node
async def test_the_file_is_never_ahead_of_a_journal_that_does_not_keep_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook_at(tmp_path)
    goes_on = threading.Event()
    titles: list[str] = []

    def append(file: JournalFile, records: Iterable[bytes]) -> None:
        assert goes_on.wait(PATIENCE)
        real_append(file, records)

    def replace_file(target: Path, data: bytes) -> None:
        recovered, _ = recover(journal_of(path))
        assert recovered is not None
        titles.append(recovered.state.notebook.title)
        real_replace(target, data)

    real_append, real_replace = JournalFile.append, storage.replace_file
    async with kept(path) as it:
        it.client.send(SetTitle("first"))
        await it.until_safe()
        monkeypatch.setattr(journal_module, "WAITING_BYTES", 1_000)
        monkeypatch.setattr(JournalFile, "append", append)
        monkeypatch.setattr(storage, "replace_file", replace_file)
        for number in range(100):
            it.client.send(SetTitle(f"title {number}" + " and more" * 10))
        await it.until(lambda: it.client.applied == 101)
        saved = asyncio.create_task(it.client.save())
        await asyncio.sleep(0)
        goes_on.set()
        await saved
        assert titles == [it.state.notebook.title]


@in_node
async def test_a_notebook_that_was_left_in_order_leaves_no_journal(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path, autosave=True) as it:
        it.client.send(SetTitle("B"))
        await it.until_safe()
        assert journal_of(path).exists()
    assert not journal_of(path).exists()
    assert path.read_text(encoding="utf-8").startswith("# B")


@in_node
async def test_a_notebook_at_which_nothing_happens_has_no_journal(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        assert it.client.applied == 0
        await it.crash()
    assert not journal_of(path).exists()


@in_node
async def test_journal_and_directory_are_for_their_user_alone(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetTitle("B"))
        await it.until_safe()
        assert journal_of(path).stat().st_mode & 0o777 == 0o600
        assert journal_of(path).parent.stat().st_mode & 0o777 == 0o700


@in_node
async def test_what_is_discarded_is_neither_saved_nor_recovered(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path, autosave=True) as it:
        it.client.send(SetTitle("B"))
        await it.until_safe()
        await it.client.discard()
    assert path.read_text(encoding="utf-8") == BEGIN
    async with kept(path) as it:
        assert it.state.notebook.title == "Test"


@in_node
async def test_a_journal_stays_short_however_much_a_cell_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LONG_BYTES", 10_000)
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        for number in range(300):
            it.client.send(OutputAdded("cell-1", Text("stdout", f"{number}\r" + "x" * 1000)))
        await it.until(lambda: it.client.applied == 300)
        await it.until_safe()
        before = it.state
        assert journal_of(path).stat().st_size < 50_000
        await it.crash()
    async with kept(path) as it:
        assert it.state == before


@in_node
async def test_a_disk_that_refuses_is_told_once_and_all_is_there_once_it_takes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.01)
    path = notebook_at(tmp_path)
    real, full = os.fsync, [True]

    def fsync(descriptor: int) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    async with kept(path) as it:
        monkeypatch.setattr(os, "fsync", fsync)
        for number in range(20):
            it.client.send(SetTitle(f"title {number}"))
            await it.until(lambda number=number: it.state.notebook.title == f"title {number}")  # type: ignore[misc]
        await it.says("the journal cannot be written, so a crash would lose what is not saved")
        assert it.client.journaled == 0
        full[0] = False
        await it.says("the journal is written again")
        await it.until_safe()
        assert sum("cannot be written" in text for text in it.heard) == 1
        await it.crash()
    async with kept(path) as it:
        assert it.state.notebook.title == "title 19"


@in_node
async def test_a_value_that_no_journal_can_hold_is_told_and_what_comes_after_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.01)
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(OutputAdded("cell-1", Error("Odd", "", "", 1j)))  # type: ignore[arg-type]
        await it.says("a crash would lose what is not saved: expected plain values, got complex: '1j'")
        it.client.send(EraseOutputs())
        it.client.send(SetTitle("B"))
        await it.until_safe()
        await it.crash()
    async with kept(path) as it:
        assert it.state.notebook.title == "B"


@in_node
async def test_a_writer_that_ended_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.01)
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetTitle("B"))
        await it.until_safe()
        writer = (await bl.sys.get_state(it.session))["_keeping"]._kept.journal._writer
        bl.exit(writer, "kill")
        await it.says("the journal cannot be written, so a crash would lose what is not saved: killed")
        await it.says("the journal is written again")
        it.client.send(SetTitle("C"))
        await it.until_safe()
        await it.crash()
    async with kept(path) as it:
        assert it.state.notebook.title == "C"


@in_node
async def test_a_state_directory_that_cannot_be_made_is_told_and_the_notebook_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "file" / "state"))
    path = notebook_at(tmp_path)
    async with kept(path, lock=True) as it:
        await it.says("there is no journal, so a crash would lose what is not saved")
        it.client.send(SetTitle("B"))
        await it.until(lambda: it.state.notebook.title == "B")


# Secrets.


def test_a_secret_input_keeps_no_value() -> None:
    plain = {"": "SetInput", "id": "a", "secret": True, "value": SECRET, "fingerprint": "5eb63b"}
    assert redacted(plain, {}) == {"": "SetInput", "id": "a", "secret": True, "value": None, "fingerprint": ""}
    assert redacted({**plain, "secret": False}, {}) == {**plain, "secret": False}


def test_what_the_user_wrote_into_the_document_is_the_users() -> None:
    record = encoded(Done(SetCellSource("a", SECRET)), {SECRET: "PASSPHRASE"})
    assert decoded(record) == Done(SetCellSource("a", SECRET))


def test_a_snapshot_has_its_base_only_where_that_is_another_notebook() -> None:
    small = encoded(Snapshot(State(), 0), {})
    assert len(small) < len(encoded(Snapshot(State(), 0, base=replace(Notebook(), title="B")), {}))


def test_a_file_is_known_by_where_it_really_is(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    link = tmp_path / "link.livemd"
    link.symlink_to(path)
    assert name_for(link).partition("-")[2] == name_for(path).partition("-")[2]
    assert NotebookFile(link).identity == link
