"""What keeps a source: that it is the newest of its name, that a peer may name it, and code that is alive."""

from __future__ import annotations

import gc
import linecache
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from random import Random
from types import FunctionType
from typing import Any
from weakref import finalize

import pytest

from beamlike.code.source import Place, Source, UnknownSource
from beamlike.code.sources import Sources

TEXT = "def f():\n    def inner(): return {version}\n    yield inner\n"


def text(version: int) -> str:
    return TEXT.format(version=version)


def run(source: Source) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(source.code, names)
    return names


def function_at(sources: Sources, source: Source) -> FunctionType:
    return FunctionType(sources.code_at(source.hash, Place("f", 1, 0)), {})


def shown(source: Source) -> bool:
    return source.filename in linecache.cache


def test_an_older_version_is_dropped_with_its_last_function() -> None:
    sources = Sources()
    old = sources.register("cell", text(1))
    names = run(old)
    hash, filename = old.hash, old.filename
    del old
    sources.register("cell", text(2))
    assert hash in sources
    assert "".join(linecache.getlines(filename)) == text(1)
    names.clear()
    gc.collect()
    assert hash not in sources
    assert filename not in linecache.cache


@pytest.mark.parametrize("held", ["generator", "inner function", "code"])
def test_whatever_holds_code_of_a_source_keeps_it(held: str) -> None:
    sources = Sources()
    old = sources.register("cell", text(1))
    generator = run(old)["f"]()
    hash = old.hash
    del old
    kept: Any = {"generator": generator, "inner function": next(generator), "code": generator.gi_code}[held]
    del generator
    sources.register("cell", text(2))
    assert hash in sources
    del kept
    gc.collect()
    assert hash not in sources


def test_a_running_frame_keeps_the_source_that_it_is_of() -> None:
    sources = Sources()
    found: list[bool] = []
    source = sources.register("cell", "def f(look): look()")
    names = run(source)
    hash = source.hash
    del source
    sources.register("cell", "g = 1")

    def look() -> None:
        names.clear()
        gc.collect()
        found.append(hash in sources)

    names["f"](look)
    assert found == [True]
    assert hash not in sources


def test_the_place_of_code_is_found_when_the_table_keeps_none_of_it() -> None:
    sources = Sources()
    function = run(sources.register("cell", text(1)))["f"]
    inner = next(function())
    sources.register("cell", text(2))
    for code in (function.__code__, inner.__code__):
        found = sources.find(code)
        assert found is not None
        source, place = found
        assert source.code_at(place) == code
        assert (source.text, place.qualname) == (text(1), code.co_qualname)


def test_pieces_that_were_compiled_elsewhere_count() -> None:
    sources = Sources()
    source = sources.register("cell", text(1))
    names: dict[str, Any] = {}
    piece = compile(text(1), source.filename, "exec", dont_inherit=True)
    sources.adopt(piece)
    exec(piece, names)
    hash = source.hash
    del source, piece
    sources.register("cell", text(2))
    assert hash in sources
    found = sources.find(names["f"].__code__)
    assert found is not None
    assert found[1] == Place("f", 1, 0)
    names.clear()
    gc.collect()
    assert hash not in sources


def test_the_same_text_again_is_the_newest_again() -> None:
    sources = Sources()
    first = sources.register("cell", text(1))
    sources.register("cell", text(2))
    assert not sources.may_lend(first.hash)
    assert sources.register("cell", text(1)) == first
    assert sources.may_lend(first.hash)
    assert [known.source.text for known in sources] == [text(1)]


def test_what_is_withdrawn_lives_as_long_as_its_functions() -> None:
    sources = Sources()
    names = run(sources.register("cell", text(1)))
    sources.withdraw(["cell", "a cell that never was"])
    assert len(list(sources)) == 1
    names.clear()
    gc.collect()
    assert list(sources) == []


def test_what_is_borrowed_is_kept_for_its_lenders() -> None:
    sources, source = Sources(), Source("cell", text(1))
    sources.borrow(source.parts, "one", "a@host")
    sources.borrow(source.parts, "two", "b@host")
    sources.give_back(source.hash, "one")
    function = function_at(sources, source)
    sources.give_back(source.hash, "two")
    assert [known.origin for known in sources] == ["a@host"]
    del function
    assert source.hash not in sources
    with pytest.raises(UnknownSource, match="the text itself never did"):
        function_at(sources, source)


def test_what_is_retired_and_still_under_way_is_compiled_anew_and_not_kept() -> None:
    sources, source = Sources(), Source("cell", text(1))
    sources.borrow(source.parts, "one", "a@host")
    sources.retire(source.hash)
    function = function_at(sources, source)
    assert function().gi_code.co_name == "f"
    sources.give_back(source.hash, "one")
    assert source.hash in sources
    del function
    assert list(sources) == []


def test_what_comes_with_its_text_is_kept_while_it_is_used() -> None:
    sources, source = Sources(), Source("cell", text(1))
    code = sources.code_in(source, Place("f", 1, 0), "a@host")
    assert shown(source)
    assert [known.origin for known in sources] == ["a@host"]
    assert not sources.may_lend(source.hash)
    del source, code
    assert list(sources) == []


def test_what_is_pinned_is_kept_and_with_its_text_it_is_lent_to_nobody() -> None:
    sources, source = Sources(), Source("cell", text(1))
    assert sources.pin(source.parts, "an image", "a@host") == source.hash
    assert not sources.may_lend(source.hash)
    assert function_at(sources, source)
    sources.give_back(source.hash, "an image")
    assert list(sources) == []


def test_what_is_pinned_and_lent_is_kept_for_both() -> None:
    sources, source = Sources(), Source("cell", text(1))
    sources.borrow(source.parts, "a peer", "a@host")
    sources.pin(source.hash, "an image", "a@host")
    assert sources.may_lend(source.hash)
    sources.retire(source.hash)
    sources.give_back(source.hash, "a peer")
    assert not sources.may_lend(source.hash)
    assert source.hash in sources
    sources.give_back(source.hash, "an image")
    assert source.hash not in sources


def test_what_comes_with_its_text_and_is_the_newest_here_is_that() -> None:
    sources = Sources()
    source = sources.register("cell", text(1))
    code = sources.code_in(Source(*source.parts), Place("f", 1, 0), "a@host")
    assert code is source.code_at(Place("f", 1, 0))
    assert sources.may_lend(source.hash)


def test_a_text_that_does_not_compile_gives_way_to_the_next() -> None:
    sources = Sources()
    broken = sources.register("cell", "def f(:")
    with pytest.raises(SyntaxError):
        _ = broken.code
    assert shown(broken)
    sources.register("cell", text(2))
    assert broken.hash not in sources


def test_code_that_is_superseded_while_it_is_compiled_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by another thread; here by what hears of a warning of the compiler."""
    sources = Sources()
    monkeypatch.setattr(warnings, "showwarning", lambda *_: sources.register("cell", text(2)))
    with warnings.catch_warnings():
        warnings.simplefilter("always", SyntaxWarning)
        code = sources.compile("cell", "def f(): return 1 is 1")
    found = sources.find(code)
    assert found is not None
    assert found[0].text == "def f(): return 1 is 1"
    assert sources.shows(code.co_filename)
    del code, found
    assert [known.source.text for known in sources] == [text(2)]


def test_threads_that_run_the_same_cells_at_once_lose_none_of_their_code() -> None:
    sources = Sources()

    def runs(seed: int) -> bool:
        chance, kept = Random(seed), list[Any]()
        for _ in range(300):
            names: dict[str, Any] = {}
            exec(sources.compile("cell", text(chance.randrange(4))), names)
            kept.append(names["f"])
            if len(kept) > 3:
                kept.pop(chance.randrange(3))
            if not all(sources.find(function.__code__) for function in kept):
                return False
        return True

    switched = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(runs, range(4)))
    finally:
        sys.setswitchinterval(switched)
    gc.collect()
    assert len(list(sources)) == 1


def test_a_finalizer_that_looks_at_the_sources_meanwhile_does_no_harm() -> None:
    sources = Sources()
    seen: list[int] = []
    source = sources.register("cell", text(1))
    last_to_go = source.code_at(Place("f.<locals>.inner", 2, 0))
    finalize(last_to_go, lambda: seen.append(len(list(sources))))
    del source, last_to_go
    sources.register("cell", text(2))
    assert seen == [1]
    assert [known.source.text for known in sources] == [text(2)]
