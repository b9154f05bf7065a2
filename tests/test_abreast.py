"""Jobs side by side."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from clawpipe_tui import abreast
from clawpipe_tui.abreast import Abreast


def done(jobs: Abreast) -> threading.Thread:
    """The thread that ran the next job."""
    return jobs.begin(threading.current_thread).result(5.0)


def test_job_after_job_runs_in_the_same_threads() -> None:
    """DuckDB keeps something of each thread that ever asked it: new ones for each look were 400 MB in a day."""
    jobs = Abreast(2)
    assert len({done(jobs) for _ in range(50)}) <= 2


def test_no_more_jobs_run_at_a_time_than_may_and_the_oldest_come_first() -> None:
    """Questions wait for one of two connections anyway."""
    jobs, begun, may_end = Abreast(2), list[int](), threading.Event()

    def job(number: int) -> int:
        begun.append(number)
        may_end.wait(5.0)
        return number

    futures: list[Future[int]] = [jobs.begin(lambda number=number: job(number)) for number in range(4)]
    deadline = time.monotonic() + 5.0
    while len(begun) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert sorted(begun) == [0, 1]
    assert len(jobs.threads) == 2
    may_end.set()
    assert [future.result(5.0) for future in futures] == [0, 1, 2, 3]
    assert sorted(begun[2:]) == [2, 3]


def test_what_a_job_raises_is_raised_where_its_result_is_asked_for_and_the_next_one_runs() -> None:
    """A question that fails costs nobody else an answer."""
    jobs = Abreast(1)
    with pytest.raises(ZeroDivisionError):
        jobs.begin(lambda: 1 // 0).result(5.0)
    assert jobs.begin(lambda: 7).result(5.0) == 7


def test_threads_with_nothing_to_do_go_after_a_while_and_others_come_when_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An idle console has no threads that wait for nothing."""
    monkeypatch.setattr(abreast, "_IDLE_S", 0.01)
    jobs = Abreast(2)
    first = done(jobs)
    first.join(5.0)
    assert not first.is_alive()
    assert done(jobs) is not first
