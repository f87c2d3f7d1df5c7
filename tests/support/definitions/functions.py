"""Functions: what they take, and what belongs to them."""

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
]
