"""Closures: what they close over, and when."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a closure over an argument",
        cell="""
        def adder(n):
            def add(m):
                if m is None:
                    raise Refused(f"nothing to add to {n}")
                return n + m
            return add
        """,
        makes="adder(5)",
        shows="it(2)",
        gives=7,
        fails="it(None)",
        change=("n + m", "n - m"),
        then=3,
    ),
    Case(
        "a closure in a closure in a closure",
        cell="""
        def power(base):
            def raised(exponent):
                def times(factor):
                    if factor == 0:
                        raise Refused("zero")
                    return base ** exponent * factor
                return times
            return raised
        """,
        makes="power(2)(3)",
        shows="it(10)",
        gives=80,
        fails="it(0)",
        change=("** exponent", "* exponent"),
        then=60,
    ),
    Case(
        "a counter with nonlocal",
        cell="""
        def counter(start):
            count = start
            def step():
                nonlocal count
                count += 1
                if count > 100:
                    raise Refused("too many")
                return count
            return step
        """,
        makes="counter(5)",
        shows="it()",
        gives=6,
        later=(7, 8),
        fails="[it() for _ in range(100)]",
        change=("+= 1", "+= 2"),
        then=7,
    ),
    Case(
        "two closures that share a variable",
        cell="""
        def account(balance):
            def deposit(amount):
                nonlocal balance
                if amount < 0:
                    raise Refused("not a deposit")
                balance += amount
            return deposit, lambda: balance
        """,
        makes="account(10)",
        shows="it[0](5), it[1]()",
        gives=(None, 15),
        later=((None, 20), (None, 25)),
        fails="it[0](-1)",
        change=("+= amount", "+= 2 * amount"),
        then=(None, 20),
    ),
    Case(
        "late binding in a loop",
        cell="""
        def late():
            made = []
            for n in range(3):
                made.append(lambda m: refuse(n) if m is None else n + m)
            return made
        def refuse(n):
            raise Refused(f"late, at {n}")
        """,
        makes="late()",
        shows="[one(10) for one in it]",
        gives=[12, 12, 12],
        fails="it[0](None)",
        change=("range(3)", "range(4)"),
        then=[13, 13, 13, 13],
    ),
    Case(
        "early binding by a default",
        cell="""
        def refuse():
            raise Refused("early")
        early = [lambda m, n=n: refuse() if m is None else n * m for n in range(4)]
        """,
        shows="[one(10) for one in early]",
        gives=[0, 10, 20, 30],
        fails="early[1](None)",
        change=("n * m", "n + m"),
        then=[10, 11, 12, 13],
        thing="early",
    ),
    Case(
        "a cell that is not assigned yet",
        cell="""
        def unready(assign):
            def look():
                try:
                    return value
                except NameError:
                    raise Refused("not yet") from None
            if assign:
                value = 1
            return look
        """,
        makes="unready(True), unready(False)",
        shows="it[0](), it[1].__closure__[0] != it[0].__closure__[0]",
        gives=(1, True),
        fails="it[1]()",
        change=("value = 1", "value = 2"),
        then=(2, True),
        thing="unready",
    ),
    Case(
        "a closure that calls itself",
        cell="""
        def fibonacci_to(limit):
            def fibonacci(n):
                if n > limit:
                    raise Refused("beyond the limit")
                return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
            return fibonacci
        """,
        makes="fibonacci_to(20)",
        shows="it(15)",
        gives=610,
        fails="it(21)",
        change=("n if n < 2", "n * 2 if n < 2"),
        then=1220,
    ),
    Case(
        "a closure over a mutable value",
        cell="""
        def logbook():
            lines = ["first"]
            def write(line):
                if not line:
                    raise Refused("empty line")
                return [*lines, line]
            return write
        """,
        makes="logbook()",
        shows="it('second')",
        gives=["first", "second"],
        fails="it('')",
        change=('"first"', '"opening"'),
        then=["opening", "second"],
    ),
    Case(
        "a closure over a class and an instance of it",
        cell="""
        def workshop():
            class Tool:
                def __init__(self, name):
                    self.name = name
            hammer = Tool("hammer")
            def use(tool=None):
                if not isinstance(tool or hammer, Tool):
                    raise Refused("no tool")
                return type(tool or hammer).__qualname__, hammer.name
            return use
        """,
        makes="workshop()",
        shows="it()",
        gives=("workshop.<locals>.Tool", "hammer"),
        fails="it('stone')",
        change=('Tool("hammer")', 'Tool("saw")'),
        then=("workshop.<locals>.Tool", "saw"),
    ),
    Case(
        "comprehensions with closures",
        cell="""
        def table(n):
            if n > 9:
                raise Refused("too large")
            factors = {row: [lambda m, row=row, col=col: row * col * m for col in range(n)] for row in range(n)}
            return {row: sum(cell(1) for cell in cells) for row, cells in factors.items()}
        """,
        shows="table(4)",
        gives={0: 0, 1: 6, 2: 12, 3: 18},
        fails="table(10)",
        change=("cell(1)", "cell(2)"),
        then={0: 0, 1: 12, 2: 24, 3: 36},
    ),
    Case(
        "functions defined in a loop",
        cell="""
        def refuse(name):
            raise Refused(name)
        handlers = {}
        for name in ("open", "shut"):
            def handle(n, name=name):
                return refuse(name) if n == 0 else f"{name} {n}"
            handlers[name] = handle
        """,
        shows="handlers['open'](1), handlers['shut'](2)",
        gives=("open 1", "shut 2"),
        fails="handlers['shut'](0)",
        change=('"shut"', '"shut", "lock"'),
        then=("open 1", "shut 2"),
    ),
]
