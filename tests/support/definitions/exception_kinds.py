"""Exceptions with state, over built-in ones, and warnings."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an exception with state in attributes and a method",
        cell="""
        class Retry(Exception):
            attempts = 0
            def again(self):
                self.attempts += 1
                return self
        def fail():
            raise Retry("later").again()
        """,
        makes="Retry('x').again().again()",
        shows="it.attempts, vars(it)",
        gives=(2, {"attempts": 2}),
        fails="fail()",
        error="Retry",
        change=("+= 1", "+= 10"),
        then=(20, {"attempts": 20}),
    ),
    Case(
        "exceptions over built-in ones with fields",
        cell="""
        class Missing(FileNotFoundError):
            def __init__(self, path):
                super().__init__(2, "no such text", path)
        class Stop(StopIteration): ...
        class Exit(SystemExit): ...
        class Bad(UnicodeDecodeError):
            def __init__(self, why):
                super().__init__("utf-8", b"xyz", 1, 2, why)
        def fail():
            raise Missing("plan.txt")
        """,
        makes="Missing('a.txt'), Stop(3), Exit(4), Bad('why')",
        shows="it[0].errno, it[0].filename, it[1].value, it[2].code, it[3].start, it[3].reason",
        gives=(2, "a.txt", 3, 4, 1, "why"),
        fails="fail()",
        error="Missing",
        change=("1, 2, why", "2, 3, why"),
        then=(2, "a.txt", 3, 4, 2, "why"),
    ),
    Case(
        "a dataclass that is an exception",
        cell="""
        from dataclasses import dataclass

        @dataclass
        class Failure(Exception):
            code: int
            retry: bool = False
            def __str__(self):
                return f"failure {self.code}"
        def fail(code):
            raise Failure(code, retry=True)
        """,
        makes="Failure(5)",
        shows="it.code, it.retry, str(it), it == Failure(5)",
        gives=(5, False, "failure 5", True),
        fails="fail(6)",
        error="Failure",
        change=("retry: bool = False", "retry: bool = None"),
        then=(5, None, "failure 5", True),
    ),
    Case(
        "an exception with __reduce__",
        cell="""
        class Coded(Exception):
            def __init__(self, code, *, hint):
                super().__init__(f"code {code}")
                self.code, self.hint = code, hint
            def __reduce__(self):
                return type(self).of, (self.code, self.hint)
            @classmethod
            def of(cls, code, hint):
                return cls(code, hint=hint)
        def fail():
            raise Coded(7, hint="h")
        """,
        makes="Coded(1, hint='x')",
        shows="it.code, it.hint, str(it)",
        gives=(1, "x", "code 1"),
        fails="fail()",
        error="Coded",
        change=('f"code {code}"', 'f"CODE {code}"'),
        then=(1, "x", "CODE 1"),
    ),
    Case(
        "own warnings",
        cell="""
        import warnings
        class Deprecated(UserWarning):
            since = "1.0"
        def old(n):
            if n < 0:
                raise Refused("too old")
            warnings.warn("old is old", Deprecated, stacklevel=2)
            return n
        def seen():
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                old(1)
            return [(one.category is Deprecated, str(one.message)) for one in found]
        """,
        makes="Deprecated('d')",
        shows="seen(), it.since",
        gives=([(True, "old is old")], "1.0"),
        fails="old(-1)",
        change=("old is old", "old is very old"),
        then=([(True, "old is very old")], "1.0"),
    ),
    Case(
        "finally, else and a re-raise",
        cell="""
        def tried(n):
            log = []
            try:
                log.append("try")
                if n < 0:
                    raise Refused("negative")  # here
            except Refused as error:
                error.log = log
                raise
            else:
                log.append("else")
            finally:
                log.append("finally")
            return log
        """,
        shows="tried(1)",
        gives=["try", "else", "finally"],
        fails="tried(-1)",
        change=('"else"', '"ELSE"'),
        then=["try", "ELSE", "finally"],
    ),
]
