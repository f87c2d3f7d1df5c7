"""Decorated functions."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an own decorator with functools.wraps",
        cell="""
        import functools

        def twice(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args) * 2
            return wrapper

        @twice
        def named(n):
            "Names."
            if n == 0:
                raise Refused("nameless")
            return f"<{n}>"
        """,
        shows="named(7), named.__name__, named.__doc__, named.__wrapped__(1)",
        gives=("<7><7>", "named", "Names.", "<1>"),
        fails="named(0)",
        change=("* 2", "* 3"),
        then=("<7><7><7>", "named", "Names.", "<1>"),
    ),
    Case(
        "a decorator with parameters",
        cell="""
        def bounded(low, high=100):
            def decorate(function):
                def checked(n):
                    if not low <= n <= high:
                        raise Refused(f"{n} is out of bounds")
                    return function(n)
                return checked
            return decorate

        @bounded(1, high=9)
        def square(n):
            return n * n
        """,
        shows="square(5)",
        gives=25,
        fails="square(10)",
        change=("n * n", "n * n + 1"),
        then=26,
    ),
    Case(
        "a class as a decorator",
        cell="""
        import functools

        class Counted:
            def __init__(self, function):
                functools.update_wrapper(self, function)
                self.function = function
                self.calls = 0
            def __call__(self, *args):
                self.calls += 1
                return self.function(*args), self.calls

        @Counted
        def half(n):
            if n % 2:
                raise Refused("odd")
            return n // 2
        """,
        makes="half",
        shows="it(8)[0], type(it).__name__, it.__name__",
        gives=(4, "Counted", "half"),
        fails="it(3)",
        change=("n // 2", "n // 2 + 1"),
        then=(5, "Counted", "half"),
    ),
    Case(
        "decorators on decorators",
        cell="""
        import functools

        def tagged(tag):
            def decorate(function):
                @functools.wraps(function)
                def wrapper(text):
                    return f"<{tag}>{function(text)}</{tag}>"
                return wrapper
            return decorate

        @tagged("b")
        @tagged("i")
        @functools.cache
        def shout(text):
            if not text:
                raise Refused("silence")
            return text.upper()
        """,
        shows="shout('x')",
        gives="<b><i>X</i></b>",
        fails="shout('')",
        change=('tagged("i")', 'tagged("u")'),
        then="<b><u>X</u></b>",
    ),
    Case(
        "a decorator that registers",
        cell="""
        handlers = {}
        def handles(name):
            def register(function):
                handlers[name] = function
                return function
            return register

        @handles("greet")
        def greet(who):
            if who is None:
                raise Refused("nobody")
            return f"hello {who}"
        """,
        shows="handlers['greet']('you'), handlers['greet'] is greet",
        gives=("hello you", True),
        fails="handlers['greet'](None)",
        change=("hello {", "hi {"),
        then=("hi you", True),
    ),
    Case(
        "a decorated method",
        cell="""
        import functools

        def logged(method):
            @functools.wraps(method)
            def wrapper(self, *args):
                self.log.append(method.__name__)
                return method(self, *args)
            return wrapper

        class Robot:
            def __init__(self):
                self.log = []
            @logged
            def walk(self, steps):
                if steps < 0:
                    raise Refused("backwards")
                return steps, self.log[-1:]
        """,
        makes="Robot()",
        shows="it.walk(3)",
        gives=(3, ["walk"]),
        fails="it.walk(-1)",
        change=("return steps,", "return steps * 2,"),
        then=(6, ["walk"]),
    ),
]
