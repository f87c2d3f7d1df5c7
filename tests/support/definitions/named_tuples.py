"""Tuples and dicts with names."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "NamedTuple",
        cell="""
        from typing import NamedTuple

        class Pair(NamedTuple):
            "Two."
            left: int
            right: int = 10
            def total(self):
                if self.left is None:
                    raise Refused("half a pair")
                return self.left + self.right
        """,
        makes="Pair(1)",
        shows="it.total(), repr(it), it._replace(left=5), Pair._make([7, 8]), Pair._field_defaults, "
        "Pair.__doc__, it._asdict()",
        gives=(11, "Pair(left=1, right=10)", (5, 10), (7, 8), {"right": 10}, "Two.", {"left": 1, "right": 10}),
        fails="Pair(None).total()",
        change=("int = 10", "int = 20"),
        then=(21, "Pair(left=1, right=20)", (5, 20), (7, 8), {"right": 20}, "Two.", {"left": 1, "right": 20}),
    ),
    Case(
        "a generic NamedTuple",
        cell="""
        from typing import Generic, NamedTuple, TypeVar
        T = TypeVar("T")

        class Labelled(NamedTuple, Generic[T]):
            label: str
            value: T
            def shown(self):
                if not self.label:
                    raise Refused("no label")
                return f"{self.label}: {self.value}"
        """,
        makes="Labelled[int]('n', 3)",
        shows="it.shown(), it == ('n', 3), it.value",
        gives=("n: 3", True, 3),
        fails="Labelled('', 0).shown()",
        change=(": {", " = {"),
        then=("n = 3", True, 3),
    ),
    Case(
        "namedtuple",
        cell="""
        from collections import namedtuple
        Point = namedtuple("Point", "x y", defaults=[0])
        Point.__doc__ = "In a plane."
        def length(point):
            if point.x < 0:
                raise Refused("left of it")
            return point.x + point.y
        """,
        makes="Point(3)",
        shows="length(it), repr(it), Point(y=1, x=2), it._fields, Point.__doc__, Point.x.__doc__, "
        "len(Point.__new__.__defaults__)",
        gives=(3, "Point(x=3, y=0)", (2, 1), ("x", "y"), "In a plane.", "Alias for field number 0", 1),
        fails="length(Point(-1))",
        change=("defaults=[0]", "defaults=[1]"),
        then=(4, "Point(x=3, y=1)", (2, 1), ("x", "y"), "In a plane.", "Alias for field number 0", 1),
    ),
    Case(
        "a class over a namedtuple",
        cell="""
        from collections import namedtuple

        class Span(namedtuple("Span", ["start", "stop"])):
            __slots__ = ()
            def __new__(cls, start, stop):
                if stop < start:
                    raise Refused("backwards")
                return super().__new__(cls, start, stop)
            @property
            def length(self):
                return self.stop - self.start
        """,
        makes="Span(2, 5)",
        shows="it.length, repr(it), hasattr(it, '__dict__'), it._replace(stop=9).length",
        gives=(3, "Span(start=2, stop=5)", False, 7),
        fails="Span(2, 1)",
        change=("self.stop - self.start", "self.stop + self.start"),
        then=(7, "Span(start=2, stop=5)", False, 11),
    ),
    Case(
        "TypedDict",
        cell="""
        from typing import NotRequired, TypedDict

        class Movie(TypedDict):
            title: str
            year: NotRequired[int]
        class Film(Movie, total=False):
            length: int
        def shown(film: Film) -> str:
            if "title" not in film:
                raise Refused("untitled")
            return f"{film['title']} ({film.get('year', '?')})"
        """,
        makes="Film(title='M', year=1931)",
        shows="shown(it), it, sorted(Film.__required_keys__), sorted(Film.__optional_keys__), "
        "sorted(Film.__annotations__)",
        gives=("M (1931)", {"title": "M", "year": 1931}, ["title"], ["length", "year"], ["length", "title", "year"]),
        fails="shown({})",
        change=("{film['title']} (", "{film['title']}, ("),
        then=("M, (1931)", {"title": "M", "year": 1931}, ["title"], ["length", "year"], ["length", "title", "year"]),
        thing="Film",
    ),
]
