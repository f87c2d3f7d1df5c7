"""Exceptions of all kinds."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an exception with an __init__ of its own",
        cell="""
        class TooLong(ValueError):
            def __init__(self, word, limit):
                super().__init__(f"{word} is longer than {limit}")
                self.word = word
                self.limit = limit

        def check(word):
            if len(word) > 3:
                raise TooLong(word, limit=3)
            return word
        """,
        makes="TooLong('light', 3)",
        shows="it.word, it.limit, str(it), it.args, check('sun')",
        gives=("light", 3, "light is longer than 3", ("light is longer than 3",), "sun"),
        fails="check('light')",
        error="TooLong",
        change=("is longer than", "exceeds"),
        then=("light", 3, "light exceeds 3", ("light exceeds 3",), "sun"),
    ),
    Case(
        "an exception with keyword-only parameters",
        cell="""
        class Rejected(Exception):
            def __init__(self, *, code, reason="none given"):
                self.code = code
                self.reason = reason
        def ask():
            raise Rejected(code=403)
        """,
        makes="Rejected(code=1, reason='r')",
        shows="it.code, it.reason, it.args",
        gives=(1, "r", ()),
        fails="ask()",
        error="Rejected",
        change=("= reason", "= reason * 2"),
        then=(1, "rr", ()),
    ),
    Case(
        "an exception with a __str__ of its own",
        cell="""
        class Odd(Exception):
            def __str__(self):
                return f"odd: {self.args}"
            def __repr__(self):
                return "<odd>"
        def fail(*args):
            raise Odd(*args)
        """,
        makes="Odd(1, 'x')",
        shows="str(it), repr(it)",
        gives=("odd: (1, 'x')", "<odd>"),
        fails="fail(2)",
        error="Odd",
        change=("odd: {", "very odd: {"),
        then=("very odd: (1, 'x')", "<odd>"),
    ),
    Case(
        "a hierarchy of exceptions",
        cell="""
        class AppError(Exception):
            status = 500
        class NotFound(AppError, LookupError):
            status = 404
        def find(key):
            if key == "absent":
                raise NotFound(key)
            return key
        def caught(key):
            try:
                return find(key)
            except LookupError as error:
                return error.status, isinstance(error, AppError)
        """,
        makes="NotFound('absent')",
        shows="caught('here'), caught('absent'), it.status, isinstance(it, KeyError), isinstance(it, AppError)",
        gives=("here", (404, True), 404, False, True),
        fails="find('absent')",
        error="NotFound",
        change=("status = 404", "status = 410"),
        then=("here", (410, True), 410, False, True),
    ),
    Case(
        "an exception group of own exceptions, and except*",
        cell="""
        class Small(Exception): ...
        class Many(ExceptionGroup):
            def derive(self, errors):
                return Many(self.message, errors)
        def fail():
            raise Many("several", [Small(1), ValueError(2), Many("inner", [Small(3)])])
        def sorted_out():
            found = []
            try:
                fail()
            except* Small as group:
                found.append(type(group).__name__)
                found.append(len(group.exceptions))
            except* ValueError as group:
                found.append(group.exceptions[0].args)
            return found
        """,
        makes="Many('m', [Small(1)])",
        shows="sorted_out(), it.message, type(it.exceptions[0]) is Small",
        gives=(["Many", 2, (2,)], "m", True),
        fails="fail()",
        error="Many",
        change=("len(group.exceptions)", "-len(group.exceptions)"),
        then=(["Many", -2, (2,)], "m", True),
    ),
    Case(
        "a chained exception",
        cell="""
        class Outer(Exception): ...
        class Inner(Exception): ...
        def fail(n):
            try:
                if n:
                    raise Inner(n)
                return "no cause"
            except Inner as error:
                raise Outer("outer") from error  # here
        def cause_of(n):
            try:
                fail(n)
            except Outer as error:
                return type(error.__cause__) is Inner, error.__cause__.args, error.__suppress_context__
        """,
        makes="Outer('x')",
        shows="fail(0), cause_of(2), it.args",
        gives=("no cause", (True, (2,), True), ("x",)),
        fails="fail(1)",
        error="Outer",
        change=('"no cause"', '"none"'),
        then=("none", (True, (2,), True), ("x",)),
    ),
    Case(
        "an exception with notes and a context",
        cell="""
        class Noted(Exception): ...
        def noted(n):
            error = Noted(n)
            error.add_note(f"seen with {n}")
            return error
        def fail(n):
            try:
                {}[n]
            except KeyError:
                raise noted(n)
        """,
        makes="noted(1)",
        shows="it.__notes__, it.args",
        gives=(["seen with 1"], (1,)),
        fails="fail(2)",
        error="Noted",
        change=("seen with", "noted at"),
        then=(["noted at 1"], (1,)),
    ),
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
