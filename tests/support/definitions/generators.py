"""Generators and context managers."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a generator function",
        cell="""
        def squares(n):
            for i in range(n):
                if i == 10:
                    raise Refused("ten")
                yield i * i
        """,
        shows="list(squares(4))",
        gives=[0, 1, 4, 9],
        fails="list(squares(11))",
        change=("i * i", "i + i"),
        then=[0, 2, 4, 6],
        thing="squares",
    ),
    Case(
        "a generator with send, throw and a return value",
        cell="""
        def conversation():
            heard = yield "hello"
            try:
                yield heard.upper()
            except ValueError as error:
                return f"ended by {error}"
            raise Refused("nobody threw")

        def hold():
            talking = conversation()
            said = [next(talking), talking.send("you")]
            try:
                talking.throw(ValueError("me"))
            except StopIteration as end:
                return said, end.value
        """,
        shows="hold()",
        gives=(["hello", "YOU"], "ended by me"),
        fails="talking = conversation(); next(talking), talking.send('x'), next(talking)",
        change=("upper()", "title()"),
        then=(["hello", "You"], "ended by me"),
    ),
    Case(
        "yield from",
        cell="""
        def leaves(tree):
            for branch in tree:
                if branch is None:
                    raise Refused("a hole")
                if isinstance(branch, list):
                    yield from leaves(branch)
                else:
                    yield branch
        """,
        shows="list(leaves([1, [2, [3]], 4]))",
        gives=[1, 2, 3, 4],
        fails="list(leaves([[None]]))",
        change=("yield branch", "yield -branch"),
        then=[-1, -2, -3, -4],
        thing="leaves",
    ),
    Case(
        "a generator expression over a global",
        cell="""
        weights = {"a": 2, "b": 3}
        def weigh(text):
            return sum(weights[letter] if letter in weights else refuse(letter) for letter in text)
        def refuse(letter):
            raise Refused(letter)
        """,
        shows="weigh('abba')",
        gives=10,
        fails="weigh('c')",
        change=('"b": 3', '"b": 5'),
        then=14,
    ),
    Case(
        "a context manager",
        cell="""
        class Opened:
            def __init__(self, name):
                self.name = name
                self.log = []
            def __enter__(self):
                if not self.name:
                    raise Refused("no name")
                return self.log
            def __exit__(self, kind, error, trace):
                self.log.append(kind and kind.__name__)
                return kind is KeyError

        def visit(opened):
            with opened as log:
                log.append("in")
                {}["absent"]
            return opened.log[-2:]
        """,
        makes="Opened('door')",
        shows="visit(it)",
        gives=["in", "KeyError"],
        fails="visit(Opened(''))",
        change=('append("in")', 'append("inside")'),
        then=["inside", "KeyError"],
    ),
    Case(
        "an async context manager",
        cell="""
        class Session:
            def __init__(self, user):
                self.user = user
            async def __aenter__(self):
                if self.user == "nobody":
                    raise Refused("who are you")
                return self
            async def __aexit__(self, *_):
                self.user = self.user.rstrip("!") + "!"

        async def visit(session):
            async with session as inside:
                name = inside.user.rstrip("!")
            return name, session.user
        """,
        makes="Session('eve')",
        shows="await visit(it)",
        gives=("eve", "eve!"),
        fails="await visit(Session('nobody'))",
        change=('+ "!"', '+ "?"'),
        then=("eve", "eve?"),
    ),
    Case(
        "contextlib.contextmanager",
        cell="""
        from contextlib import contextmanager

        @contextmanager
        def raised(by):
            if by < 0:
                raise Refused("downwards")
            yield lambda n: n + by

        def use(n):
            with raised(3) as up:
                return up(n)
        """,
        shows="use(4)",
        gives=7,
        fails="with raised(-1):\n        pass",
        change=("n + by", "n * by"),
        then=12,
        thing="raised",
    ),
    Case(
        "contextlib.asynccontextmanager",
        cell="""
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def lent(what):
            if what == "tooth":
                raise Refused("not that")
            yield [what]

        async def borrow(what):
            async with lent(what) as things:
                return things
        """,
        shows="await borrow('book')",
        gives=["book"],
        fails="await borrow('tooth')",
        change=("[what]", "[what, what]"),
        then=["book", "book"],
        thing="lent",
    ),
    Case(
        "ExitStack, suppress and closing of own things",
        cell="""
        import contextlib

        class Valve:
            def __init__(self, log):
                self.log = log
            def close(self):
                self.log.append("closed")

        def flow(n):
            log = []
            with contextlib.ExitStack() as stack, contextlib.suppress(ZeroDivisionError):
                stack.callback(log.append, "called")
                stack.enter_context(contextlib.closing(Valve(log)))
                if n > 99:
                    raise Refused("flood")
                log.append(1 // n)
            return log
        """,
        shows="flow(1), flow(0)",
        gives=([1, "closed", "called"], ["closed", "called"]),
        fails="flow(100)",
        change=("1 // n", "2 // n"),
        then=([2, "closed", "called"], ["closed", "called"]),
    ),
]
