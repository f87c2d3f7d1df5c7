"""Enumerations."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
        shows="it.other() is Colour.BLUE, Colour(1) is it, Colour['CRIMSON'] is it, "
        "list(Colour) == [it, it.other()], repr(it)",
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
        shows="it.gravity, Planet.heaviest() is it, Planet((2, 1)).name, it.value, Planet.__doc__",
        gives=(1.5, True, "MARS", (6, 4), "With mass and radius."),
        fails="Planet.MARS.gravity",
        change=("/ self.radius", "* self.radius"),
        then=(24, True, "MARS", (6, 4), "With mass and radius."),
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
        shows="it.check(Right.RUN), Right.WRITE in it, (it | Right.WRITE) is Right.ALL, Mode.A | 2, "
        "it.value, list(it) == [Right.READ, Right.RUN]",
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
]
