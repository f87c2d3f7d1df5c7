"""Whatever changes here of what a function uses, is seen by the next call over there, also when the function has long
been known there."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

from beamlike.code.constants import as_constant
from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("constants")) as module:
        yield module


CHANGES = {
    "a global": ("n = 1\ndef f(): return n", "n = 2"),
    "a builtin that is shadowed": ("def f(): return len('ab')", "len = lambda it: 7"),
    "a global of a helper": ("n = 1\ndef g(): return n\ndef f(): return g()", "n = 2"),
    "the helper": ("def g(): return 1\ndef f(): return g()", "def g(): return 2"),
    "the helper's code": ("def g(): return 1\ndef h(): return 2\ndef f(): return g()", "g.__code__ = h.__code__"),
    "a default": ("def f(n=1): return n", "f.__defaults__ = (2,)"),
    "a keyword default": ("def f(*, n=1): return n", "f.__kwdefaults__ = {'n': 2}"),
    "a keyword default within": ("def f(*, n=1): return n", "f.__kwdefaults__['n'] = 2"),
    "its name": ("def f(): return f.__qualname__", "f.__qualname__ = 'another'"),
    "its docstring": ("def f():\n    'one'\n    return f.__doc__", "f.__doc__ = 'two'"),
    "what it wraps": (
        "import functools\ndef g(): return 1\n@functools.wraps(g)\ndef f(): return f.__wrapped__()",
        "f.__wrapped__ = lambda: 2",
    ),
    "what a context manager reads": (
        "import contextlib as c\nn = 1\n@c.contextmanager\ndef g(): yield n\ndef f():\n    with g() as it: return it",
        "n = 2",
    ),
    "what a function made by exec reads": ("n = 1\nexec('def f(): return n')", "n = 2"),
    "a generic function": (
        "import functools\n@functools.singledispatch\ndef g(it): return 'any'\ndef f(): return g(1)",
        "g.register(int, lambda it: 'int')",
    ),
    "a module of one's own making": (
        "import types\nm = types.ModuleType('m')\nm.n = 1\ndef f(): return m.n",
        "m.n = 2",
    ),
    "a class attribute": ("class C: n = 1\ndef f(): return C.n", "C.n = 2"),
    "a class attribute of Python's kind of name": ("class C: __n__ = 1\ndef f(): return C.__n__", "C.__n__ = 2"),
    "a class attribute within": ("class C: n = [1]\ndef f(): return C.n[-1]", "C.n.append(2)"),
    "a method": ("class C:\n    def m(self): return 1\ndef f(): return C().m()", "C.m = lambda self: 2"),
    "what a method reads": ("n = 1\nclass C:\n    def m(self): return n\ndef f(): return C().m()", "n = 2"),
    "the kind of a method": (
        "def m(*args): return len(args)\nclass C: m = staticmethod(m)\ndef f(): return C.m()",
        "C.m = classmethod(m)",
    ),
    "a property": (
        "class C:\n    @property\n    def p(self): return 1\ndef f(): return C().p",
        "C.p = property(lambda self: 2)",
    ),
    "a base": ("class A: n = 1\nclass B(A): pass\ndef f(): return B.n", "A.n = 2"),
    "an attribute of a member": (
        "import enum\nclass E(enum.Enum):\n    A = 1\ndef f(): return getattr(E.A, 'weight', 0)",
        "E.A.weight = 2",
    ),
    "who is registered": (
        "import abc\nclass A(abc.ABC): pass\nclass B: pass\ndef f(): return isinstance(B(), A)",
        "A.register(B)",
    ),
    "the annotations of a class": (
        "class C:\n    a: int\ndef f(): return sorted(C.__annotations__)",
        "C.__annotations__['b'] = str",
    ),
    "what a field of a dataclass is made by": (
        "import dataclasses\nn = 1\ndef make(): return n\n"
        "@dataclasses.dataclass\nclass C:\n    x: int = dataclasses.field(default_factory=make)\ndef f(): return C().x",
        "n = 2",
    ),
    "what was generated of a dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = 1\ndef f(): return repr(C())",
        "C.__repr__ = lambda self: 'another'",
    ),
    "a class in a type": ("class C: n = 1\nkind = list[C]\ndef f(): return kind.__args__[0].n", "C.n = 2"),
    "a global of a class in a function": ("n = 1\ndef f():\n    class C: m = n\n    return C.m", "n = 2"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_here_is_seen_there(what: str, notebook: NotebookModule, there: SecondInterpreter) -> None:
    cell, change = CHANGES[what]
    run_cell(notebook, cell)
    for _ in range(3):
        assert there.call(notebook.namespace["f"]) == notebook.namespace["f"]()  # type: ignore[operator]
    run_cell(notebook, change, "cell 2")
    assert there.call(notebook.namespace["f"]) == notebook.namespace["f"]()  # type: ignore[operator]


def test_a_class_that_is_patched_for_a_while_is_there_as_it_was(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(
        notebook,
        """
        class C:
            def m(self): return 1
        def f(): return C().m()
        def g(): return C().m()
        """,
    )
    method = names["C"].m
    for _ in range(3):
        assert (there.call(names["f"]), there.call(names["g"])) == (1, 1)
    names["C"].m = lambda self: 2
    assert there.call(names["g"]) == 2
    names["C"].m = method
    assert (there.call(names["f"]), there.call(names["g"])) == (1, 1)


STATEFUL = {
    "its own attribute": "def f():\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n",
    "an attribute of a helper": "def g(): pass\ndef f():\n    g.n = getattr(g, 'n', 0) + 1\n    return g.n",
    "by setattr": "def f():\n    setattr(f, 'n', getattr(f, 'n', 0) + 1)\n    return f.n",
}


@pytest.mark.parametrize("what", STATEFUL)
def test_what_one_call_sets_of_a_function_no_other_sees(
    what: str, notebook: NotebookModule, there: SecondInterpreter
) -> None:
    f = run_cell(notebook, STATEFUL[what])["f"]
    assert [there.call(f) for _ in range(4)] == [1] * 4


@pytest.mark.parametrize(
    "cell",
    [
        "def f(n): return n * 2",
        "factor = (1, 'a', None)\ndef f(): return factor",
        "import math\ndef f(): return math.pi",
        "def g(): return 1\ndef f(): return g()",
        "def f(n): return f(n - 1) if n else 0",
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = 1\ndef f(): return C()",
        "import enum\nclass E(enum.Enum):\n    A = 1\ndef f(): return E.A",
        "class A:\n    def m(self): return 1\nclass B(A):\n    def m(self): return super().m()\ndef f(): return B()",
    ],
)
def test_most_functions_are_constant(cell: str, notebook: NotebookModule) -> None:
    assert as_constant(run_cell(notebook, cell)["f"]) is not None


def test_values_that_hold_themselves_or_share_many_parts_are_captured_quickly(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(
        notebook,
        """
        loop = []
        loop.append(loop)
        deep = [1]
        for _ in range(60): deep = [deep, deep]
        def f(): return loop[0] is loop, deep[0] is deep[1]
        """,
    )
    assert there.call(names["f"]) == (True, True)


def test_where_the_stack_ends_nothing_is_taken_for_varying(notebook: NotebookModule) -> None:
    kind = run_cell(notebook, "class Kind:\n    one = 1\n    def f(self): return 1")["Kind"]

    def deeper(frames: int) -> object:
        return deeper(frames - 1) if frames else as_constant(kind)

    outcomes = []
    for frames in range(sys.getrecursionlimit()):
        try:
            outcomes.append(deeper(frames))
        except RecursionError:
            break
    assert 100 < len(outcomes) < sys.getrecursionlimit()
    assert None not in outcomes
