"""What belongs to a class: slots, properties, descriptors."""

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
]
