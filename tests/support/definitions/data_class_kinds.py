"""Dataclasses that extend, replace, are generic, recursive or made by a function."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a dataclass that extends a dataclass",
        cell="""
        from dataclasses import asdict, astuple, dataclass, is_dataclass

        @dataclass
        class Base:
            a: int
            b: int = 2
        @dataclass
        class Derived(Base):
            c: int = 3
            b: int = 20
            def total(self):
                if self.a is None:
                    raise Refused("no a")
                return self.a + self.b + self.c
        """,
        makes="Derived(1)",
        shows="it.total(), asdict(it), astuple(it), isinstance(it, Base), is_dataclass(type(it)), it == Base(1, 20)",
        gives=(24, {"a": 1, "b": 20, "c": 3}, (1, 20, 3), True, True, False),
        fails="Derived(None).total()",
        change=("c: int = 3", "c: int = 30"),
        then=(51, {"a": 1, "b": 20, "c": 30}, (1, 20, 30), True, True, False),
        thing="Derived",
    ),
    Case(
        "a dataclass with methods of its own in place of generated ones",
        cell="""
        from dataclasses import dataclass

        @dataclass(eq=False, repr=False)
        class Own:
            n: int
            def __repr__(self):
                if self.n < 0:
                    raise Refused("negative")
                return f"own {self.n}"
            def __eq__(self, other):
                return self.n % 10 == other.n % 10
            __hash__ = None
        @dataclass
        class Half(Own):
            m: int = 1
            def __init__(self, n):
                self.n, self.m = n // 2, n
        """,
        makes="Half(8)",
        shows="repr(Own(3)), Own(3) == Own(13), repr(it), it.m",
        gives=("own 3", True, "Half(n=4, m=8)", 8),
        fails="repr(Own(-1))",
        change=("n // 2", "n // 4"),
        then=("own 3", True, "Half(n=2, m=8)", 8),
    ),
    Case(
        "a generic dataclass with metadata",
        cell="""
        from dataclasses import dataclass, field, fields
        from typing import Generic, TypeVar
        T = TypeVar("T")

        @dataclass
        class Boxed(Generic[T]):
            value: T = field(metadata={"unit": "kg"}, hash=False)
            def unit(self):
                if self.value is None:
                    raise Refused("empty box")
                return fields(self)[0].metadata["unit"]
        """,
        makes="Boxed[int](3)",
        shows="it.unit(), it.value, repr(it)",
        gives=("kg", 3, "Boxed(value=3)"),
        fails="Boxed(None).unit()",
        change=('"kg"', '"t"'),
        then=("t", 3, "Boxed(value=3)"),
    ),
    Case(
        "a dataclass made by make_dataclass",
        cell="""
        from dataclasses import field, make_dataclass
        def checked(self):
            if self.x > 9:
                raise Refused("too far")
            return self.x + self.y
        Pair = make_dataclass("Pair", [("x", int), ("y", int, field(default=5))], namespace={"checked": checked})
        Pair.__module__ = __name__
        """,
        makes="Pair(1)",
        shows="it.checked(), repr(it)",
        gives=(6, "Pair(x=1, y=5)"),
        fails="Pair(10).checked()",
        change=("default=5", "default=6"),
        then=(7, "Pair(x=1, y=6)"),
    ),
    Case(
        "a cached property on a dataclass",
        cell="""
        from dataclasses import dataclass
        from functools import cached_property

        @dataclass(frozen=True)
        class Text:
            words: tuple
            @cached_property
            def count(self):
                if not self.words:
                    raise Refused("no words")
                return len(self.words)
        """,
        makes="Text(('a', 'b'))",
        shows="it.count, it.count, vars(it)",
        gives=(2, 2, {"words": ("a", "b"), "count": 2}),
        fails="Text(()).count",
        change=("len(self.words)", "len(self.words) * 2"),
        then=(4, 4, {"words": ("a", "b"), "count": 4}),
    ),
    Case(
        "a dataclass whose base knows it, and a recursive one",
        cell="""
        from __future__ import annotations
        from dataclasses import dataclass, field
        from typing import ClassVar

        @dataclass(frozen=True)
        class Expression:
            at: int = field(default=0, kw_only=True)
            kinds: ClassVar[list[str]] = ["number", "sum"]
            def simplified(self) -> Expression:
                if isinstance(self, Number) and self.value is None:
                    raise Refused("no value")
                return Number(self.evaluated(), at=self.at)
        @dataclass(frozen=True)
        class Number(Expression):
            value: int
            def evaluated(self):
                return self.value
        @dataclass(frozen=True)
        class Sum(Expression):
            left: Expression
            right: Expression | None = None
            def evaluated(self):
                return self.left.evaluated() + (self.right.evaluated() if self.right else 0)
        """,
        makes="Sum(Number(1), Sum(Number(2)), at=7)",
        shows="repr(it.simplified()), it == Sum(Number(1), Sum(Number(2)), at=7), Expression.kinds",
        gives=("Number(at=7, value=3)", True, ["number", "sum"]),
        fails="Number(None).simplified()",
        change=("at=self.at", "at=self.at + 1"),
        then=("Number(at=8, value=3)", True, ["number", "sum"]),
        script=False,
    ),
    Case(
        "an abstract generic dataclass with slots, weakly referred to, hashable by force",
        cell="""
        import abc, weakref
        from dataclasses import dataclass, field
        from typing import Generic, TypeVar
        T = TypeVar("T")
        def fresh():
            return ["fresh"]

        @dataclass(slots=True, weakref_slot=True, unsafe_hash=True)
        class Node(abc.ABC, Generic[T]):
            value: T
            notes: list = field(default_factory=fresh, hash=False)
            @abc.abstractmethod
            def told(self): ...
        @dataclass(slots=True, unsafe_hash=True)
        class Leaf(Node[int]):
            depth: int = 0
            def told(self):
                if self.depth > 9:
                    raise Refused("too deep")
                return f"{self.value} at {self.depth}"
        """,
        makes="Leaf(3)",
        shows="it.told(), it.notes, hash(it) == hash(Leaf(3)), weakref.ref(it)() is it, hasattr(it, '__dict__')",
        gives=("3 at 0", ["fresh"], True, True, False),
        fails="Leaf(3, depth=10).told()",
        change=('["fresh"]', '["new"]'),
        then=("3 at 0", ["new"], True, True, False),
    ),
]
