"""What functions see of themselves and of the interpreter."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
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
]
