"""What functools makes of own functions: partials, caches."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "functools.partial",
        cell="""
        from functools import partial

        def volume(a, b, c=1):
            if not a:
                raise Refused("flat")
            return a * b * c
        """,
        makes="partial(partial(volume, 2), c=10)",
        shows="it(3), it.func.__name__, it.args, it.keywords",
        gives=(60, "volume", (2,), {"c": 10}),
        fails="partial(volume, 0)(1)",
        change=("a * b * c", "a + b + c"),
        then=(15, "volume", (2,), {"c": 10}),
        thing="volume",
    ),
    Case(
        "functools.partialmethod",
        cell="""
        from functools import partialmethod

        class Light:
            state = None
            def set(self, state, *, level=1):
                if level > 9:
                    raise Refused("blinding")
                self.state = state, level
                return self.state
            on = partialmethod(set, True)
            off = partialmethod(set, False, level=0)
        """,
        makes="Light()",
        shows="it.on(), it.off()",
        gives=((True, 1), (False, 0)),
        fails="it.on(level=10)",
        change=("level=0)", "level=-1)"),
        then=((True, 1), (False, -1)),
    ),
    Case(
        "functools.cache",
        cell="""
        import functools

        @functools.cache
        def fibonacci(n):
            if n < 0:
                raise Refused("before the first")
            return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
        """,
        makes="fibonacci",
        shows="it(80), it.cache_info().maxsize, it.cache_info().currsize >= 80, it.__name__",
        gives=(23416728348467685, None, True, "fibonacci"),
        fails="it(-1)",
        change=("n if n < 2", "2 * n if n < 2"),
        then=(46833456696935370, None, True, "fibonacci"),
    ),
    Case(
        "functools.lru_cache with parameters",
        cell="""
        import functools

        @functools.lru_cache(maxsize=8, typed=True)
        def kind(n):
            if n is None:
                raise Refused("nothing")
            return type(n).__name__
        """,
        makes="kind",
        shows="it(1), it(1.0), it.cache_parameters()",
        gives=("int", "float", {"maxsize": 8, "typed": True}),
        fails="it(None)",
        change=("maxsize=8", "maxsize=4"),
        then=("int", "float", {"maxsize": 4, "typed": True}),
    ),
    Case(
        "a cached method",
        cell="""
        import functools

        class Dice:
            def __init__(self, sides):
                self.sides = sides
            @functools.lru_cache
            def faces(self):
                if self.sides == 0:
                    raise Refused("round")
                return tuple(range(1, self.sides + 1))
        """,
        makes="Dice(3)",
        shows="it.faces(), it.faces() is it.faces()",
        gives=((1, 2, 3), True),
        fails="Dice(0).faces()",
        change=("range(1", "range(2"),
        then=((2, 3), True),
    ),
    Case(
        "functools.cached_property",
        cell="""
        import functools

        class Sheet:
            def __init__(self, rows):
                self.rows = rows
            @functools.cached_property
            def total(self):
                "Of all rows."
                if not self.rows:
                    raise Refused("empty")
                return [sum(self.rows)]
        """,
        makes="Sheet([1, 2])",
        shows="it.total, it.total is it.total, type(it).total.__doc__",
        gives=([3], True, "Of all rows."),
        fails="Sheet([]).total",
        change=("sum(", "max("),
        then=([2], True, "Of all rows."),
    ),
]
