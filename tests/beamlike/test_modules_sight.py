"""Modules of a node whose folder another node sees too: what that one sends is as fresh as if the first had sent it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beamlike.code.modules import sight
from beamlike.code.modules.held import Held
from beamlike.code.modules.messages import (
    FindModule,
    Found,
    Kind,
    ModuleFile,
    Offer,
    SourceFolder,
    decode_answer,
    decode_news,
    encode_question,
)
from beamlike.code.modules.offers import Offers, Route
from beamlike.code.modules.roots import Root
from beamlike.code.modules.sight import Sight, source_folder
from beamlike.code.modules.stamps import hash_of
from tests.support.module_nodes import ModuleNodes, module_nodes

A, B, C = "a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ModuleNodes]:
    """A, who has told B of its modules, who has told C; here it is C that imports."""
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="x = 1", pkg__="", pkg__sub="x = 1")
        nodes.tell(A, B)
        nodes.tell(B, C)
        nodes.only(C)
        yield nodes


def imported(name: str) -> Any:
    return importlib.import_module(name)


def call(nodes: ModuleNodes) -> None:
    """B sends C a term; A, whose modules these are, sends nothing."""
    nodes.tell(B, C)
    nodes.only(C)


def test_an_edit_is_told_on_by_who_sees_it(chain: ModuleNodes) -> None:
    for number in range(5):
        chain.write(A, helper=f"x = {number}", pkg__sub=f"x = {number}")
        call(chain)
        assert (imported("helper").x, imported("pkg.sub").x) == (number, number)


def test_a_new_module_is_offered_on_and_one_that_is_gone_is_not(chain: ModuleNodes) -> None:
    chain.write(A, newer="x = 2")
    (chain.path / A / "helper.py").unlink()
    news = decode_news(chain[B].news(chain.ledger(B, C), C) or b"")
    [names] = [offer.names for offer in news.offers or () if offer.origin == A]
    assert names == ("newer", "pkg")
    assert importlib.util.find_spec("newer") is not None
    assert importlib.util.find_spec("helper") is None


def test_nobody_is_told_or_asked_of_what_is_as_it_was(chain: ModuleNodes) -> None:
    helper = imported("helper")
    questions = list(chain.questions)
    (chain.path / A / "helper.py").touch()
    assert chain[B].news(chain.ledger(B, C), C) is None
    assert imported("helper") is helper
    assert chain.questions == questions


def test_a_node_in_between_gives_nothing_that_it_sees_to_be_old(chain: ModuleNodes) -> None:
    chain.only(B)
    assert imported("helper").x == 1
    chain.write(A, helper="x = 2", pkg__sub="x = 2")
    assert "helper" in sys.modules, "nothing is looked at before it is needed"
    del sys.modules["helper"]
    chain.only(C)
    assert (imported("helper").x, imported("pkg.sub").x) == (2, 2)


def test_nor_does_it_give_that_along_with_what_was_asked_for(chain: ModuleNodes) -> None:
    chain.only(B)
    imported("pkg.sub")
    answers: list[bytes] = []
    for text, names in (("x = 1", ["pkg", "pkg.sub"]), ("x = 2", ["pkg"])):
        chain.write(A, pkg__sub=text)
        chain[B].answer("d@127.0.0.1", encode_question(FindModule(A, "pkg")), answers.append)
        found = decode_answer(answers.pop())
        assert isinstance(found, Found)
        assert [file.name for file in found.files] == names


def test_who_reloads_a_module_gets_what_is_there_now(chain: ModuleNodes) -> None:
    modules = imported("helper"), imported("pkg.sub")
    chain.write(A, helper="x = 2", pkg__sub="x = 2")
    for module in modules:
        assert importlib.reload(module) is module
    assert imported("pkg").sub is modules[1]
    assert [module.x for module in modules] == [2, 2]
    chain.part(B, C)
    assert not {"helper", "pkg"} & set(sys.modules)


def test_the_origin_need_not_tell_again_what_was_seen(chain: ModuleNodes) -> None:
    imported("helper")
    chain.write(A, helper="x = 2")
    call(chain)
    helper = imported("helper")
    seen = chain[C].changes_seen
    chain.tell(A, B)
    call(chain)
    assert imported("helper") is helper
    assert chain[C].changes_seen == seen


def test_a_library_that_imports_what_a_cell_has_just_written_finds_it(chain: ModuleNodes) -> None:
    chain.write(A, newer="x = 2")
    assert importlib.util.find_spec("newer") is not None


def test_a_folder_that_only_looks_the_same_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B and C are on another machine, where files of the same names lie in the same place."""
    identity = sight._identity
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="x = 1")
        monkeypatch.setattr(sight, "_identity", lambda directory: f"another {identity(directory)}")
        nodes.tell(A, B)
        monkeypatch.setattr(sight, "_identity", identity)
        nodes[B].hear(A, nodes[A].news(nodes[A].given(), B) or b"")
        nodes.tell(B, C)
        nodes.only(C)
        assert imported("helper").x == 1


# What is seen of a folder.

TEXT = b"x = 1"


def offer(directory: Path, **changed: Any) -> Offer:
    folder = source_folder(Root(str(directory)))
    return Offer((A,), ("helper",), (SourceFolder(folder.directory, None, changed.get("identity", folder.identity)),))


def held(name: str, kind: Kind = Kind.MODULE, source: bytes = TEXT) -> Held:
    return Held(ModuleFile(name, kind, "", hash_of(source), source), Route(A, A))


def test_only_the_very_folder_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_bytes(b"x = 2")
    for it, hash in ((offer(tmp_path), hash_of(b"x = 2")), (offer(tmp_path, identity="elsewhere 1 2"), None)):
        seen = Sight()
        seen.look_out([it])
        assert seen.hash_now(held("helper")) == hash
    (tmp_path / "gone").mkdir()
    it = offer(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    seen.look_out([it])
    assert seen.hash_now(held("helper")) is None


def test_the_kind_of_a_module_says_which_file_it_is(tmp_path: Path) -> None:
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "__init__.py").write_bytes(b"x = 'package'")
    (tmp_path / "helper.py").write_bytes(b"x = 'module'")
    seen = Sight()
    seen.look_out([offer(tmp_path)])
    assert seen.hash_now(held("helper")) == hash_of(b"x = 'module'")
    assert seen.hash_now(held("helper", Kind.PACKAGE)) == hash_of(b"x = 'package'")
    assert seen.hash_now(held("helper", Kind.NAMESPACE)) == b"", "it is none any more"
    assert seen.hash_now(held("helper.sub")) == b"", "it is gone"


@pytest.mark.parametrize("name", ["..helper", "../helper", "/helper", "", "helper\0"])
def test_a_name_that_is_none_leads_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "helper.py").write_bytes(TEXT)
    seen = Sight()
    seen.look_out([offer(tmp_path / "in")])
    assert seen.hash_now(held(name)) is None


def test_what_was_read_once_is_only_looked_at_from_then_on(tmp_path: Path) -> None:
    path, module = tmp_path / "helper.py", held("helper")
    path.write_bytes(TEXT)
    os.utime(path, (0, 0))
    seen = Sight()
    seen.look_out([offer(tmp_path)])
    assert seen.doubtful([module]) == []
    path.touch()
    assert seen.doubtful([module]) == [module]
    assert seen.hash_now(module) == module.file.hash
    os.utime(path, (9, 9))
    assert seen.doubtful([module]) == [module]
    assert seen.hash_now(module) == module.file.hash
    assert seen.doubtful([module]) == []


def test_names_are_looked_for_again_when_a_folder_has_changed(tmp_path: Path) -> None:
    offers = Offers(B)
    offers.hear(A, [offer(tmp_path)])
    seen = Sight()
    seen.look_out(offers.all())
    for names in ({"one"}, {"one", "two"}, {"two"}):
        for it in {"one", "two"} - names:
            (tmp_path / f"{it}.py").unlink(missing_ok=True)
        for it in names:
            (tmp_path / f"{it}.py").touch()
        assert seen.look_around(offers)
        assert offers.names() == names
    assert not seen.look_around(offers)
