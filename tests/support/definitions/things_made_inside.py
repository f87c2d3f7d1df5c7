"""What functions make as they run: variables, threads, modules, code."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
