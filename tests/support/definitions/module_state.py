"""What functions find around them: globals, imports, their own source, and what the interpreter says of them.

The globals of a cell are copied into each call: what a call changes over there is not seen by the next, nor here.
"""

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
    Case(
        "inspect.getsource of functions and classes",
        cell="""
        import inspect
        class Told:
            def method(self):
                return "method"
        def told(what):
            # A comment that belongs to it.
            if what is None:
                raise Refused("nothing to tell")
            return inspect.getsource(what), inspect.getsourcelines(what)[1]
        """,
        shows="told(told)[0].splitlines()[1], told(Told.method)[0].splitlines()[1].strip(), told(Told.method)[1] > 0",
        gives=("    # A comment that belongs to it.", 'return "method"', True),
        fails="told(None)",
        change=("that belongs", "that does not belong"),
        then=("    # A comment that does not belong to it.", 'return "method"', True),
        thing="told",
    ),
    Case(
        "inspect.signature, getdoc and kinds of functions",
        cell='''
        import inspect
        def plain(a, /, b: int = 2, *c, d="x", **e) -> str:
            """Of a function."""
            if not a:
                raise Refused("nothing")
        async def waits(): ...
        def yields():
            yield
        class Kind:
            def __init__(self, size: float = 1.0): ...
            def run(self, n): ...
        ''',
        shows="str(inspect.signature(plain)), str(inspect.signature(Kind)), str(inspect.signature(Kind.run)), "
        "inspect.getdoc(plain), inspect.iscoroutinefunction(waits), inspect.isgeneratorfunction(yields)",
        gives=(
            "(a, /, b: int = 2, *c, d='x', **e) -> str",
            "(size: float = 1.0)",
            "(self, n)",
            "Of a function.",
            True,
            True,
        ),
        fails="plain(0)",
        change=("b: int = 2", "b: int = 3"),
        then=(
            "(a, /, b: int = 3, *c, d='x', **e) -> str",
            "(size: float = 1.0)",
            "(self, n)",
            "Of a function.",
            True,
            True,
        ),
        thing="plain",
    ),
    Case(
        "tracebacks that own code makes",
        cell="""
        import traceback
        def shown():
            try:
                fail()
            except Refused as error:
                frames = traceback.extract_tb(error.__traceback__)
                return [frame.name for frame in frames], frames[-1].line, error.why
        def fail():
            raise Refused("shown")
        """,
        shows="shown()",
        gives=(["shown", "fail"], 'raise Refused("shown")', "shown"),
        fails="fail()",
        change=('Refused("shown")', 'Refused("shown" * 2)'),
        then=(["shown", "fail"], 'raise Refused("shown" * 2)', "shownshown"),
    ),
    Case(
        "logging from own code",
        cell="""
        import logging
        log = logging.getLogger("own")
        class Kept(logging.Handler):
            def __init__(self):
                super().__init__()
                self.lines = []
            def emit(self, record):
                self.lines.append((record.levelname, record.getMessage(), record.funcName))
        def work(n):
            if n < 0:
                raise Refused("no work")
            kept = Kept()
            log.addHandler(kept)
            try:
                log.warning("worked %d", n)
            finally:
                log.removeHandler(kept)
            return kept.lines
        """,
        shows="work(3)",
        gives=[("WARNING", "worked 3", "work")],
        fails="work(-1)",
        change=("worked %d", "did %d"),
        then=[("WARNING", "did 3", "work")],
    ),
    Case(
        "a context variable that is made inside",
        cell="""
        import contextvars
        def scoped(value):
            if value is None:
                raise Refused("no value")
            user = contextvars.ContextVar("user", default="nobody")
            def run():
                user.set(value)
                return user.get()
            return contextvars.copy_context().run(run), user.get()
        """,
        shows="scoped('eve')",
        gives=("eve", "nobody"),
        fails="scoped(None)",
        change=('"nobody"', '"somebody"'),
        then=("eve", "somebody"),
    ),
    Case(
        "modules as values, and a submodule by its package",
        cell="""
        import concurrent.futures
        import math
        tools = {"math": math}
        def use(n):
            if n < 0:
                raise Refused("no root")
            return tools["math"].sqrt(n), concurrent.futures.Future.__name__, math
        """,
        shows="use(9)[:2]",
        gives=(3.0, "Future"),
        fails="use(-1)",
        change=(".sqrt(n)", ".floor(n)"),
        then=(9, "Future"),
        thing="use",
    ),
    Case(
        "__name__ of the module, and what is built in",
        cell="""
        def use(n):
            if n:
                raise Refused("asked too much")
            return __name__ in ("__main__", "notebook_table"), max(1, 2), __name__ == use.__module__
        """,
        shows="use(0)",
        gives=(True, 2, True),
        fails="use(1)",
        change=("max(1, 2)", "min(1, 2)"),
        then=(True, 1, True),
    ),
    Case(
        "printing, and a stream of one's own",
        cell="""
        import contextlib, io
        def printed(text):
            if not text:
                raise Refused("nothing to print")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                print(text, end="!", file=out)
            return out.getvalue()
        """,
        shows="printed('x')",
        gives="x!",
        fails="printed('')",
        change=('end="!"', 'end="?"'),
        then="x?",
    ),
    Case(
        "a function of one cell that another cell's function uses",
        cell="""
        def inner(n):
            if n > 9:
                raise Refused("too large")
            return n * 2
        def outer(n):
            return inner(n) + 1
        """,
        shows="outer(4)",
        gives=9,
        fails="outer(10)",
        change=("n * 2", "n * 3"),
        then=13,
    ),
    Case(
        "threads and locks made inside",
        cell="""
        import threading
        def counted(n):
            lock, total = threading.Lock(), [0]
            def add():
                for _ in range(100):
                    with lock:
                        total[0] += 1
            if n > 9:
                raise Refused("too many threads")
            threads = [threading.Thread(target=add) for _ in range(n)]
            [thread.start() for thread in threads], [thread.join() for thread in threads]
            return total[0]
        """,
        shows="counted(3)",
        gives=300,
        fails="counted(10)",
        change=("range(100)", "range(200)"),
        then=600,
    ),
    Case(
        "a pool of threads that runs own functions",
        cell="""
        from concurrent.futures import ThreadPoolExecutor
        def square(n):
            if n < 0:
                raise Refused("negative")
            return n * n
        def squares(*numbers):
            with ThreadPoolExecutor(2) as pool:
                return list(pool.map(square, numbers))
        """,
        shows="squares(1, 2, 3)",
        gives=[1, 4, 9],
        fails="squares(-1)",
        change=("n * n", "n ** 3"),
        then=[1, 8, 27],
        thing="squares",
    ),
    Case(
        "eval and exec inside a function",
        cell="""
        def computed(text, **names):
            if "import" in text:
                raise Refused("no imports")
            space = dict(names)
            exec("def made(n): return n + offset", {"offset": 10}, space)
            return eval(text, {}, names), space["made"](1)
        """,
        shows="computed('a + b', a=1, b=2)",
        gives=(3, 11),
        fails="computed('import os')",
        change=('"offset": 10', '"offset": 20'),
        then=(3, 21),
    ),
    Case(
        "a pickle of own instances made over there",
        cell="""
        import copy
        class Note:
            def __init__(self, text):
                if text is None:
                    raise Refused("no text")
                self.text = text
        def copied(note):
            made = copy.deepcopy(note)
            return made.text, made is note, type(made) is type(note)
        """,
        makes="Note('n')",
        shows="copied(it)",
        gives=("n", False, True),
        fails="Note(None)",
        change=("self.text = text", "self.text = text * 2"),
        then=("nn", False, True),
    ),
]
