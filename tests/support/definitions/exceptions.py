"""Exceptions: how they are made, and what they say."""

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
]
