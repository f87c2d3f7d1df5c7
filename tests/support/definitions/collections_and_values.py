"""Subclasses of collections and of built-in types, and own things inside values of the library."""

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
    Case(
        "a defaultdict with an own factory, a Counter and a ChainMap of own classes",
        cell="""
        from collections import ChainMap, Counter, defaultdict
        class Score(Counter):
            def best(self):
                if not self:
                    raise Refused("no score")
                return self.most_common(1)[0][0]
        def nothing():
            return [0]
        def layered():
            table = defaultdict(nothing, a=[1])
            return table, Score("abba" + "b"), ChainMap({"x": Score("z")}, {"x": 1, "y": 2})
        """,
        makes="layered()",
        shows="it[0]['new'], it[1].best(), it[2]['x'].best(), it[2]['y'], it[0]['a'], it[0].default_factory()",
        gives=([0], "b", "z", 2, [1], [0]),
        fails="Score().best()",
        change=("return [0]", "return [9]"),
        then=([9], "b", "z", 2, [1], [9]),
        thing="Score",
    ),
    Case(
        "a deque, an OrderedDict and a heap of own instances",
        cell="""
        import heapq
        from collections import OrderedDict, deque
        class Job:
            def __init__(self, rank):
                self.rank = rank
            def __lt__(self, other):
                if other is None:
                    raise Refused("nothing to compare")
                return self.rank < other.rank
        def queued():
            heap = [Job(n) for n in (3, 1, 2)]
            heapq.heapify(heap)
            return deque(heap, maxlen=5), OrderedDict((job.rank, job) for job in heap)
        """,
        makes="queued()",
        shows="[job.rank for job in sorted(it[0])], it[0].maxlen, it[1][1] is it[0][0], type(it[0][0]) is Job",
        gives=([1, 2, 3], 5, True, True),
        fails="Job(1) < None",
        change=("(3, 1, 2)", "(4, 1, 2)"),
        then=([1, 2, 4], 5, True, True),
        thing="Job",
    ),
    Case(
        "a mappingproxy, a SimpleNamespace and a property of an own class",
        cell="""
        from types import MappingProxyType, SimpleNamespace
        class Config:
            defaults = MappingProxyType({"a": 1})
            def __init__(self, **over):
                if "b" in over:
                    raise Refused("b")
                self.values = SimpleNamespace(**{**self.defaults, **over}, maker=Config)
        """,
        makes="Config(c=3)",
        shows="it.values.a, it.values.c, it.values.maker is Config, dict(Config.defaults)",
        gives=(1, 3, True, {"a": 1}),
        fails="Config(b=1)",
        change=('{"a": 1}', '{"a": 2}'),
        then=(2, 3, True, {"a": 2}),
    ),
    Case(
        "regular expressions, and functions they call",
        cell="""
        import re
        WORD = re.compile(r"(?P<first>\\w)\\w*", re.IGNORECASE)
        def initials(text):
            def first(match):
                if match["first"] == "z":
                    raise Refused("z")
                return match["first"].upper()
            return WORD.sub(first, text)
        """,
        shows="initials('some words'), WORD.flags & re.IGNORECASE != 0",
        gives=("S W", True),
        fails="initials('zoo')",
        change=("upper()", "lower()"),
        then=("s w", True),
    ),
    Case(
        "decimals, fractions, dates, paths and ids in an own class",
        cell="""
        import datetime, decimal, fractions, pathlib, uuid
        class Invoice:
            rate = decimal.Decimal("0.2")
            def __init__(self):
                self.id = uuid.UUID(int=5)
                self.due = datetime.date(2026, 1, 31)
                self.at = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
                self.share = fractions.Fraction(1, 3)
                self.path = pathlib.PurePosixPath("a/b")
            def total(self, net):
                if net < 0:
                    raise Refused("negative")
                return decimal.Decimal(net) * (1 + self.rate)
        """,
        makes="Invoice()",
        shows="str(it.total(10)), it.id.int, it.due.isoformat(), it.at.isoformat(), it.share * 3, str(it.path / 'c')",
        gives=("12.0", 5, "2026-01-31", "2026-01-01T00:00:00+02:00", 1, "a/b/c"),
        fails="it.total(-1)",
        change=('"0.2"', '"0.5"'),
        then=("15.0", 5, "2026-01-31", "2026-01-01T00:00:00+02:00", 1, "a/b/c"),
    ),
    Case(
        "bytes, bytearrays, memoryviews and arrays in a closure",
        cell="""
        import array
        def packed(*numbers):
            data = array.array("d", numbers)
            raw, view = bytearray(b"xyz"), memoryview(b"abc")
            def look():
                if not data:
                    raise Refused("empty")
                return sum(data), bytes(raw), bytes(view)[1:]
            return look
        """,
        makes="packed(1.0, 2.5)",
        shows="it()",
        gives=(3.5, b"xyz", b"bc"),
        fails="packed()()",
        change=("[1:]", "[2:]"),
        then=(3.5, b"xyz", b"c"),
    ),
    Case(
        "own classes as keys, in nested collections",
        cell="""
        class Tag:
            def __init__(self, name):
                self.name = name
            def rank(self):
                if self.name == "":
                    raise Refused("unranked")
                return len(self.name)
        A, B = Tag("a"), Tag("bb")
        table = {A: {"peers": [B, (A, {B})]}, Tag: "the class", len: "a function", Tag.rank: "own function"}
        """,
        makes="table, A, B",
        shows="it[0][it[1]]['peers'][0] is it[2], it[2] in it[0][it[1]]['peers'][1][1], it[0][Tag], it[1].rank() + it[2].rank()",
        gives=(True, True, "the class", 3),
        fails="Tag('').rank()",
        change=('Tag("bb")', 'Tag("bbb")'),
        then=(True, True, "the class", 4),
        thing="Tag",
    ),
    Case(
        "a queue and a stack by composition, in the middle of their lives",
        cell="""
        class Queue:
            def __init__(self):
                self._in, self._out = [], []
            def put(self, item):
                self._in.append(item)
                return self
            def get(self):
                if not self._out:
                    self._out, self._in = self._in[::-1], []
                if not self._out:
                    raise Refused("empty")
                return self._out.pop()
        """,
        makes="Queue().put(1).put(2).put(3)",
        shows="it.get()",
        gives=1,
        later=(2, 3),
        fails="[it.get() for _ in range(4)]",
        change=("self._in.append(item)", "self._in.append(item * 10)"),
        then=10,
    ),
]
