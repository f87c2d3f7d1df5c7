"""Classes: what they inherit, and how they are made."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a plain class",
        cell="""
        class Point:
            "In a plane."
            origin = 0, 0
            def __init__(self, x, y):
                self.x, self.y = x, y
            def length(self):
                if self.x is None:
                    raise Refused("nowhere")
                return (self.x ** 2 + self.y ** 2) ** 0.5
        """,
        makes="Point(3, 4)",
        shows="it.length(), it.origin, type(it).__doc__, type(it).__module__ == __name__",
        gives=(5.0, (0, 0), "In a plane.", True),
        fails="Point(None, 0).length()",
        change=("** 0.5", "** 1"),
        then=(25, (0, 0), "In a plane.", True),
    ),
    Case(
        "inheritance with super()",
        cell="""
        class Shape:
            kind = "shape"
            def describe(self):
                return f"{self.kind} of {self.area()}"
            def area(self):
                raise Refused(self.kind)

        class Square(Shape):
            kind = "square"
            def __init__(self, side):
                self.side = side
            def describe(self):
                return super().describe() + "!"
            def area(self):
                return self.side ** 2
        """,
        makes="Square(3)",
        shows="it.describe(), isinstance(it, Shape)",
        gives=("square of 9!", True),
        fails="Shape().describe()",
        change=('+ "!"', '+ "?"'),
        then=("square of 9?", True),
    ),
    Case(
        "multiple inheritance and a diamond of super()",
        cell="""
        class Base:
            def trail(self):
                return ["Base"]
        class Left(Base):
            def trail(self):
                return ["Left", *super().trail()]
        class Right(Base):
            def trail(self):
                if getattr(self, "blocked", False):
                    raise Refused("blocked")
                return ["Right", *super().trail()]
        class Bottom(Left, Right):
            def trail(self):
                return ["Bottom", *super().trail()]
        """,
        makes="Bottom()",
        shows="it.trail(), [kind.__name__ for kind in Bottom.__mro__[:-1]]",
        gives=(["Bottom", "Left", "Right", "Base"], ["Bottom", "Left", "Right", "Base"]),
        fails="it.blocked = True; it.trail()",
        change=('["Left",', '["L",'),
        then=(["Bottom", "L", "Right", "Base"], ["Bottom", "Left", "Right", "Base"]),
    ),
    Case(
        "mixins over a built-in class",
        cell="""
        class Loud:
            def shout(self):
                return str(self).upper()
        class Checked:
            def check(self):
                if not self:
                    raise Refused("empty")
                return self
        class Word(Loud, Checked, str):
            pass
        """,
        makes="Word('light')",
        shows="it.shout(), it.check() == 'light', it[1:]",
        gives=("LIGHT", True, "ight"),
        fails="Word('').check()",
        change=("upper()", "title()"),
        then=("Light", True, "ight"),
    ),
    Case(
        "__init_subclass__ with a keyword that it needs, which registers once",
        cell="""
        class Plugin:
            known = {}
            def __init_subclass__(cls, *, name, **rest):
                super().__init_subclass__(**rest)
                if name == "none":
                    raise Refused("no name")  # here
                if name in cls.known:
                    raise TypeError("twice")  # never
                cls.known[name] = cls

        class Ink(Plugin, name="ink"):
            def run(self):
                return "inked", sorted(Plugin.known), Plugin.known["ink"] is Ink
        """,
        makes="Ink()",
        shows="it.run()",
        gives=("inked", ["ink"], True),
        fails="type('Bad', (Plugin,), {}, name='none')",
        change=('"inked"', '"INKED"'),
        then=("INKED", ["ink"], True),
    ),
    Case(
        "an own metaclass",
        cell="""
        class Meta(type):
            def __new__(meta, name, bases, namespace, *, strict):
                made = super().__new__(meta, name, bases, namespace)
                made.order = [key for key in namespace if not key.startswith("__")]
                return made
            def __init__(cls, name, bases, namespace, *, strict):
                super().__init__(name, bases, namespace)
            def __call__(cls, *args):
                if not args:
                    raise Refused("nothing to make it of")
                return super().__call__(*args)
            @property
            def shouted(cls):
                return cls.__name__.upper()
            def __len__(cls):
                return len(cls.order)

        class Record(metaclass=Meta, strict=True):
            b = 1
            a = 2
            def __init__(self, value):
                self.value = value
        """,
        makes="Record(5)",
        shows="it.value, Record.order, Record.shouted, len(Record), type(Record) is Meta",
        gives=(5, ["b", "a"], "RECORD", 2, True),
        fails="Record()",
        change=("a = 2", "c = 2"),
        then=(5, ["b", "c"], "RECORD", 2, True),
    ),
    Case(
        "a metaclass that prepares the namespace and keeps a registry",
        cell="""
        class Tables(type):
            registry = {}
            @classmethod
            def __prepare__(meta, name, bases):
                return {"made_by": meta.__name__}
            def __init__(cls, name, bases, namespace):
                super().__init__(name, bases, namespace)
                Tables.registry[name] = cls
            def __getitem__(cls, key):
                if key not in cls.columns:
                    raise Refused(key)
                return cls.columns[key]

        class Users(metaclass=Tables):
            columns = {"name": str, "age": int}
        """,
        makes="Users()",
        shows="Users['age'] is int, Users.made_by, Tables.registry['Users'] is type(it), sorted(Tables.registry)",
        gives=(True, "Tables", True, ["Users"]),
        fails="Users['height']",
        change=('"made_by": meta', '"made_by": "New" + meta'),
        then=(True, "NewTables", True, ["Users"]),
        thing="Users",
    ),
    Case(
        "a class decorator",
        cell="""
        def described(cls):
            cls.describe = lambda self: f"{cls.__name__}({', '.join(f'{k}={v}' for k, v in vars(self).items())})"
            return cls

        @described
        class Pair:
            def __init__(self, left, right):
                if left is right is None:
                    raise Refused("no pair")
                self.left, self.right = left, right
        """,
        makes="Pair(1, 2)",
        shows="it.describe()",
        gives="Pair(left=1, right=2)",
        fails="Pair(None, None)",
        change=("{k}={v}", "{k}: {v}"),
        then="Pair(left: 1, right: 2)",
    ),
]
