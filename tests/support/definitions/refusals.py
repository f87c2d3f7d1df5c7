"""What has no meaning elsewhere, and what is said of it: the variable by which it got in, what it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: str
    cell: str
    """Defines `f`, which is to be sent."""
    says: str

    @property
    def text(self) -> str:
        return dedent(self.cell).strip() + "\n"


INSIDE = "make it inside the function"
FUNCTION = "send the function that makes it, or a list of its items"

REFUSALS = [
    Refusal(
        "a lock",
        "import threading\nlock = threading.Lock()\ndef f(): return lock",
        f"the function `f` uses the global `lock`, a _thread.lock, which cannot travel: {INSIDE}",
    ),
    Refusal(
        "what says what to send in its place",
        """
        import threading
        class Child:
            send_instead = "its node: `child.node`"
            def __init__(self):
                self.backend = [threading.Lock()]
        def made(child):
            def f(): return child
            return f
        f = made(Child())
        """,
        "the function `made.<locals>.f` uses the enclosing function's `child`, a notebook_stuck.Child, "
        "which cannot travel: send its node: `child.node`",
    ),
    Refusal(
        "a re-entrant lock in an instance",
        """
        import threading
        class Account:
            def __init__(self):
                self.guard = threading.RLock()
        account = Account()
        def f(): return account
        """,
        f"the function `f` uses the global `account`, whose `.guard` is a _thread.RLock, which cannot travel: {INSIDE}",
    ),
    Refusal(
        "a condition, not the lock in it",
        "import threading\nready = threading.Condition()\ndef f(): return ready",
        f"the function `f` uses the global `ready`, a threading.Condition, which cannot travel: {INSIDE}",
    ),
    Refusal(
        "an event",
        "import threading\ngate = threading.Event()\ndef f(gate=gate): return gate",
        f"the function `f` uses the default of `gate`, a threading.Event, which cannot travel: {INSIDE}",
    ),
    Refusal(
        "a semaphore in a closure",
        """
        import threading
        def bounded():
            free = threading.Semaphore(2)
            return lambda: free
        f = bounded()
        """,
        "the function `bounded.<locals>.<lambda>` uses the enclosing function's `free`, a threading.Semaphore, "
        f"which cannot travel: {INSIDE}",
    ),
    Refusal(
        "a queue, not the lock in it",
        "import queue\njobs = queue.Queue()\ndef f(): return jobs.get()",
        f"the function `f` uses the global `jobs`, a queue.Queue, which cannot travel: {INSIDE}, or send its items",
    ),
    Refusal(
        "a thread-local",
        "import threading\nlocal = threading.local()\ndef f(): return local",
        "the function `f` uses the global `local`, a _thread._local, which cannot travel: " + INSIDE,
    ),
    Refusal(
        "a generator",
        "words = (word for word in 'abc')\ndef f(): return list(words)",
        f"the function `f` uses the global `words`, a generator, which cannot travel: {FUNCTION}",
    ),
    Refusal(
        "a generator inside a partial",
        "import functools\nf = functools.partial(print, (n for n in 'abc'))",
        f"`args[0]` of what was sent is a generator, which cannot travel: {FUNCTION}",
    ),
    Refusal(
        "an async generator",
        """
        async def ticks():
            yield 1
        running = ticks()
        def f(): return running
        """,
        f"the function `f` uses the global `running`, an async_generator, which cannot travel: {FUNCTION}",
    ),
    Refusal(
        "a file that is open",
        "import os\nnull = open(os.devnull)\ndef f(): return null.read()",
        "the function `f` uses the global `null`, a _io.TextIOWrapper, which cannot travel: "
        "send its path or its contents, and open it over there",
    ),
    Refusal(
        "a socket in a dict",
        "import socket\nlinks = {'a': [socket.socket()]}\ndef f(): return links",
        "the function `f` uses the global `links`, whose `['a'][0]` is a socket.socket, which cannot travel: "
        "send the address, and connect over there",
    ),
    Refusal(
        "a thread",
        "import threading\nworker = threading.Thread()\ndef f(): return worker",
        "the function `f` uses the global `worker`, a threading.Thread, which cannot travel: "
        "start it inside the function",
    ),
    Refusal(
        "an executor",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\ndef f(): return pool",
        "the function `f` uses the global `pool`, a concurrent.futures.thread.ThreadPoolExecutor, "
        f"which cannot travel: {INSIDE}",
    ),
    Refusal(
        "a context variable as a default",
        "import contextvars\nuser = contextvars.ContextVar('user')\ndef f(user=user): return user",
        "the function `f` uses the default of `user`, a _contextvars.ContextVar, which cannot travel: send its value",
    ),
    Refusal(
        "a weak reference",
        "import weakref\nclass Owner: ...\nowner = Owner()\nowned = weakref.ref(owner)\ndef f(): return owned()",
        "the function `f` uses the global `owned`, a weakref.ReferenceType, which cannot travel: "
        "send what it refers to",
    ),
    Refusal(
        "a traceback",
        """
        try:
            1 / 0
        except ZeroDivisionError as error:
            trace = error.__traceback__
        def f(): return trace
        """,
        "the function `f` uses the global `trace`, a traceback, which cannot travel: send the exception, or its text",
    ),
    Refusal(
        "a connection to a database in a method's class",
        """
        import sqlite3
        class Store:
            link = sqlite3.connect(":memory:")
            def get(self): return self.link
        f = Store().get
        """,
        "`__self__.__class__.link` of what was sent is a sqlite3.Connection, which cannot travel: make it inside the "
        "function, or send what it is made of (TypeError: cannot pickle 'sqlite3.Connection' object)",
    ),
    Refusal(
        "a hash that has begun",
        "import hashlib\ndigest = hashlib.sha256(b'x')\ndef f(): return digest",
        "the function `f` uses the global `digest`, a _hashlib.HASH, which cannot travel: "
        "make it inside the function, or send what it is made of (TypeError: cannot pickle '_hashlib.HASH' object)",
    ),
    Refusal(
        "a function's own attribute, two functions away",
        """
        import threading
        def f(): return g()
        def g(): return h()
        def h(): ...
        h.guard = threading.Lock()
        """,
        f"the function `h` uses its own attribute `guard`, a _thread.lock, which cannot travel: {INSIDE}",
    ),
    Refusal(
        "an instance that says no",
        """
        class Secret:
            def __reduce__(self):
                raise TypeError("stays here")
        secret = Secret()
        def f(): return secret
        """,
        "the function `f` uses the global `secret`, a notebook_stuck.Secret, which cannot travel: "
        "make it inside the function, or send what it is made of (TypeError: stays here)",
    ),
    Refusal(
        "a chain of five thousand links",
        """
        class Link:
            def __init__(self, next):
                self.next = next
        chain = None
        for _ in range(5000):
            chain = Link(chain)
        def f(): return chain
        """,
        "the function `f` uses the global `chain`, a notebook_stuck.Link, which cannot travel: "
        "it is nested too deeply; send it flat, as a list of its parts",
    ),
]
