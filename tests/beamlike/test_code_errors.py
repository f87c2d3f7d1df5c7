"""What cannot travel is named, with the way to it and what to do instead."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from beamlike.code.codec import CodeCodec
from beamlike.code.making import check_metaclass
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.peer import Peer
from beamlike.code.pickler import dumps
from beamlike.code.shared import share
from beamlike.code.untravelable import CannotTravel, explain
from tests.support.cells import run_cell
from tests.support.codecs import in_one, out_of_one


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("stuck")) as module:
        yield module


def refusal(term: object) -> str:
    with pytest.raises(CannotTravel) as caught:
        dumps(term, Peer())
    assert caught.value.__cause__ is not None
    return str(caught.value)


def test_a_global_lock_is_named(notebook: NotebookModule) -> None:
    names = run_cell(notebook, "import threading\nlock = threading.Lock()\ndef f():\n    with lock: ...")
    assert refusal(names["f"]) == (
        "the function `f` uses the global `lock`, a _thread.lock, which cannot travel: make it inside the function"
    )


def test_a_lock_inside_a_captured_object_is_found(notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import threading

        class Counter:
            def __init__(self):
                self.parts = [1, {"lock": threading.RLock()}]

        counter = Counter()
        def f():
            return g()
        def g():
            return f, counter
        """,
    )
    assert refusal(("call", names["f"])) == (
        "the function `g` uses the global `counter`, whose `.parts[1]['lock']` is a _thread.RLock, "
        "which cannot travel: make it inside the function"
    )


def test_closed_over_and_default_values_are_named(notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import threading

        def maker():
            mutex = threading.Lock()
            return lambda: mutex
        def with_default(n, *, gate=threading.Lock()): ...
        """,
    )
    assert "uses the enclosing function's `mutex`, a _thread.lock," in refusal(names["maker"]())
    assert "the function `with_default` uses the default of `gate`, a _thread.lock," in refusal(names["with_default"])


def test_an_open_file_is_refused_and_not_copied(notebook: NotebookModule, tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("contents")
    with path.open() as file:
        names = run_cell(notebook, "def f(): return file")
        names["file"] = file
        assert refusal(names["f"]).endswith("send its path or its contents, and open it over there")


@dataclass
class Box:
    inside: object


def test_a_value_in_the_arguments_is_named_by_its_path() -> None:
    with socket.socket() as connection:
        assert refusal((print, (1, [Box(connection)]))) == (
            "`[0].inside` of the second argument of `print` is a socket.socket, which cannot travel: "
            "send the address, and connect over there"
        )
        assert refusal(functools.partial(print, connection)).startswith("the first argument of `print` is a socket")
        assert refusal((functools.partial(print, file=connection), ())).startswith(
            "the argument `file` of `print` is a s"
        )
        assert refusal((1, [connection])).startswith("`[1][0]` of what was sent")


def test_generators_coroutines_and_context_variables_have_their_own_advice() -> None:
    async def work() -> None: ...

    coroutine = work()
    try:
        assert "send the async function and its arguments" in refusal(coroutine)
    finally:
        coroutine.close()
    assert "send the function that makes it, or a list" in refusal(iter_words())
    assert refusal({"user": contextvars.ContextVar("user")}) == (
        "`['user']` of what was sent is a _contextvars.ContextVar, which cannot travel: send its value"
    )


def iter_words() -> Iterator[str]:
    yield "light"


def test_an_unheard_of_type_says_what_pickle_said() -> None:
    class Odd:
        def __reduce__(self) -> str:
            raise ValueError("I stay")

    assert refusal([Odd()]).endswith("or send what it is made of (ValueError: I stay)")


def test_a_method_of_an_object_with_a_lock_names_the_attribute() -> None:
    assert refusal(Box(threading.Lock()).__eq__).startswith("`__self__.inside` of what was sent")


def test_what_holds_itself_is_looked_at_once() -> None:
    first: list[object] = []
    second: list[object] = [first]
    first.append(second)
    tried: list[object] = []

    def fails(value: object) -> bool:
        tried.append(value)
        return True

    explained = explain(first, fails, ValueError("round and round"))
    assert "which cannot travel" in str(explained)
    assert len(tried) == 2


def test_code_that_calls_itself_without_end_when_it_arrives_is_named(notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        class Proxy:
            def __init__(self, target):
                self.target = target
            def __getattr__(self, name):
                return getattr(self.target, name)
        proxy = Proxy(3)
        def f(): return proxy
        """,
    )
    shared = in_one(CodeCodec().encode(share(names["proxy"])))  # and the handle has gone
    for encoded in (in_one(CodeCodec().encode(names["f"])), shared):
        with pytest.raises(RecursionError, match=r"`Proxy.__getattr__` calls itself without end .* line 5: until"):
            out_of_one(CodeCodec(), encoded)


def test_a_class_that_a_metaclass_in_c_cannot_make_anew_is_refused_by_name() -> None:
    meta = type("Meta", (type,), {"__module__": "vendor", "__new__": type.__new__})
    kind = type("Record", (), {})
    check_metaclass(kind, meta, ("Record", (), {}))
    other = type("Record", (), {})
    with pytest.raises(CannotTravel, match=r"the class `Record` cannot travel, since vendor.Meta cannot make it anew"):
        check_metaclass(other, meta, ("Record", (), {"__slots__": ("no name",)}))
