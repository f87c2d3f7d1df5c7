"""What instances do: calls, attributes made on demand, operators."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "__call__",
        cell="""
        class Adder:
            def __init__(self, n):
                self.n = n
            def __call__(self, m):
                if m is None:
                    raise Refused("nothing")
                return self.n + m
        """,
        makes="Adder(2)",
        shows="it(3), list(map(it, [1, 2]))",
        gives=(5, [3, 4]),
        fails="it(None)",
        change=("self.n + m", "self.n * m"),
        then=(6, [2, 4]),
    ),
    Case(
        "__getattr__ and __setattr__",
        cell="""
        class Open:
            def __init__(self, **values):
                object.__setattr__(self, "values", values)
            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                if name not in self.__dict__.get("values", {}):
                    raise Refused(name)  # here
                return self.values[name]
            def __setattr__(self, name, value):
                self.values[name] = [value]
        def use(it):
            it.new = 3
            return it.a, it.new
        """,
        makes="Open(a=1)",
        shows="use(it)",
        gives=(1, [3]),
        fails="it.absent",
        change=("[value]", "(value,)"),
        then=(1, (3,)),
    ),
    Case(
        "__getattribute__",
        cell="""
        class Watched:
            def __init__(self):
                self.x = 1
            def __getattribute__(self, name):
                if name == "forbidden":
                    raise Refused(name)
                value = object.__getattribute__(self, name)
                return value * 10 if name == "x" else value
        """,
        makes="Watched()",
        shows="it.x, it.__dict__",
        gives=(10, {"x": 1}),
        fails="it.forbidden",
        change=("* 10", "* 20"),
        then=(20, {"x": 1}),
    ),
    Case(
        "__getitem__, __len__, __contains__ and __iter__",
        cell="""
        class Row:
            def __init__(self, *cells):
                self.cells = cells
            def __getitem__(self, at):
                if at == 99:
                    raise Refused("no such cell")
                return self.cells[at]
            def __len__(self):
                return len(self.cells)
            def __contains__(self, cell):
                return cell in self.cells
            def __iter__(self):
                return (cell * 2 for cell in self.cells)
        """,
        makes="Row(1, 2, 3)",
        shows="it[0], it[1:], len(it), 2 in it, list(it)",
        gives=(1, (2, 3), 3, True, [2, 4, 6]),
        fails="it[99]",
        change=("cell * 2", "cell * 3"),
        then=(1, (2, 3), 3, True, [3, 6, 9]),
    ),
    Case(
        "arithmetic operators, also reflected",
        cell="""
        class Vector:
            def __init__(self, x, y):
                self.x, self.y = x, y
            def __add__(self, other):
                return Vector(self.x + other.x, self.y + other.y)
            def __mul__(self, by):
                return Vector(self.x * by, self.y * by)
            __rmul__ = __mul__
            def __truediv__(self, by):
                if by == 0:
                    raise Refused("by zero")
                return self * (1 / by)
            def __matmul__(self, other):
                return self.x * other.x + self.y * other.y
            def __neg__(self):
                return self * -1
            def __bool__(self):
                return bool(self.x or self.y)
            def __repr__(self):
                return f"<{self.x} {self.y}>"
        """,
        makes="Vector(1, 2)",
        shows="repr(3 * (it + it)), it @ it, repr(-it), bool(Vector(0, 0)), repr(it / 2)",
        gives=("<6 12>", 5, "<-1 -2>", False, "<0.5 1.0>"),
        fails="it / 0",
        change=("<{self.x} {self.y}>", "({self.x} {self.y})"),
        then=("(6 12)", 5, "(-1 -2)", False, "(0.5 1.0)"),
    ),
    Case(
        "__eq__ and __hash__, as keys and in sets",
        cell="""
        class Name:
            def __init__(self, text):
                self.text = text
            def __eq__(self, other):
                if not isinstance(other, Name):
                    raise Refused("not a name")
                return self.text.lower() == other.text.lower()
            def __hash__(self):
                return hash(self.text.lower())
        def counted(*names):
            return len({Name(name) for name in names}), {Name("a"): 1}[Name("A")]
        """,
        makes="{Name('Eve'), Name('EVE'), Name('Adam')}",
        shows="len(it), Name('adam') in it, counted('x', 'X', 'y')",
        gives=(2, True, (2, 1)),
        fails="Name('x') == 3",
        change=("hash(self.text.lower())", "len(self.text)"),
        then=(2, True, (2, 1)),
        thing="Name",
    ),
]
