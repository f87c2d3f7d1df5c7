"""Processes, servers and supervisors that are defined in a cell, started over there."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "a GenServer",
        cell="""
        import beamlike as bl
        class Counter(bl.GenServer):
            def init(self, start):
                self.n = start
            def handle_call(self, message, client):
                if message == "fail":
                    raise Refused("as asked")
                self.n += message
                return self.n
        async def served(start, *messages):
            server = await Counter.start(start)
            try:
                return [await bl.GenServer.call(server, message) for message in messages]
            finally:
                await Counter.stop(server)
        """,
        shows="await served(10, 1, 2)",
        gives=[11, 13],
        fails="Counter.handle_call(None, 'fail', None)",
        change=("+= message", "-= message"),
        then=[9, 7],
        thing="Counter",
    ),
    Case(
        "a process of an own function, with messages of an own class",
        cell="""
        import beamlike as bl
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class Ask:
            sender: object
            n: int
        async def answers():
            match await bl.receive():
                case Ask(sender, n):
                    bl.send(sender, ("squared", n * n))
        async def asked(n):
            if n < 0:
                raise Refused("negative")
            pid = bl.spawn(answers)
            bl.send(pid, Ask(bl.self(), n))
            return await bl.receive(lambda message: message[0] == "squared", timeout=10)
        """,
        shows="await asked(4)",
        gives=("squared", 16),
        fails="await asked(-1)",
        change=("n * n", "n + n"),
        then=("squared", 8),
        thing="asked",
    ),
    Case(
        "an exit with an own exception, seen by a monitor",
        cell="""
        import beamlike as bl
        async def dies():
            raise Refused("died")
        async def watched():
            pid, ref = bl.spawn_monitor(dies)
            down = await bl.receive(ref=ref, timeout=10)
            return type(down.reason.exception) is Refused, down.reason.message, word
        word = "once"
        """,
        shows="await watched()",
        gives=(True, "refused: died", "once"),
        fails="await dies()",
        change=('"once"', '"twice"'),
        then=(True, "refused: died", "twice"),
    ),
    Case(
        "a child specification and a supervisor",
        cell="""
        import beamlike as bl
        class Worker(bl.GenServer):
            def init(self, name):
                if name == "bad":
                    raise Refused(name)
                self.name = name
            def handle_call(self, message, client):
                return self.name * message
        async def supervised(name):
            supervisor = await bl.Supervisor.start_link([Worker.child_spec(name)])
            try:
                (child,) = await bl.Supervisor.which_children(supervisor)
                return await bl.GenServer.call(child.pid, 2)
            finally:
                await bl.Supervisor.stop(supervisor)
        """,
        shows="await supervised('w')",
        gives="ww",
        fails="Worker.init(None, 'bad')",
        change=("self.name * message", "self.name * message * 2"),
        then="wwww",
        thing="Worker",
    ),
    Case(
        "a task, and an agent over an own function",
        cell="""
        import beamlike as bl
        def initial():
            return {"n": 1}
        async def slow(n):
            if n < 0:
                raise Refused("negative")
            return n + 1
        async def used(n):
            agent = await bl.Agent.start(initial)
            try:
                await bl.Agent.update(agent, lambda state: {"n": state["n"] + n})
                got = await bl.Agent.get(agent, lambda state: state["n"])
            finally:
                await bl.Agent.stop(agent)
            return got, await bl.Task.async_(slow, n)
        """,
        shows="await used(4)",
        gives=(5, 5),
        fails="await slow(-1)",
        change=('{"n": 1}', '{"n": 10}'),
        then=(14, 5),
        thing="used",
    ),
]
