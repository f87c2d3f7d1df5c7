"""Threads for calls: few for short ones, and no call waits for a long one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from flame import crew
from flame.crew import Crew
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, eventually


class Work:
    """A job, the thread that it ran in, and whether its end was told, in which thread."""

    count = 1

    def __init__(self, function: Callable[[], object] = lambda: None) -> None:
        self.function = function
        self.ran_in: int | None = None
        self.told_in: int | None = None
        self.failure: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.failure = error

    def run(self) -> None:
        self.ran_in = threading.get_ident()
        self.function()

    def ended(self) -> None:
        assert self.told_in is None, "told twice"
        self.told_in = threading.get_ident()


class Untold(Work):
    def ended(self) -> None:
        super().ended()
        raise KeyError("of whoever is told")


class NoThread(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


async def all_told(jobs: list[Work]) -> None:
    await eventually(lambda: all(job.told_in is not None for job in jobs))


async def ended_threads(name: str) -> None:
    await eventually(lambda: threads(name) == 0)


def test_a_job_runs_in_a_thread_and_its_end_is_told_in_the_loop() -> None:
    async def main() -> None:
        told: list[str] = []
        here, job = Crew("a crew", 100, lambda: told.append("told")), Work()
        here.submit(job)
        await all_told([job])
        assert job.ran_in not in (None, threading.get_ident())
        assert job.told_in == threading.get_ident()
        assert told == ["told"]
        here.close()
        await ended_threads("a crew")

    asyncio.run(main())


def test_short_jobs_one_after_the_other_need_no_second_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy the machine is: what counts as short, and when a thread is no longer counted on.
    monkeypatch.setattr(crew, "SHORT_SECONDS", PATIENCE)
    monkeypatch.setattr(crew, "LOOK_SECONDS", PATIENCE)

    async def main() -> None:
        here = Crew("a short crew", 100, lambda: None)
        for _ in range(200):
            job = Work()
            here.submit(job)
            await all_told([job])
        assert threads("a short crew") <= 2
        here.close()
        await ended_threads("a short crew")

    asyncio.run(main())


def test_a_long_job_holds_up_no_other_however_short_the_calls_were_before() -> None:
    async def main() -> None:
        here = Crew("a long crew", 100, lambda: None)
        before = [Work() for _ in range(100)]
        for job in before:
            here.submit(job)
        await all_told(before)
        may_end = threading.Event()
        long = [Work(lambda: may_end.wait(PATIENCE)) for _ in range(5)]
        short = [Work() for _ in range(20)]
        for job in [*long, *short]:
            here.submit(job)
        await all_told(short)
        await eventually(lambda: all(job.ran_in is not None for job in long))  # a thread may come late to its job
        assert [job.told_in for job in long] == [None] * 5
        assert len({job.ran_in for job in long}) == 5
        may_end.set()
        await all_told(long)
        here.close()
        await ended_threads("a long crew")

    asyncio.run(main())


def test_as_many_jobs_run_at_the_same_time_as_there_are() -> None:
    async def main() -> None:
        here = Crew("a large crew", 100, lambda: None)
        together = threading.Barrier(40)
        jobs = [Work(lambda: together.wait(PATIENCE)) for _ in range(40)]
        for job in jobs:
            here.submit(job)
        await all_told(jobs)
        here.close()
        await ended_threads("a large crew")

    asyncio.run(main())


def test_no_more_threads_are_kept_than_may_be() -> None:
    async def main() -> None:
        here = Crew("a kept crew", 100, lambda: None)
        together = threading.Barrier(crew.KEPT_THREADS + 10)
        jobs = [Work(lambda: together.wait(PATIENCE)) for _ in range(crew.KEPT_THREADS + 10)]
        for job in jobs:
            here.submit(job)
        await all_told(jobs)
        await eventually(lambda: threads("a kept crew") <= crew.KEPT_THREADS)
        here.close()
        await ended_threads("a kept crew")

    asyncio.run(main())


def test_a_closed_crew_ends_its_threads_also_those_at_work_then() -> None:
    async def main() -> None:
        here = Crew("a closed crew", 100, lambda: None)
        running, may_end = threading.Event(), threading.Event()

        def work() -> None:
            running.set()
            may_end.wait(PATIENCE)

        job = Work(work)
        here.submit(job)
        await eventually(running.is_set)
        here.close()
        may_end.set()
        await all_told([job])
        await ended_threads("a closed crew")

    asyncio.run(main())


def test_ten_thousand_jobs_of_changing_length_end_each_once() -> None:
    async def main() -> None:
        here = Crew("a busy crew", 100, lambda: None)
        rest = threading.Event()
        jobs = [Work((lambda: rest.wait(0.001)) if number % 97 == 0 else lambda: None) for number in range(10_000)]
        for number, job in enumerate(jobs):
            here.submit(job)
            if number % 50 == 0:
                await asyncio.sleep(0)
        await all_told(jobs)
        assert here._jobs == here._ended == type(here._jobs)()
        await eventually(lambda: here._busy == here._seeking == 0)
        here.close()
        await ended_threads("a busy crew")

    asyncio.run(main())


def test_an_end_that_cannot_be_told_keeps_no_other_from_being_told() -> None:
    async def main() -> None:
        told: list[str] = []
        here = Crew("an untold crew", 1, lambda: told.append("told"))
        jobs = [Untold(), Work()]
        for job in jobs:
            here.submit(job)
        with captured_log("flame") as logged:
            await all_told(jobs)
            await eventually(lambda: bool(told))
        assert ["could not be told" in record.getMessage() for record in logged] == [True]
        here.close()
        await ended_threads("an untold crew")

    asyncio.run(main())


def test_jobs_for_which_no_thread_can_be_had_fail_and_say_why_and_later_ones_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        here = Crew("a poor crew", 3, lambda: None)
        with monkeypatch.context() as poor:
            poor.setattr(threading, "Thread", NoThread)
            jobs = [Work() for _ in range(5)]
            for job in jobs:
                here.submit(job)
            assert [job.told_in for job in jobs] == [None] * 5, "told before whoever submits knows of it"
            await all_told(jobs)
        assert [job.ran_in for job in jobs] == [None] * 5
        assert {str(job.failure) for job in jobs} == {
            "no thread could be started on the runner to run this in (RuntimeError: can't start new thread): "
            "lower the pool's max_concurrency, or raise the machine's limit of threads"
        }
        later = Work()
        here.submit(later)
        await all_told([later])
        assert later.ran_in is not None
        await eventually(lambda: here._busy == here._seeking == 0)
        here.close()
        await ended_threads("a poor crew")

    asyncio.run(main())


def test_a_job_beside_a_long_one_fails_if_no_thread_can_be_had_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine the long one, too, may wait for longer, and have a second thread begun that rests then.
    monkeypatch.setattr(crew, "LOOK_SECONDS", PATIENCE)

    async def main() -> None:
        here = Crew("a crew of one", 3, lambda: None)
        running, may_end = threading.Event(), threading.Event()

        def work() -> None:
            running.set()
            may_end.wait(PATIENCE)

        long = Work(work)
        here.submit(long)
        await eventually(running.is_set)
        with monkeypatch.context() as poor:
            poor.setattr(threading, "Thread", NoThread)
            beside = Work()
            here.submit(beside)
            await all_told([beside])
        assert beside.failure is not None
        assert long.told_in is None
        may_end.set()
        await all_told([long])
        here.close()
        await ended_threads("a crew of one")

    asyncio.run(main())
