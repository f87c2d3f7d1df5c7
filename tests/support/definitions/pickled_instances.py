"""Instances with ways of their own to be pickled, to be shown, and to be on their way."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "__reduce__",
        cell="""
        class Ticket:
            def __init__(self, text, remade=False):
                if text == "void":
                    raise Refused("void")
                self.text, self.remade = text, remade
            def __reduce__(self):
                return type(self), (self.text, True)
        """,
        makes="Ticket('A1')",
        shows="it.text.rstrip('!'), it.text.endswith('!')",
        gives=("A1", False),
        fails="Ticket('void')",
        change=("self.text, self.remade = text,", "self.text, self.remade = text + '!',"),
        then=("A1", True),
    ),
    Case(
        "__getstate__ and __setstate__ around a lock",
        cell="""
        import threading
        class Guarded:
            def __init__(self, value):
                self.value = value
                self.lock = threading.Lock()
            def __getstate__(self):
                return {"value": self.value}
            def __setstate__(self, state):
                self.__init__(state["value"])
            def read(self):
                with self.lock:
                    if self.value is None:
                        raise Refused("nothing to read")
                    return self.value
        """,
        makes="Guarded(4)",
        shows="it.read(), it.lock.locked()",
        gives=(4, False),
        fails="Guarded(None).read()",
        change=("return self.value\n", "return self.value * 2\n"),
        then=(8, False),
    ),
    Case(
        "__getnewargs_ex__",
        cell="""
        class Interval(tuple):
            def __new__(cls, low, high, *, closed):
                if low > high:
                    raise Refused("upside down")
                made = super().__new__(cls, (low, high))
                made.closed = closed
                return made
            def __getnewargs_ex__(self):
                return (self[0], self[1]), {"closed": self.closed}
            def holds(self, n):
                return self[0] <= n <= self[1] if self.closed else self[0] < n < self[1]
        """,
        makes="Interval(1, 5, closed=True)",
        shows="it.holds(5), it == (1, 5), it.closed",
        gives=(True, True, True),
        fails="Interval(2, 1, closed=False)",
        change=("n <= self[1]", "n < self[1]"),
        then=(False, True, True),
    ),
    Case(
        "__format__, __str__, __bytes__, __index__ and __float__",
        cell="""
        class Hue:
            def __init__(self, angle):
                self.angle = angle
            def __format__(self, spec):
                if spec == "bad":
                    raise Refused(spec)
                return f"hue {self.angle:{spec}}"
            def __str__(self):
                return "a hue"
            def __bytes__(self):
                return bytes([self.angle])
            def __index__(self):
                return self.angle
            def __float__(self):
                return self.angle / 2
        """,
        makes="Hue(8)",
        shows="f'{it:>4}', str(it), bytes(it), list(range(10))[it], float(it), f'{it!s:>6}'",
        gives=("hue    8", "a hue", b"\x08", 8, 4.0, " a hue"),
        fails="format(it, 'bad')",
        change=("a hue", "the hue"),
        then=("hue    8", "the hue", b"\x08", 8, 4.0, "the hue"),
    ),
    Case(
        "an iterator class",
        cell="""
        class Countdown:
            def __init__(self, start):
                self.start = start
            def __iter__(self):
                return Counting(self.start)
        class Counting:
            def __init__(self, n):
                self.n = n
            def __iter__(self):
                return self
            def __next__(self):
                if self.n > 99:
                    raise Refused("too far")  # here
                if self.n == 0:
                    raise StopIteration
                self.n -= 1
                return self.n + 1
        """,
        makes="Countdown(3)",
        shows="list(it), next(iter(it))",
        gives=([3, 2, 1], 3),
        fails="next(iter(Countdown(100)))",
        change=("self.n + 1", "self.n + 2"),
        then=([4, 3, 2], 4),
    ),
    Case(
        "an iterator in the middle of its way",
        cell="""
        class Steps:
            def __init__(self, stop):
                self.at, self.stop = 0, stop
            def __iter__(self):
                return self
            def __next__(self):
                if self.at == self.stop:
                    raise Refused("no more")
                self.at += 1
                return self.at
        def on_the_way():
            steps = Steps(9)
            next(steps), next(steps)
            return steps
        """,
        makes="on_the_way()",
        shows="next(it)",
        gives=3,
        later=(4, 5),
        fails="list(it)",
        change=("+= 1", "+= 2"),
        then=6,
        thing="Steps",
    ),
    Case(
        "__class_getitem__ and __instancecheck__",
        cell="""
        class Checked(type):
            def __instancecheck__(cls, value):
                if value is None:
                    raise Refused("nothing is one")
                return hasattr(value, "quack")
        class Duck(metaclass=Checked):
            def __class_getitem__(cls, item):
                return f"{cls.__name__} of {item}"
            quack = "quack"
        """,
        makes="Duck()",
        shows="isinstance(it, Duck), isinstance(3, Duck), Duck['pond']",
        gives=(True, False, "Duck of pond"),
        fails="isinstance(None, Duck)",
        change=(" of {", " in {"),
        then=(True, False, "Duck in pond"),
    ),
    Case(
        "__dir__, __delattr__, __sizeof__ and __missing__",
        cell="""
        class Memo(dict):
            def __missing__(self, key):
                if key is None:
                    raise Refused("no key")
                self[key] = key * 2
                return self[key]
            def __dir__(self):
                return ["keys", "only"]
            def __delattr__(self, name):
                self.pop(name, None)
        def use(it):
            seen = it["a"], sorted(dir(it)), len(it)
            del it.a
            return *seen, len(it)
        """,
        makes="Memo()",
        shows="use(it)",
        gives=("aa", ["keys", "only"], 1, 0),
        fails="it[None]",
        change=("key * 2", "key * 3"),
        then=("aaa", ["keys", "only"], 1, 0),
    ),
    Case(
        "a linked list of two hundred",
        cell="""
        class Link:
            def __init__(self, n, next=None):
                self.n, self.next = n, next
            def __iter__(self):
                link = self
                while link:
                    if link.n is None:
                        raise Refused("broken")
                    yield link.n
                    link = link.next
        def chained(n):
            link = None
            for i in range(n):
                link = Link(i, link)
            return link
        """,
        makes="chained(200)",
        shows="sum(it), len(list(it))",
        gives=(19900, 200),
        fails="list(Link(None))",
        change=("Link(i, link)", "Link(i * 2, link)"),
        then=(39800, 200),
        thing="Link",
    ),
]
