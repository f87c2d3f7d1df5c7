"""Classes: what they inherit, how they are made, and what belongs to them."""

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
        "__init_subclass__ with a keyword, which registers once",
        cell="""
        class Plugin:
            known = {}
            def __init_subclass__(cls, *, name=None, **rest):
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
            def __new__(meta, name, bases, namespace, **keywords):
                made = super().__new__(meta, name, bases, namespace)
                made.order = [key for key in namespace if not key.startswith("__")]
                return made
            def __init__(cls, name, bases, namespace, **keywords):
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
    Case(
        "__slots__",
        cell="""
        class Slotted:
            __slots__ = ("x", "y", "unset")
            def __init__(self, x, y):
                self.x, self.y = x, y
            def total(self):
                if hasattr(self, "unset"):
                    raise Refused("was set")
                return self.x + self.y
        """,
        makes="Slotted(1, 2)",
        shows="it.total(), hasattr(it, '__dict__'), Slotted.__slots__",
        gives=(3, False, ("x", "y", "unset")),
        fails="it.unset = 1; it.total()",
        change=("self.x + self.y", "self.x - self.y"),
        then=(-1, False, ("x", "y", "unset")),
    ),
    Case(
        "__slots__ inherited, private, and beside a __dict__",
        cell="""
        class Top:
            __slots__ = "__secret", "weak", "__weakref__"
            def __init__(self):
                self.__secret = 7
            def secret(self):
                if not self.__secret:
                    raise Refused("no secret")
                return self.__secret
            def forget(self):
                self.__secret = 0
        class Middle(Top):
            __slots__ = ["name"]
        class Open(Middle):
            pass
        """,
        makes="Open()",
        shows="it.secret(), hasattr(it, '__dict__'), hasattr(Middle(), '__dict__'), Middle.__slots__",
        gives=(7, True, False, ["name"]),
        fails="it.forget(); it.secret()",
        change=("= 7", "= 8"),
        then=(8, True, False, ["name"]),
    ),
    Case(
        "one slot, given as a string",
        cell="""
        class Only:
            __slots__ = "value"
            def __init__(self, value):
                if value is None:
                    raise Refused("nothing")
                self.value = value
        """,
        makes="Only(4)",
        shows="it.value, Only.__slots__",
        gives=(4, "value"),
        fails="Only(None)",
        change=("= value", "= value * 2"),
        then=(8, "value"),
    ),
    Case(
        "a property with setter and deleter",
        cell="""
        class Celsius:
            def __init__(self, degrees):
                self._degrees = degrees
            @property
            def degrees(self):
                "Above freezing."
                return self._degrees
            @degrees.setter
            def degrees(self, value):
                if value < -273.15:
                    raise Refused("too cold")
                self._degrees = value
            @degrees.deleter
            def degrees(self):
                self._degrees = 0
            fahrenheit = property(lambda self: self._degrees * 9 / 5 + 32)

        def use(it):
            it.degrees = 10
            seen = it.degrees, it.fahrenheit
            del it.degrees
            return *seen, it.degrees, type(it).degrees.__doc__
        """,
        makes="Celsius(20)",
        shows="use(it)",
        gives=(10, 50, 0, "Above freezing."),
        fails="it.degrees = -300",
        change=("+ 32", "+ 33"),
        then=(10, 51, 0, "Above freezing."),
    ),
    Case(
        "classmethods that make, staticmethods, and a class that counts",
        cell="""
        class Money:
            made = 0
            def __init__(self, cents):
                self.cents = cents
                type(self).made += 1
            @classmethod
            def parse(cls, text):
                if not cls.is_number(text):
                    raise Refused(text)
                return cls(round(float(text) * 100))
            @staticmethod
            def is_number(text):
                return text.replace(".", "").isdigit()
        """,
        makes="Money.parse('1.25')",
        shows="it.cents, type(it).made in range(9), Money.is_number('x')",
        gives=(125, True, False),
        fails="Money.parse('free')",
        change=("* 100", "* 1000"),
        then=(1250, True, False),
    ),
    Case(
        "a descriptor with __set_name__",
        cell="""
        class Positive:
            def __set_name__(self, owner, name):
                self.name = "_" + name
                owner.checked = (*getattr(owner, "checked", ()), name)
            def __get__(self, instance, owner=None):
                return self if instance is None else getattr(instance, self.name)
            def __set__(self, instance, value):
                if value <= 0:
                    raise Refused(self.name)
                setattr(instance, self.name, value)

        class Box:
            width = Positive()
            height = Positive()
            def __init__(self, width, height):
                self.width, self.height = width, height
        """,
        makes="Box(2, 3)",
        shows="it.width * it.height, Box.width.name, Box.checked",
        gives=(6, "_width", ("width", "height")),
        fails="it.width = 0",
        change=('"_" + name', '"the_" + name'),
        then=(6, "the_width", ("width", "height")),
        thing="Box",
    ),
    Case(
        "nested classes",
        cell="""
        class Outer:
            class Inner:
                class Core:
                    def heat(self, degrees):
                        if degrees > 9000:
                            raise Refused("meltdown")
                        return degrees * 2
                def __init__(self):
                    self.core = Outer.Inner.Core()
            def __init__(self):
                self.inner = self.Inner()
        """,
        makes="Outer.Inner()",
        shows="it.core.heat(5), type(it.core).__qualname__, isinstance(it, Outer.Inner)",
        gives=(10, "Outer.Inner.Core", True),
        fails="it.core.heat(9001)",
        change=("* 2", "* 3"),
        then=(15, "Outer.Inner.Core", True),
        thing="Outer",
    ),
    Case(
        "a class local to a function",
        cell="""
        def kinds(factor):
            class Scaled:
                def __init__(self, n):
                    self.n = n
                def value(self):
                    if self.n is None:
                        raise Refused("nothing")
                    return self.n * factor
            return Scaled
        Double = kinds(2)
        Triple = kinds(3)
        """,
        makes="Double(5)",
        shows="it.value(), Triple(5).value(), type(it).__qualname__, isinstance(it, Triple)",
        gives=(10, 15, "kinds.<locals>.Scaled", False),
        fails="Double(None).value()",
        change=("kinds(3)", "kinds(4)"),
        then=(10, 20, "kinds.<locals>.Scaled", False),
    ),
    Case(
        "a class made by type()",
        cell="""
        def greet(self):
            if not self.name:
                raise Refused("nameless")
            return f"hello {self.name}"
        Greeter = type("Greeter", (), {"name": "you", "greet": greet})
        """,
        makes="Greeter()",
        shows="it.greet(), type(it).__name__",
        gives=("hello you", "Greeter"),
        fails="it.name = ''; it.greet()",
        change=('"name": "you"', '"name": "all"'),
        then=("hello all", "Greeter"),
    ),
    Case(
        "a class whose methods see a global that is redefined",
        cell="""
        rate = 2
        class Bill:
            def __init__(self, amount):
                self.amount = amount
            def due(self):
                if self.amount < 0:
                    raise Refused("owed")
                return self.amount * rate
        """,
        makes="Bill(10)",
        shows="it.due()",
        gives=20,
        fails="Bill(-1).due()",
        change=("rate = 2", "rate = 3"),
        then=30,
    ),
    Case(
        "a class that is patched from outside",
        cell="""
        class Door:
            def knock(self):
                return "once"
        def knock(self, times=2):
            if times > 9:
                raise Refused("noise")
            return times
        Door.knock = knock
        Door.material = "oak"
        """,
        makes="Door()",
        shows="it.knock(), it.material",
        gives=(2, "oak"),
        fails="it.knock(10)",
        change=("times=2", "times=3"),
        then=(3, "oak"),
    ),
    Case(
        "classes that refer to each other",
        cell="""
        class Author:
            def __init__(self, name):
                self.name, self.books = name, []
            def write(self, title):
                if not title:
                    raise Refused("untitled")
                self.books.append(Book(title, self))
                return self
        class Book:
            def __init__(self, title, author: Author):
                self.title, self.author = title, author
        """,
        makes="Author('eve').write('one')",
        shows="it.books[0].title, it.books[0].author is it, type(it.books[0]) is Book",
        gives=("one", True, True),
        fails="it.write('')",
        change=("Book(title, self)", "Book(title * 2, self)"),
        then=("oneone", True, True),
    ),
]
