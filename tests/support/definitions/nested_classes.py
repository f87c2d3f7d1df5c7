"""Classes inside classes and functions, and what is put into a class from outside."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
