"""Functions that wait, and async generators."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an async function",
        cell="""
        import asyncio

        async def slow(n):
            await asyncio.sleep(0)
            if n < 0:
                raise Refused("too slow")
            return n + 1
        """,
        shows="await slow(1)",
        gives=2,
        fails="await slow(-1)",
        change=("n + 1", "n + 2"),
        then=3,
    ),
    Case(
        "async functions that await each other",
        cell="""
        import asyncio

        async def collect(numbers):
            return sum(await asyncio.gather(*(squared(n) for n in numbers)))

        async def squared(n):
            await asyncio.sleep(0)
            if n > 99:
                raise Refused("too large")
            return n * n
        """,
        shows="await collect([1, 2, 3])",
        gives=14,
        fails="await collect([100])",
        change=("n * n", "n * n * n"),
        then=36,
    ),
    Case(
        "an async closure",
        cell="""
        def delayed(value):
            async def later():
                import asyncio
                await asyncio.sleep(0)
                if value is None:
                    raise Refused("nothing to wait for")
                return value
            return later
        """,
        makes="delayed('x')",
        shows="await it()",
        gives="x",
        fails="await delayed(None)()",
        change=("return value", "return value * 2"),
        then="xx",
    ),
    Case(
        "an async generator",
        cell="""
        async def ticks(n):
            for i in range(n):
                if i == 10:
                    raise Refused("ten")
                yield i * 2
        """,
        makes="ticks",
        shows="[tick async for tick in it(3)]",
        gives=[0, 2, 4],
        fails="[tick async for tick in ticks(11)]",
        change=("i * 2", "i * 3"),
        then=[0, 3, 6],
    ),
    Case(
        "an async comprehension over an own async iterator",
        cell="""
        class Countdown:
            def __init__(self, start):
                self.n = start
            def __aiter__(self):
                return Countdown(self.n)
            async def __anext__(self):
                if self.n > 99:
                    raise Refused("too far")  # here
                if not self.n:
                    raise StopAsyncIteration
                self.n -= 1
                return self.n
        """,
        makes="Countdown(3)",
        shows="[n async for n in it]",
        gives=[2, 1, 0],
        fails="it.n = 100; await it.__anext__()",
        change=("return self.n", "return -self.n"),
        then=[-2, -1, 0],
    ),
    Case(
        "an async generator with asend and a finally",
        cell="""
        async def echo(closed):
            heard = "start"
            try:
                while True:
                    heard = yield heard
                    if heard == "stop":
                        raise Refused("stopped")
            finally:
                closed.append(heard)

        async def talk(*words):
            closed = []
            talking = echo(closed)
            said = [await talking.asend(None)]
            for word in words:
                said.append(await talking.asend(word))
            await talking.aclose()
            return said, closed
        """,
        shows="await talk('a', 'b')",
        gives=(["start", "a", "b"], ["b"]),
        fails="await talk('stop')",
        change=('"start"', '"begin"'),
        then=(["begin", "a", "b"], ["b"]),
    ),
    Case(
        "what a cell has awaited at its top level",
        cell="""
        import asyncio
        base = await asyncio.sleep(0, 5)
        async def plus(n):
            await asyncio.sleep(0)
            if n < 0:
                raise Refused("negative")
            return base + n
        """,
        shows="await plus(2)",
        gives=7,
        fails="await plus(-1)",
        change=("(0, 5)", "(0, 6)"),
        then=8,
        script=False,
    ),
]
