"""What functions find around them. The globals of a cell are copied into each call: what a call changes over there
is not seen by the next, nor here."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "constants",
        cell="""
        RATE, LIMIT = 0.5, 10
        NAMES = ("a", "b")
        def charge(n):
            if n > LIMIT:
                raise Refused("too many")
            return n * RATE, NAMES
        """,
        shows="charge(4)",
        gives=(2.0, ("a", "b")),
        fails="charge(11)",
        change=("0.5, 10", "1.5, 10"),
        then=(6.0, ("a", "b")),
    ),
    Case(
        "a mutable global, fresh in each call",
        cell="""
        seen = {"calls": 0}
        def count():
            seen["calls"] += 1
            if seen["calls"] > 5:
                raise Refused("too often")
            return seen.pop("calls"), seen.setdefault("calls", 0)
        """,
        shows="count()",
        gives=(1, 0),
        fails="[seen.update(calls=9), count()]",
        change=("+= 1", "+= 2"),
        then=(2, 0),
    ),
    Case(
        "the global statement",
        cell="""
        total = 100
        def add(n):
            global total
            if n is None:
                raise Refused("nothing")
            total = total + n
            return total
        def added():
            global total
            before = total
            after = [add(1), add(2)]
            total = before
            return after
        """,
        shows="added()",
        gives=[101, 103],
        fails="add(None)",
        change=("= 100", "= 200"),
        then=[201, 203],
    ),
    Case(
        "two functions that share a global in one call",
        cell="""
        stack = []
        def push(n):
            stack.append(n)
        def pop():
            if not stack:
                raise Refused("empty")
            return stack.pop()
        def both():
            push(1), push(2)
            return pop(), pop(), stack
        """,
        shows="both()",
        gives=(2, 1, []),
        fails="pop()",
        change=("push(1), push(2)", "push(3), push(4)"),
        then=(4, 3, []),
    ),
    Case(
        "a global that is deleted and one that is not there",
        cell="""
        spare = 5
        def use():
            global spare
            value = spare
            del spare
            try:
                return missing
            except NameError as error:
                spare = value
                return value, error.name
        def fail():
            try:
                missing
            except NameError:
                raise Refused("missing") from None
        """,
        shows="use()",
        gives=(5, "missing"),
        fails="fail()",
        change=("= 5", "= 6"),
        then=(6, "missing"),
    ),
    Case(
        "imports at the top of the cell, with names of one's own",
        cell="""
        import json as j, os.path, collections.abc
        from math import floor as down, tau
        from xml.etree import ElementTree
        def use(n):
            if down(n) < 0:
                raise Refused("below the floor")
            shown = j.dumps({"n": down(n)}), os.path.join("a", "b"), round(tau)
            return *shown, ElementTree.fromstring("<a b='1'/>").get("b"), collections.abc.Sized.__name__
        """,
        shows="use(2.5)",
        gives=('{"n": 2}', "a/b", 6, "1", "Sized"),
        fails="use(-2)",
        change=('"n": down', '"m": down'),
        then=('{"m": 2}', "a/b", 6, "1", "Sized"),
    ),
    Case(
        "imports in a function",
        cell="""
        def use(text):
            import base64
            from colorsys import rgb_to_hsv
            if not text:
                raise Refused("no text")
            return base64.b64encode(text.encode()).decode(), rgb_to_hsv(1, 0, 0)[1]
        """,
        shows="use('x')",
        gives=("eA==", 1.0),
        fails="use('')",
        change=("(1, 0, 0)[1]", "(1, 0, 0)[2]"),
        then=("eA==", 1),
    ),
    Case(
        "a star import",
        cell="""
        from string import *
        from operator import *
        def use(n):
            if lt(n, 0):
                raise Refused("negative")
            return ascii_lowercase[n], add(n, mul(n, 2)), Template("$x").substitute(x=n)
        """,
        shows="use(2)",
        gives=("c", 6, "2"),
        fails="use(-1)",
        change=("mul(n, 2)", "mul(n, 3)"),
        then=("c", 8, "2"),
        thing="use",
    ),
    Case(
        "the walrus, unpacking and chained comparisons",
        cell="""
        def use(text):
            if (n := len(text)) > 9:
                raise Refused(n)
            first, *middle, last = text
            return n, first, middle, last, 0 < n <= 9 < 10, {**{"a": 1}, "b": (m := n) + 1}, m
        """,
        shows="use('abcd')",
        gives=(4, "a", ["b", "c"], "d", True, {"a": 1, "b": 5}, 4),
        fails="use('x' * 10)",
        change=("+ 1}", "+ 2}"),
        then=(4, "a", ["b", "c"], "d", True, {"a": 1, "b": 6}, 4),
    ),
    Case(
        "match with own classes",
        cell="""
        class Shape:
            __match_args__ = ("kind", "size")
            def __init__(self, kind, size, **more):
                self.kind, self.size, self.more = kind, size, more
        def told(shape):
            match shape:
                case Shape("square", size) if size > 0:
                    return f"square of {size}"
                case Shape(kind=kind, more={"colour": colour, **rest}):
                    return f"{colour} {kind}"
                case [Shape(), *others]:
                    return f"{1 + len(others)} shapes"
                case _:
                    raise Refused(shape)
        """,
        makes="Shape('square', 2)",
        shows="told(it), told(Shape('disc', 1, colour='red')), told([it, it])",
        gives=("square of 2", "red disc", "2 shapes"),
        fails="told('nothing')",
        change=("square of", "SQUARE of"),
        then=("SQUARE of 2", "red disc", "2 shapes"),
    ),
    Case(
        "f-strings of all kinds",
        cell="""
        class Money:
            def __format__(self, spec):
                return f"${spec or 'plain'}"
        def shown(value, width=8):
            if value is None:
                raise Refused("nothing")
            return f"{value=} {value!r:>{width}} {Money():.2f} {{}} {'nested ' + f'{value}'}"
        """,
        shows="shown('x', 4)",
        gives="value='x'  'x' $.2f {} nested x",
        fails="shown(None)",
        change=("{{}}", "{{{value}}}"),
        then="value='x'  'x' $.2f {x} nested x",
    ),
]
