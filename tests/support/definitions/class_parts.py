"""What belongs to a class: slots, properties, descriptors, classes inside it."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
    Case(
        "a class that holds instances of itself",
        cell="""
        class Angle:
            def __init__(self, degrees):
                self.degrees = degrees
            def turned(self, by):
                if by is None:
                    raise Refused("by nothing")
                return Angle((self.degrees + by) % 360)
            @property
            def is_right(self):
                return self.degrees == Angle.RIGHT.degrees
        Angle.RIGHT = Angle(90)
        Angle.known = {"right": Angle.RIGHT}
        """,
        makes="Angle(30)",
        shows="it.turned(60).is_right, Angle.known['right'] is Angle.RIGHT, type(Angle.RIGHT) is Angle",
        gives=(True, True, True),
        fails="it.turned(None)",
        change=("Angle(90)", "Angle(91)"),
        then=(False, True, True),
    ),
    Case(
        "a property of a base whose setter is replaced",
        cell="""
        class Base:
            def __init__(self):
                self._n = 1
            @property
            def n(self):
                return self._n
            @n.setter
            def n(self, value):
                self._n = value
        class Derived(Base):
            @Base.n.setter
            def n(self, value):
                if value < 0:
                    raise Refused(value)
                self._n = value * 10
        def set_to(it, n):
            it.n = n
            return it.n
        """,
        makes="Derived()",
        shows="set_to(it, 2), set_to(Base(), 2)",
        gives=(20, 2),
        fails="it.n = -1",
        change=("* 10", "* 100"),
        then=(200, 2),
    ),
    Case(
        "attributes in the order of the class statement",
        cell="""
        class Form:
            zulu = 1
            def yankee(self): ...
            xray: int = 2
            alpha = 3
            @classmethod
            def order(cls):
                if not cls.alpha:
                    raise Refused("no alpha")
                return [name for name in vars(cls) if not name.startswith("_")]
        """,
        makes="Form()",
        shows="it.order()",
        gives=["zulu", "yankee", "xray", "alpha", "order"],
        fails="type('Empty', (Form,), {'alpha': 0}).order()",
        change=("zulu = 1", "kilo = 1"),
        then=["kilo", "yankee", "xray", "alpha", "order"],
    ),
]
