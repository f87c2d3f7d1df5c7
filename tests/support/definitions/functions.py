"""Functions: what they take, what belongs to them, and how they call themselves and each other."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a plain function",
        cell="""
        def double(n):
            if n < 0:
                raise Refused("below zero")
            return 2 * n
        """,
        shows="double(21)",
        gives=42,
        fails="double(-1)",
        change=("2 * n", "3 * n"),
        then=63,
    ),
    Case(
        "defaults, keyword-only and positional-only parameters",
        cell="""
        def scaled(n, /, by=2, *, plus=0.5):
            if by == 0:
                raise Refused("nothing to scale by")
            return n * by + plus
        """,
        shows="scaled(4), scaled(4, by=3), scaled(4, plus=1)",
        gives=(8.5, 12.5, 9),
        fails="scaled(1, by=0)",
        change=("by=2", "by=10"),
        then=(40.5, 12.5, 41),
    ),
    Case(
        "any number of arguments",
        cell="""
        def gathered(first, *rest, **named):
            if not rest:
                raise Refused("too few")
            return first, rest, sorted(named)
        """,
        shows="gathered(1, *[2, 3], **{'b': 4, 'a': 5})",
        gives=(1, (2, 3), ["a", "b"]),
        fails="gathered(1)",
        change=("sorted(named)", "len(named)"),
        then=(1, (2, 3), 2),
    ),
    Case(
        "annotations that are objects",
        cell="""
        class Unit: ...

        def measured(n: int, unit: Unit | None = None) -> list[Unit]:
            if unit is None:
                raise Refused("no unit")
            return [unit] * n

        def hints():
            import typing
            found = typing.get_type_hints(measured)
            return found["n"] is int, found["unit"] == Unit | None, found["return"] == list[Unit]
        """,
        shows="len(measured(3, Unit())), *hints()",
        gives=(3, True, True, True),
        fails="measured(3)",
        change=("* n", "* n * 2"),
        then=(6, True, True, True),
        thing="measured",
    ),
    Case(
        "annotations that are strings",
        cell="""
        def later(n: "Later", *, deep: "dict[str, Later]" = {}) -> "Later":
            if deep:
                raise Refused("too deep")
            return n

        class Later(int): ...

        def hints():
            import typing
            return later.__annotations__["n"], typing.get_type_hints(later, globals())["return"] is Later
        """,
        shows="later(Later(5)), *hints()",
        gives=(5, "Later", True),
        fails="later(Later(1), deep={'a': 1})",
        change=("return n", "return n + 1"),
        then=(6, "Later", True),
    ),
    Case(
        "annotations under a future import",
        cell="""
        from __future__ import annotations

        def postponed(n: Whatever) -> Nobody[Knows]:
            if n is None:
                raise Refused("nothing")
            return sorted(postponed.__annotations__.values())
        """,
        shows="postponed(1)",
        gives=["Nobody[Knows]", "Whatever"],
        fails="postponed(None)",
        change=("Whatever", "Another"),
        then=["Another", "Nobody[Knows]"],
        script=False,
    ),
    Case(
        "a docstring and a name of its own",
        cell='''
        def told(loudly):
            """Tells."""
            if loudly:
                raise Refused("too loud")
            return told.__doc__, told.__name__, told.__qualname__
        told.__qualname__ = "Story.told"
        ''',
        shows="told(False)",
        gives=("Tells.", "told", "Story.told"),
        fails="told(True)",
        change=("Tells.", "Tells more."),
        then=("Tells more.", "told", "Story.told"),
    ),
    Case(
        "attributes of a function",
        cell="""
        def tagged(n):
            if n == 13:
                raise Refused("unlucky")
            return n, tagged.tags, tagged.next(n)
        tagged.tags = {"pure": True}
        tagged.next = lambda n: n + 1
        """,
        makes="tagged",
        shows="it(1), sorted(vars(it))",
        gives=((1, {"pure": True}, 2), ["next", "tags"]),
        fails="tagged(13)",
        change=("n + 1", "n + 2"),
        then=((1, {"pure": True}, 3), ["next", "tags"]),
    ),
    Case(
        "lambdas, several on one line",
        cell="""
        up, down, stay = lambda n: n + 1, lambda n: n - 1, lambda n: refuse() if n is None else n
        def refuse():
            raise Refused("nowhere")
        """,
        shows="up(10), down(10), stay(10)",
        gives=(11, 9, 10),
        fails="stay(None)",
        change=("n - 1", "n - 2"),
        then=(11, 8, 10),
    ),
    Case(
        "lambdas in a dict, chosen by key",
        cell="""
        def refuse(*_):
            raise Refused("no such operation")
        operations = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "/": refuse}
        def reckon(sign, a, b):
            return operations[sign](a, b)
        """,
        shows="reckon('+', 2, 3), reckon('*', 2, 3)",
        gives=(5, 6),
        fails="reckon('/', 1, 0)",
        change=("a * b", "a ** b"),
        then=(5, 8),
    ),
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
