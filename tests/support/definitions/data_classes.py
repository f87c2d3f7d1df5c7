"""Dataclasses by their options and fields."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a dataclass",
        cell="""
        from dataclasses import dataclass

        @dataclass
        class Item:
            name: str
            price: float = 1.5
            def total(self, n):
                if n < 0:
                    raise Refused("fewer than none")
                return n * self.price
        """,
        makes="Item('pen')",
        shows="it.total(4), repr(it), it == Item('pen', 1.5), it != Item('pen', 2), Item.__init__.__annotations__",
        gives=(
            6.0,
            "Item(name='pen', price=1.5)",
            True,
            True,
            {"name": str, "price": float, "return": None},
        ),
        fails="it.total(-1)",
        change=("= 1.5", "= 2.5"),
        then=(
            10.0,
            "Item(name='pen', price=2.5)",
            False,
            True,
            {"name": str, "price": float, "return": None},
        ),
    ),
    Case(
        "a frozen dataclass",
        cell="""
        from dataclasses import FrozenInstanceError, dataclass, replace

        @dataclass(frozen=True)
        class Key:
            name: str
            n: int = 0
            def use(self):
                try:
                    self.n = 5
                except FrozenInstanceError:
                    if self.n < 0:
                        raise Refused("frozen") from None
                return replace(self, n=self.n + 1)
        """,
        makes="Key('a')",
        shows="it.use(), it.use().n, hash(it) == hash(Key('a')), {it: 1}[Key('a')]".replace("it.use(), ", "", 1),
        gives=(1, True, 1),
        fails="Key('b', -1).use()",
        change=("self.n + 1", "self.n + 2"),
        then=(2, True, 1),
    ),
    Case(
        "a dataclass with slots",
        cell="""
        from dataclasses import dataclass, field

        @dataclass(slots=True)
        class Cell:
            row: int
            tags: list[str] = field(default_factory=list)
            def tag(self, tag):
                if not tag:
                    raise Refused("no tag")
                return [*self.tags, tag]
        """,
        makes="Cell(1)",
        shows="it.tag('x'), hasattr(it, '__dict__'), repr(it)",
        gives=(["x"], False, "Cell(row=1, tags=[])"),
        fails="it.tag('')",
        change=("[*self.tags, tag]", "[tag, tag]"),
        then=(["x", "x"], False, "Cell(row=1, tags=[])"),
    ),
    Case(
        "a dataclass, frozen, with slots, ordered",
        cell="""
        from dataclasses import dataclass, field

        @dataclass(frozen=True, slots=True, order=True)
        class Word:
            text: str
            count: int = 1
            seen: list = field(default_factory=list, compare=False, repr=False)
            def shout(self):
                if not self.text:
                    raise Refused("silence")
                return self.text.upper()
        """,
        makes="Word('light')",
        shows="it.shout(), it < Word('might'), sorted([Word('b'), Word('a')])[0].text, repr(it), "
        "hash(Word('a')) is None",
        gives=("LIGHT", True, "a", "Word(text='light', count=1)", False),
        fails="Word('').shout()",
        change=("upper()", "title()"),
        then=("Light", True, "a", "Word(text='light', count=1)", False),
    ),
    Case(
        "a dataclass with keyword-only fields",
        cell="""
        from dataclasses import KW_ONLY, dataclass

        @dataclass
        class Options:
            host: str
            _: KW_ONLY
            port: int = 80
            tls: bool
            def url(self):
                if not self.host:
                    raise Refused("no host")
                return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"
        """,
        makes="Options('h', tls=True)",
        shows="it.url(), Options.__match_args__",
        gives=("https://h:80", ("host",)),
        fails="Options('', tls=False).url()",
        change=("= 80", "= 443"),
        then=("https://h:443", ("host",)),
    ),
    Case(
        "a dataclass with __post_init__, InitVar and fields left out of __init__",
        cell="""
        from dataclasses import InitVar, dataclass, field, fields
        from typing import ClassVar

        @dataclass
        class Circle:
            radius: InitVar[float]
            unit: str = "m"
            area: float = field(init=False, repr=False)
            limit: "ClassVar[int]" = 10
            def __post_init__(self, radius):
                if radius > self.limit:
                    raise Refused("too large")
                self.area = round(3.14 * radius ** 2, 2)
        """,
        makes="Circle(2)",
        shows="it.area, it.unit, [one.name for one in fields(it)]",
        gives=(12.56, "m", ["unit", "area"]),
        fails="Circle(11)",
        change=("3.14", "3"),
        then=(12, "m", ["unit", "area"]),
    ),
]
