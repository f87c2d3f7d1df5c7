from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.group_leader import Output
from notebook_tui.runtime.cell_output import WINDOW, Outlet, cell_output
from notebook_tui.runtime.messages import Finished, Printed
from notebook_tui.runtime.outcome import Outcome

DONE = Finished("c", Outcome("ok"), 0.0)


def test_an_owner_that_takes_nothing_gets_no_more_than_the_window_until_the_end() -> None:
    async def main() -> list[object]:
        async with bl.Node("output@127.0.0.1", secret="s"):
            leader = bl.spawn(cell_output, bl.self(), bl.spawn(bl.receive), "c")
            for number in range(WINDOW + 3):
                bl.send(leader, Output("stdout", f"{number}\n"))
                await asyncio.sleep(0.06)  # longer than text is gathered
            early = [await bl.receive(timeout=5) for _ in range(WINDOW)]
            assert all(isinstance(message, Printed) for message in early)
            try:
                raise AssertionError(f"came although nothing was taken: {await bl.receive(timeout=0.2)}")
            except TimeoutError:
                pass
            bl.send(leader, DONE)
            late = []
            while not late or late[-1] != DONE:
                late.append(await bl.receive(timeout=5))
            return [*early, *late]

    *printed, done = asyncio.run(main())
    assert "".join(message.text for message in printed if isinstance(message, Printed)) == "0\n1\n2\n3\n4\n5\n6\n"
    assert done == DONE


def test_what_is_taken_lets_the_next_one_out() -> None:
    async def main() -> None:
        async with bl.Node("output@127.0.0.1", secret="s"):
            outlet = Outlet(bl.self(), "c")
            for number in range(WINDOW + 1):
                outlet.add("stdout", str(number))
            outlet.forward()
            assert [(await bl.receive(timeout=0)).text for _ in range(WINDOW)] == ["0", "1", "2", "3"]
            outlet.taken()
            assert (await bl.receive(timeout=0)).text == "4"

    asyncio.run(main())


def test_of_a_flood_the_oldest_is_left_out_in_words() -> None:
    async def main() -> str:
        async with bl.Node("output@127.0.0.1", secret="s"):
            outlet = Outlet(bl.self(), "c", limit=10)
            for letter in "abc":
                outlet.add("stdout", letter * 8)
            outlet.forward_all()
            return "".join([(await bl.receive(timeout=0)).text for _ in range(2)])

    text = asyncio.run(main())
    assert "16 characters left out" in text
    assert text.endswith("cccccccc")
