"""Enumerations over other types, with values of one's own, with boundaries."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an enum with a mixed-in type and own __new__",
        cell="""
        from enum import Enum, nonmember, member

        class Unit(float, Enum):
            def __new__(cls, factor, label):
                made = float.__new__(cls, factor)
                made._value_ = label
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
        shows="it.of(8), it.label, Unit('m').name, it < Unit.METRE, Unit.base",
        gives=(2.0, "in", "METRE", True, 7),
        fails="it.of(-1)",
        change=('"in"', '"inch"'),
        then=(2.0, "inch", "METRE", True, 7),
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
    Case(
        "an enum over a base enum with methods and __new__ of its own",
        cell="""
        from enum import Enum

        class Labelled(Enum):
            def __new__(cls, value, label):
                made = object.__new__(cls)
                made._value_ = value
                made.label = label
                return made
            @classmethod
            def labelled(cls, label):
                for one in cls:
                    if one.label == label:
                        return one
                raise Refused(label)
        class Fruit(Labelled):
            APPLE = 1, "apple"
            PEAR = 2, "pear"
        """,
        makes="Fruit.PEAR",
        shows="it.label, Fruit.labelled('apple') is Fruit.APPLE, Fruit(2) is it, isinstance(it, Labelled)",
        gives=("pear", True, True, True),
        fails="Fruit.labelled('plum')",
        change=('2, "pear"', '2, "PEAR"'),
        then=("PEAR", True, True, True),
    ),
    Case(
        "an enum over a dataclass, with values that are functions and own instances",
        cell="""
        from dataclasses import dataclass
        from enum import Enum, member

        @dataclass(frozen=True)
        class Shape:
            corners: int
            def told(self):
                if self.corners == 0:
                    raise Refused("round")
                return f"{self.corners} corners"
        class Known(Shape, Enum):
            TRIANGLE = 3
            CIRCLE = 0
        def shout(text):
            return text.upper()
        class Step(Enum):
            UP = member(shout)
            SHAPE = Shape(4)
            EMPTY = [1, 2]
        """,
        makes="Known.TRIANGLE",
        shows="it.told(), it.corners, Step.UP.value('x'), Step.SHAPE.value == Shape(4), Step([1, "
        "2]) is Step.EMPTY, Known['CIRCLE'].corners",
        gives=("3 corners", 3, "X", True, True, 0),
        fails="Known.CIRCLE.told()",
        change=("upper()", "title() * 2"),
        then=("3 corners", 3, "XX", True, True, 0),
    ),
    Case(
        "flags with a boundary, and an enum that keeps a plain attribute",
        cell="""
        import enum

        class Bits(enum.Flag, boundary=enum.CONFORM):
            A = 1
            B = 4
            def check(self):
                if not self:
                    raise Refused("no bits")
                return bin(self.value)
        class Plain(enum.Enum):
            _ignore_ = ["n"]
            for n in range(2):
                vars()[f"N{n}"] = n
            def __str__(self):
                return f"plain {self.value}"
            __repr__ = __str__
        Plain.extra = "set later"
        """,
        makes="Bits.A | Bits.B",
        shows="it.check(), Bits(8 | 1) is Bits.A, str(Plain.N1), repr(Plain.N0), Plain.extra, Plain.N1.extra",
        gives=("0b101", True, "plain 1", "plain 0", "set later", "set later"),
        fails="Bits(0).check()",
        change=("B = 4", "B = 2"),
        then=("0b11", True, "plain 1", "plain 0", "set later", "set later"),
        thing="Bits",
    ),
    Case(
        "enum.property, verify and _missing_ of flags",
        cell="""
        import enum

        @enum.verify(enum.UNIQUE, enum.CONTINUOUS)
        class Size(enum.Enum):
            S = 1
            M = 2
            @enum.property
            def label(self):
                if self is Size.S:
                    raise Refused("small")
                return self.name.lower()
        class Access(enum.Flag):
            R = 4
            W = 2
            @classmethod
            def _missing_(cls, value):
                return cls.R if value == "read" else super()._missing_(value)
        """,
        makes="Size.M",
        shows="it.label, Access('read') is Access.R, Access.R in ~Access.W, Size.M.value",
        gives=("m", True, True, 2),
        fails="Size.S.label",
        change=("lower()", "title()"),
        then=("M", True, True, 2),
    ),
]
