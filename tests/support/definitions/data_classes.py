"""Dataclasses, tuples with names, and enumerations."""

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
        shows="it.total(4), repr(it), it == Item('pen', 1.5), it != Item('pen', 2)",
        gives=(6.0, "Item(name='pen', price=1.5)", True, True),
        fails="it.total(-1)",
        change=("= 1.5", "= 2.5"),
        then=(10.0, "Item(name='pen', price=2.5)", False, True),
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
        shows="it.shout(), it < Word('might'), sorted([Word('b'), Word('a')])[0].text, repr(it), hash(Word('a')) is None",
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
        shows="it.total(), repr(it), it._replace(left=5), Pair._make([7, 8]), Pair._field_defaults, Pair.__doc__, it._asdict()",
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
        shows="length(it), repr(it), Point(y=1, x=2), it._fields, Point.__doc__, Point.x.__doc__, len(Point.__new__.__defaults__)",
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
        shows="shown(it), it, sorted(Film.__required_keys__), sorted(Film.__optional_keys__), sorted(Film.__annotations__)",
        gives=("M (1931)", {"title": "M", "year": 1931}, ["title"], ["length", "year"], ["length", "title", "year"]),
        fails="shown({})",
        change=("{film['title']} (", "{film['title']}, ("),
        then=("M, (1931)", {"title": "M", "year": 1931}, ["title"], ["length", "year"], ["length", "title", "year"]),
        thing="Film",
    ),
    Case(
        "Enum",
        cell="""
        import enum

        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
            CRIMSON = 1
            def other(self):
                if self is Colour.BLUE and other_is_forbidden:
                    raise Refused("stay blue")
                return Colour.BLUE if self is Colour.RED else Colour.RED
        other_is_forbidden = True
        """,
        makes="Colour.RED",
        shows="it.other() is Colour.BLUE, Colour(1) is it, Colour['CRIMSON'] is it, list(Colour) == [it, it.other()], repr(it)",
        gives=(True, True, True, True, "<Colour.RED: 1>"),
        fails="Colour.BLUE.other()",
        change=("BLUE = 2", "BLUE = 3"),
        then=(True, True, True, True, "<Colour.RED: 1>"),
    ),
    Case(
        "an enum with values that are tuples, __init__ and properties",
        cell="""
        from enum import Enum

        class Planet(Enum):
            "With mass and radius."
            EARTH = (6, 4)
            MARS = (2, 1)
            def __init__(self, mass, radius):
                self.mass = mass
                self.radius = radius
            @property
            def gravity(self):
                if self is Planet.MARS:
                    raise Refused("not there yet")
                return self.mass / self.radius
            @classmethod
            def heaviest(cls):
                return max(cls, key=lambda planet: planet.mass)
        """,
        makes="Planet.EARTH",
        shows="it.gravity, Planet.heaviest() is it, Planet((2, 1)).name, it.value",
        gives=(1.5, True, "MARS", (6, 4)),
        fails="Planet.MARS.gravity",
        change=("/ self.radius", "* self.radius"),
        then=(24, True, "MARS", (6, 4)),
    ),
    Case(
        "IntEnum, auto and _missing_",
        cell="""
        from enum import IntEnum, auto

        class Level(IntEnum):
            LOW = auto()
            HIGH = auto()
            @classmethod
            def _missing_(cls, value):
                if value == "none":
                    raise Refused("no level")
                return cls.HIGH if isinstance(value, int) and value > 2 else None
        """,
        makes="Level.HIGH",
        shows="it + 1, it > Level.LOW, Level(99) is it, [level.value for level in Level], f'{it}'",
        gives=(3, True, True, [1, 2], "2"),
        fails="Level('none')",
        change=("LOW = auto()", "LOW = 5"),
        then=(7, True, True, [5, 6], "6"),
    ),
    Case(
        "Flag and IntFlag",
        cell="""
        import enum

        class Right(enum.Flag):
            READ = enum.auto()
            WRITE = enum.auto()
            RUN = enum.auto()
            ALL = READ | WRITE | RUN
            def check(self, right):
                if right not in self:
                    raise Refused(right.name)
                return True
        class Mode(enum.IntFlag):
            A = 1
            B = 2
        """,
        makes="Right.READ | Right.RUN",
        shows="it.check(Right.RUN), Right.WRITE in it, (it | Right.WRITE) is Right.ALL, Mode.A | 2, it.value, list(it) == [Right.READ, Right.RUN]",
        gives=(True, False, True, 3, 5, True),
        fails="it.check(Right.WRITE)",
        change=("RUN = enum.auto()", "RUN = 8"),
        then=(True, False, True, 3, 9, True),
        thing="Right",
    ),
    Case(
        "StrEnum and _generate_next_value_",
        cell="""
        from enum import StrEnum, auto, unique

        @unique
        class Kind(StrEnum):
            @staticmethod
            def _generate_next_value_(name, start, count, last):
                return f"kind-{name.lower()}"
            CODE = auto()
            TEXT = auto()
            def shout(self):
                if self is Kind.TEXT:
                    raise Refused("quiet")
                return self.upper()
        """,
        makes="Kind.CODE",
        shows="it.shout(), it == 'kind-code', Kind('kind-text').name, f'{it}', '-'.join(Kind)",
        gives=("KIND-CODE", True, "TEXT", "kind-code", "kind-code-kind-text"),
        fails="Kind.TEXT.shout()",
        change=("upper()", "title()"),
        then=("Kind-Code", True, "TEXT", "kind-code", "kind-code-kind-text"),
    ),
    Case(
        "an enum with a mixed-in type and own __new__",
        cell="""
        from enum import Enum, nonmember, member

        class Unit(float, Enum):
            def __new__(cls, factor, label):
                made = float.__new__(cls, factor)
                made._value_ = factor
                made.label = label
                return made
            METRE = 1.0, "m"
            INCH = 0.25, "in"
            base = nonmember(7)
            def of(self, n):
                if n < 0:
                    raise Refused("negative")
                return n * self
        """,
        makes="Unit.INCH",
        shows="it.of(8), it.label, Unit(1.0).label, it < Unit.METRE, Unit.base",
        gives=(2.0, "in", "m", True, 7),
        fails="it.of(-1)",
        change=('"in"', '"inch"'),
        then=(2.0, "inch", "m", True, 7),
    ),
    Case(
        "an enum by the functional interface",
        cell="""
        import enum
        Size = enum.Enum("Size", ["SMALL", "LARGE"], module=__name__)
        def fits(size):
            if size is Size.LARGE:
                raise Refused("does not fit")
            return size.name
        """,
        makes="Size.SMALL",
        shows="fits(it), Size(1) is it, it.value, len(Size)",
        gives=("SMALL", True, 1, 2),
        fails="fits(Size.LARGE)",
        change=('"LARGE"]', '"LARGE", "HUGE"]'),
        then=("SMALL", True, 1, 3),
    ),
    Case(
        "an enum as keys, in dataclasses and in match",
        cell="""
        from dataclasses import dataclass
        from enum import Enum

        class Side(Enum):
            LEFT = "l"
            RIGHT = "r"
        @dataclass(frozen=True)
        class Move:
            side: Side = Side.LEFT
            by: int = 1
        names = {Side.LEFT: "left", Side.RIGHT: "right"}
        def told(move):
            match move:
                case Move(Side.LEFT, by):
                    return f"{names[Side.LEFT]} {by}"
                case Move(side=Side.RIGHT):
                    raise Refused("not right")
        """,
        makes="Move()",
        shows="told(it), it.side is Side.LEFT",
        gives=("left 1", True),
        fails="told(Move(Side.RIGHT))",
        change=('"left"', '"LEFT"'),
        then=("LEFT 1", True),
    ),
]
