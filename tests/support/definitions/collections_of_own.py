"""Subclasses of collections and of built-in types."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a Mapping of collections.abc",
        cell="""
        from collections.abc import Mapping
        class Squares(Mapping):
            def __init__(self, n):
                self.n = n
            def __getitem__(self, key):
                if key == "none":
                    raise Refused(key)
                return key * key
            def __iter__(self):
                return iter(range(self.n))
            def __len__(self):
                return self.n
        """,
        makes="Squares(3)",
        shows="dict(it), it.get(5), 9 in it, list(it.values()), isinstance(it, Mapping)",
        gives=({0: 0, 1: 1, 2: 4}, 25, True, [0, 1, 4], True),
        fails="it['none']",
        change=("key * key", "key + key"),
        then=({0: 0, 1: 2, 2: 4}, 10, True, [0, 2, 4], True),
    ),
    Case(
        "a MutableSequence and a Set of collections.abc",
        cell="""
        from collections.abc import MutableSequence, Set
        class Row(MutableSequence):
            def __init__(self, *items):
                self.items = list(items)
            def __getitem__(self, at):
                return self.items[at]
            def __setitem__(self, at, item):
                self.items[at] = item
            def __delitem__(self, at):
                del self.items[at]
            def __len__(self):
                return len(self.items)
            def insert(self, at, item):
                if item is None:
                    raise Refused("nothing")
                self.items.insert(at, item)
        class Evens(Set):
            def __contains__(self, n):
                return n % 2 == 0
            def __iter__(self):
                return iter([0, 2, 4])
            def __len__(self):
                return 3
            @classmethod
            def _from_iterable(cls, items):
                return set(items)
        """,
        makes="Row(3, 1, 2)",
        shows="list(reversed(it)), it.index(1), 2 in it, sorted(Evens() & {2, 3})",
        gives=([2, 1, 3], 1, True, [2]),
        fails="it.append(None)",
        change=("[0, 2, 4]", "[2, 4, 6]"),
        then=([2, 1, 3], 1, True, [2]),
    ),
    Case(
        "a subclass of dict",
        cell="""
        class Attributes(dict):
            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                if name not in self:
                    raise Refused(name)  # here
                return self[name]
        """,
        makes="Attributes(a=1, b=Attributes(c=2))",
        shows="it.a, it.b.c, it == {'a': 1, 'b': {'c': 2}}",
        gives=(1, 2, True),
        fails="it.absent",
        change=("return self[name]", "return self[name] or None"),
        then=(1, 2, True),
    ),
    Case(
        "a subclass of list with attributes",
        cell="""
        class Named(list):
            def __init__(self, name, *items):
                super().__init__(items)
                self.name = name
            def append(self, item):
                if item is None:
                    raise Refused(self.name)
                super().append(item * 2)
        def grown(it):
            made = Named(it.name, *it)
            made.append(4)
            return made
        """,
        makes="Named('n', 1, 2)",
        shows="grown(it), it.name, len(it), it[0]",
        gives=([1, 2, 8], "n", 2, 1),
        fails="it.append(None)",
        change=("item * 2", "item * 3"),
        then=([1, 2, 12], "n", 2, 1),
    ),
    Case(
        "subclasses of int, float and str",
        cell="""
        class Metres(float):
            def __add__(self, other):
                if not isinstance(other, Metres):
                    raise Refused(type(other).__name__)
                return Metres(float(self) + other)
        class Count(int):
            unit = "pieces"
        class Path(str):
            def __truediv__(self, part):
                return Path(f"{self}/{part}")
        """,
        makes="Metres(1.5), Count(3), Path('a')",
        shows="it[0] + it[0], (it[1] + 1, it[1].unit), it[2] / 'b' / 'c', [type(one).__name__ for one in it]",
        gives=(3.0, (4, "pieces"), "a/b/c", ["Metres", "Count", "Path"]),
        fails="it[0] + 1",
        change=('"pieces"', '"items"'),
        then=(3.0, (4, "items"), "a/b/c", ["Metres", "Count", "Path"]),
    ),
    Case(
        "subclasses of tuple, bytes, set and frozenset",
        cell="""
        class Pair(tuple):
            def __new__(cls, left, right):
                if left is None:
                    raise Refused("half")
                return super().__new__(cls, (left, right))
            def __getnewargs__(self):
                return tuple(self)
            @property
            def swapped(self):
                return Pair(self[1], self[0])
        class Blob(bytes):
            def hexed(self):
                return self.hex("-")
        class Group(set): ...
        class Fixed(frozenset): ...
        """,
        makes="Pair(1, 2), Blob(b'ab'), Group({1}), Fixed({2})",
        shows="it[0].swapped, it[1].hexed(), it[2] | {5}, it[3] & {2}, [type(one).__name__ for one in it]",
        gives=((2, 1), "61-62", {1, 5}, {2}, ["Pair", "Blob", "Group", "Fixed"]),
        fails="Pair(None, 1)",
        change=("self[1], self[0]", "self[0], self[1]"),
        then=((1, 2), "61-62", {1, 5}, {2}, ["Pair", "Blob", "Group", "Fixed"]),
    ),
    Case(
        "UserDict, UserList and UserString",
        cell="""
        from collections import UserDict, UserList, UserString
        class Lower(UserDict):
            def __setitem__(self, key, value):
                if not key:
                    raise Refused("empty key")
                super().__setitem__(key.lower(), value)
        class Unique(UserList):
            def append(self, item):
                if item not in self:
                    super().append(item)
        class Title(UserString):
            def shout(self):
                return self.data.upper()
        """,
        makes="Lower(A=1), Unique([1]), Title('t')",
        shows="dict(it[0]), (it[1].append(1), it[1].data)[1], it[2].shout()",
        gives=({"a": 1}, [1], "T"),
        fails="Lower({'': 1})",
        change=("key.lower()", "key.lower() * 2"),
        then=({"aa": 1}, [1], "T"),
    ),
]
