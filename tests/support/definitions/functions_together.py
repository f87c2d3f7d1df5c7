"""Functions that call themselves and each other, and functions of odd shapes."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "recursion",
        cell="""
        def factorial(n):
            if n < 0:
                raise Refused("no factorial")
            return 1 if n < 2 else n * factorial(n - 1)
        """,
        shows="factorial(10)",
        gives=3628800,
        fails="factorial(-1)",
        change=("1 if n < 2", "2 if n < 2"),
        then=7257600,
    ),
    Case(
        "mutual recursion",
        cell="""
        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            if n < 0:
                raise Refused("never ends")
            return n != 0 and even(n - 1)
        """,
        shows="even(11), odd(11)",
        gives=(False, True),
        fails="even(-2)",
        change=("return n == 0 or", "return n == 0 or not"),
        then=(False, False),
    ),
    Case(
        "a function of three hundred lines",
        cell="def long(n):\n"
        + "".join(f"    n += {line}\n" for line in range(300))
        + "    if n > 10**9:\n        raise Refused('too long')\n    return n\n",
        shows="long(0)",
        gives=44850,
        fails="long(10**10)",
        change=("n += 299", "n += 0"),
        then=44551,
    ),
    Case(
        "names and texts beyond ASCII",
        cell="""
        π = 3.25
        def größe(länge, *, einheit="µm ✓"):
            if länge < 0:
                raise Refused("zu klein ✗")
            return f"{länge * π:.2f} {einheit}"
        """,
        shows="größe(2)",
        gives="6.50 µm ✓",
        fails="größe(-1)",
        change=("3.25", "4.25"),
        then="8.50 µm ✓",
    ),
    Case(
        "two functions of one name, the first kept under another",
        cell="""
        def step(n):
            return n + 1
        first = step
        def step(n):
            if n < 0:
                raise Refused("backwards")
            return first(n) * 10
        """,
        shows="step(1), first(1)",
        gives=(20, 2),
        fails="step(-1)",
        change=("* 10", "* 100"),
        then=(200, 2),
    ),
    Case(
        "a function that returns functions by name",
        cell="""
        def inner(n):
            if n == 0:
                raise Refused("zero")
            return 12 / n
        def choose(name):
            return {"inner": inner}[name]
        """,
        makes="choose('inner')",
        shows="it(4)",
        gives=3,
        fails="it(0)",
        change=("12 / n", "24 / n"),
        then=6,
        thing="choose",
    ),
    Case(
        "a sentinel as a default",
        cell="""
        NOTHING = object()
        def given(value=NOTHING, *, other=NOTHING):
            if value is None:
                raise Refused("None is something")
            return value is NOTHING, other is NOTHING, value if value is not NOTHING else "default"
        """,
        shows="given(), given(3)",
        gives=((True, True, "default"), (False, True, 3)),
        fails="given(None)",
        change=('"default"', '"DEFAULT"'),
        then=((True, True, "DEFAULT"), (False, True, 3)),
    ),
]
