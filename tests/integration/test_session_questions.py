"""Questions of cells, as the people at a notebook get them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from notebook_tui.document.operations import CancelEvaluation
from notebook_tui.session.client import Client
from tests.support.asked import Asked
from tests.support.open_notebook import OpenNotebook, opened


def test_a_client_that_takes_questions_answers_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "name = input('Who? ')\nname") as it:
            asked = Asked(it.client)
            await it.start(1)
            wanted = await asked.question()
            assert (wanted.cell_id, wanted.prompt) == ("cell-1", "Who? ")
            it.client.answer(wanted.question, "Ada")
            assert await asked.is_settled() == wanted.question
            await over(it)
            assert it.result(1) == "'Ada'"

    asyncio.run(main())


def test_a_question_is_settled_when_its_cell_is_interrupted_and_when_the_runtime_is_restarted(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "input()") as it:
            asked = Asked(it.client)
            for end in ("interrupt", "restart"):
                await it.start(1)
                wanted = await asked.question()
                if end == "interrupt":
                    it.client.send(CancelEvaluation("cell-1"))
                else:
                    await it.client.restart()
                assert await asked.is_settled() == wanted.question
                await over(it)

    asyncio.run(main())


def test_who_comes_later_is_asked_what_is_open_and_the_first_answer_counts(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "input(), input()") as it:
            first = Asked(it.client)
            await it.start(1)
            wanted = await first.question()
            other = await Client.join(it.client.session)
            second = Asked(other)
            assert await second.question() == wanted
            other.answer(wanted.question, "a")
            assert await first.is_settled() == wanted.question
            it.client.answer(wanted.question, "too late")
            wanted = await second.question()
            it.client.answer(wanted.question, "b")
            await over(it)
            assert it.result(1) == "('a', 'b')"
            await other.close()

    asyncio.run(main())


def test_when_the_last_one_who_could_answer_leaves_the_cell_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "input()") as it:
            other = await Client.join(it.client.session)
            asked = Asked(other)
            await it.start(1)
            await asked.question()
            await other.close()
            await over(it)
            error = it.error(1)
            assert error is not None
            assert "a cell has no keyboard" in error.message

    asyncio.run(main())


async def over(it: OpenNotebook) -> None:
    await it.until(lambda state: state.evaluating is None)
