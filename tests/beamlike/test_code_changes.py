"""What has been sent often, and is known over there, is known there as it is here now: whatever is changed of it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from dataclasses import dataclass
from typing import Any

import pytest

from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter

OFTEN = 4


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    cell: str
    """Defines `look`, which uses `rate` or what `change` changes."""
    change: str = "rate = 2"


CHANGES = [
    Change("a global", "def look(): return rate"),
    Change("a global of a function that it calls", "def inner(): return rate\ndef look(): return inner()"),
    Change("a global of a lambda in a tuple", "pair = (lambda: rate, 1)\ndef look(): return pair[0]()"),
    Change("a global of a default", "def look(f=lambda: rate): return f()"),
    Change("a global of a closure", "def maker():\n    return lambda: rate\nmade = maker()\ndef look(): return made()"),
    Change(
        "a global of a partial", "import functools\npart = functools.partial(lambda: rate)\ndef look(): return part()"
    ),
    Change("a global of what eval made", "made = eval('lambda: rate')\ndef look(): return made()"),
    Change(
        "a global of a decorated function",
        """
        import functools
        def twice(f):
            @functools.wraps(f)
            def wrapper(): return f(), f()
            return wrapper
        @twice
        def one(): return rate
        def look(): return one()
        """,
    ),
    Change(
        "a global of a context manager",
        """
        import contextlib
        @contextlib.contextmanager
        def held(): yield rate
        def look():
            with held() as value: return value
        """,
    ),
    Change(
        "a global of an async context manager",
        """
        import contextlib
        @contextlib.asynccontextmanager
        async def held(): yield rate
        async def look():
            async with held() as value: return value
        """,
    ),
    Change(
        "a global of a generic function",
        "import functools\n@functools.singledispatch\ndef told(n): return rate\ndef look(): return told(1)",
    ),
    Change(
        "another implementation of a generic function",
        "import functools\n@functools.singledispatch\ndef told(n): return 'any'\ndef look(): return told(1)",
        "told.register(int, lambda n: 'int')",
    ),
    Change("a global of a method", "class Own:\n    def get(self): return rate\ndef look(): return Own().get()"),
    Change(
        "a global of class methods, static methods and properties",
        """
        class Own:
            a = classmethod(lambda cls: rate)
            b = staticmethod(lambda: rate)
            c = property(lambda self: rate)
        def look(): return Own.a(), Own.b(), Own().c
        """,
    ),
    Change(
        "a global of a cached property",
        """
        import functools
        class Own:
            @functools.cached_property
            def value(self): return rate
        def look(): return Own().value
        """,
    ),
    Change(
        "a global of a metaclass",
        """
        class Meta(type):
            @property
            def value(cls): return rate
        class Own(metaclass=Meta): ...
        def look(): return Own.value
        """,
    ),
    Change(
        "a global of a method of a dataclass",
        """
        from dataclasses import dataclass
        @dataclass
        class Own:
            n: int = 1
            def get(self): return self.n * rate
        def look(): return Own(3).get()
        """,
    ),
    Change(
        "a method of an enumeration",
        "import enum\nclass Own(enum.Enum):\n    A = 1\n    def get(self): return 1\ndef look(): return Own.A.get()",
        "Own.get = lambda self: 2",
    ),
    Change(
        "a method of a base",
        "class Base:\n    def get(self): return 1\nclass Own(Base): ...\ndef look(): return Own().get()",
        "Base.get = lambda self: 2",
    ),
    Change(
        "an attribute of a nested class",
        "class Own:\n    class In:\n        n = 1\ndef look(): return Own.In.n",
        "Own.In.n = 2",
    ),
    Change("a list in a class", "class Own:\n    items = [1]\ndef look(): return Own.items", "Own.items.append(2)"),
    Change(
        "an attribute of an enumeration",
        "import enum\nclass Own(enum.Enum):\n    A = 1\nOwn.n = 1\ndef look(): return Own.n",
        "Own.n = 2",
    ),
    Change(
        "an object that a class refers to",
        "class D:\n    n = 1\nclass Own:\n    d = D()\ndef look(): return Own.d.n",
        "Own.d.n = 2",
    ),
    Change("the text of a class", "class Own:\n    'a'\ndef look(): return Own.__doc__", "Own.__doc__ = 'b'"),
    Change("the text of a function", "def own(): 'a'\ndef look(): return own.__doc__", "own.__doc__ = 'b'"),
    Change("the name of a function", "def own(): ...\ndef look(): return own.__name__", "own.__name__ = 'b'"),
    Change(
        "what a class is matched by",
        "class Own:\n    __match_args__ = ('a',)\ndef look(): return Own.__match_args__",
        "Own.__match_args__ = ('b',)",
    ),
    Change("the defaults of a function", "def own(n=1): return n\ndef look(): return own()", "own.__defaults__ = (2,)"),
    Change(
        "a list that is a default", "def look(*, items=[1]): return items", "look.__kwdefaults__['items'].append(2)"
    ),
    Change(
        "the code of a function", "def own(): return 1\ndef look(): return own()", "own.__code__ = (lambda: 2).__code__"
    ),
    Change(
        "the defaults of a named tuple",
        "from collections import namedtuple\nOwn = namedtuple('Own', 'a', defaults=[1])\ndef look(): return Own()",
        "Own.__new__.__defaults__ = (2,)",
    ),
    Change(
        "what stands in a namespace",
        "import types\nspace = types.SimpleNamespace(n=1)\ndef look(): return space.n",
        "space.n = 2",
    ),
]


def here(function: Any) -> Any:
    value = function()
    return asyncio.run(value) if inspect.iscoroutine(value) else value


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_what_is_changed_here_is_changed_there(there: SecondInterpreter, change: Change) -> None:
    with contextlib.closing(NotebookModule("changes")) as notebook:
        look = run_cell(notebook, "rate = 1\n" + inspect.cleandoc(change.cell))["look"]
        before = here(look)
        for _ in range(OFTEN):
            assert there.call(look) == before
        run_cell(notebook, change.change, "cell 2")
        for _ in range(OFTEN):
            assert there.call(look) == here(look)
