"""What functools, operator and itertools make of own functions and classes: generic functions, orders, getters."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "functools.singledispatch",
        cell="""
        import functools

        class Own: ...

        @functools.singledispatch
        def told(value):
            raise Refused(f"no words for {type(value).__name__}")

        @told.register
        def _(value: int):
            return f"number {value}"

        @told.register(list)
        def told_list(value):
            return [told(item) for item in value]

        @told.register
        def _(value: Own):
            return "own"
        """,
        shows="told([1, Own()]), told.dispatch(bool)(True), told.registry[list] is told_list",
        gives=(["number 1", "own"], "number True", True),
        fails="told('text')",
        change=("number {", "no. {"),
        then=(["no. 1", "own"], "no. True", True),
    ),
    Case(
        "functools.singledispatchmethod",
        cell="""
        import functools

        class Teller:
            @functools.singledispatchmethod
            def tell(self, value):
                raise Refused(type(value).__name__)
            @tell.register
            def _(self, value: int):
                return f"int {value}"
            @tell.register
            def _(self, value: str):
                return f"str {value}"
        """,
        makes="Teller()",
        shows="it.tell(1), it.tell('x')",
        gives=("int 1", "str x"),
        fails="it.tell(None)",
        change=("int {", "integer {"),
        then=("integer 1", "str x"),
    ),
    Case(
        "functools.total_ordering",
        cell="""
        import functools

        @functools.total_ordering
        class Version:
            def __init__(self, *parts):
                self.parts = parts
            def __eq__(self, other):
                return self.parts == other.parts
            def __lt__(self, other):
                if not isinstance(other, Version):
                    raise Refused("not a version")
                return self.parts < other.parts
        """,
        makes="Version(1, 2)",
        shows="it < Version(1, 3), it >= Version(1, 2), it > Version(2), it <= Version(1)",
        gives=(True, True, False, False),
        fails="it < 3",
        change=("self.parts < other", "self.parts[1:] < other"),
        then=(False, True, True, False),
    ),
    Case(
        "functools.reduce and cmp_to_key over own functions",
        cell="""
        import functools

        def longer(a, b):
            if a is None or b is None:
                raise Refused("nothing to compare")
            return len(a) - len(b)

        def sorted_and_joined(words):
            return functools.reduce(lambda a, b: a + "/" + b, sorted(words, key=functools.cmp_to_key(longer)))
        """,
        shows="sorted_and_joined(['ccc', 'a', 'bb'])",
        gives="a/bb/ccc",
        fails="sorted_and_joined(['a', None])",
        change=("len(a) - len(b)", "len(b) - len(a)"),
        then="ccc/bb/a",
    ),
    Case(
        "operator.attrgetter, itemgetter and methodcaller",
        cell="""
        import operator

        class Node:
            def __init__(self, value, below=None):
                self.value, self.below = value, below
            def shifted(self, by):
                if by == 0:
                    raise Refused("stays")
                return self.value + by

        getters = operator.attrgetter("below.value"), operator.itemgetter("n", "m"), operator.methodcaller("shifted", 4)
        """,
        makes="getters",
        shows="it[0](Node(1, Node(2))), it[1]({'n': 3, 'm': 4}), it[2](Node(5))",
        gives=(2, (3, 4), 9),
        fails="operator.methodcaller('shifted', 0)(Node(1))",
        change=("+ by", "- by"),
        then=(2, (3, 4), 1),
    ),
    Case(
        "bound, class and static methods as values",
        cell="""
        class Clock:
            zone = "UTC"
            def __init__(self, hour):
                self.hour = hour
            def at(self, minute):
                if minute > 59:
                    raise Refused("no such minute")
                return f"{self.hour}:{minute:02}"
            @classmethod
            def named(cls):
                return cls.__name__, cls.zone
            @staticmethod
            def minutes(hours):
                return hours * 60
        """,
        makes="Clock(7).at, Clock.named, Clock(1).named, Clock.minutes",
        shows="it[0](5), it[1](), it[2]() == it[1](), it[3](2)",
        gives=("7:05", ("Clock", "UTC"), True, 120),
        fails="it[0](60)",
        change=("UTC", "CET"),
        then=("7:05", ("Clock", "CET"), True, 120),
    ),
    Case(
        "itertools over own functions",
        cell="""
        import itertools

        def refuse(n):
            raise Refused(n)
        def odd(n):
            return n % 2 if n < 100 else refuse(n)
        def chained(n):
            counted = itertools.chain.from_iterable(itertools.repeat(i, i) for i in range(n))
            return [(key, len(list(group))) for key, group in itertools.groupby(itertools.filterfalse(odd, counted))]
        """,
        shows="chained(5)",
        gives=[(2, 2), (4, 4)],
        fails="odd(100)",
        change=("n % 2", "n % 3"),
        then=[(3, 3)],
        thing="chained",
    ),
    Case(
        "a singledispatch over own classes with inheritance, and attributes of its own",
        cell="""
        import functools
        class Base: ...
        class Derived(Base): ...

        @functools.singledispatch
        def cost(thing):
            "Costs."
            return cost.default
        cost.default = 5

        @cost.register
        def _(thing: Base):
            return 10 + cost(None)
        def dear(thing):
            if cost(thing) > 10:
                raise Refused("too dear")
            return cost(thing)
        """,
        makes="Derived()",
        shows="cost(it), dear(3), cost.__doc__, cost.__name__, sorted(kind.__name__ for kind in cost.registry)",
        gives=(15, 5, "Costs.", "cost", ["Base", "object"]),
        fails="dear(it)",
        change=("10 + cost", "20 + cost"),
        then=(25, 5, "Costs.", "cost", ["Base", "object"]),
    ),
]
