"""Own things inside collections and other values of the library."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
        shows="it[0][it[1]]['peers'][0] is it[2], it[2] in it[0][it[1]]['peers'][1][1], it[0][Tag], "
        "it[1].rank() + it[2].rank()",
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
    Case(
        "constants that are own instances, compared by identity",
        cell="""
        class Marker:
            def __init__(self, name):
                self.name = name
        START, END = Marker("start"), Marker("end")
        def between(marks):
            if marks[0] is not START:
                raise Refused(marks[0].name)
            return [mark.name for mark in marks if mark is not START and mark is not END]
        """,
        makes="[START, Marker('x'), END]",
        shows="between(it) if it[0] is START else [mark.name for mark in it[1:2]]",
        gives=["x"],
        fails="between([END])",
        change=("[mark.name for mark in marks", "[mark.name * 2 for mark in marks"),
        then=["xx"],
        thing="between",
    ),
]
