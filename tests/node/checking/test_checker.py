"""Checking in threads and in worker processes: the same verdicts, whatever becomes of a worker."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from hedgerow_node.checking import checker as checking
from hedgerow_node.checking import workers as processes
from hedgerow_node.checking.checker import Checker
from hedgerow_node.checking.worker import Verdict
from hedgerow_node.checking.workers import WorkerLost, Workers
from hedgerow_protocol import limits
from hedgerow_protocol.checking import check_batch
from hedgerow_protocol.kinds import Comment
from hedgerow_protocol.message import MAIN_NET
from node.others import Other

ANA = Other(1)
THING = "https://example.org/"


def batch(count: int) -> list[bytes]:
    """Messages of which every third is forged, and one is nothing at all."""
    said = [ANA.say(Comment(THING, 0, f"word {number}")).encode() for number in range(count)]
    forged = [data[:-1] + bytes((data[-1] ^ 1,)) if at % 3 == 2 else data for at, data in enumerate(said)]
    return [ANA.inception.encode(), *forged, b"\xc1"]


def verdicts(messages: list[bytes]) -> list[Verdict]:
    return check_batch(messages, MAIN_NET)


def pids(of: Workers) -> list[int]:
    return [one._process.pid for one in of._workers]


def is_running(pid: int) -> bool:
    with suppress(OSError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return False


async def ends(pid: int) -> None:
    async with asyncio.timeout(20):
        while is_running(pid):
            await asyncio.sleep(0.05)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    workers = Workers()
    await workers.start(2)
    yield workers
    await workers.stop()


@pytest.fixture
async def checker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Checker]:
    """One for which ten messages are much."""
    monkeypatch.setattr(checking, "MANY_TO_CHECK", 10)
    monkeypatch.setattr(checking, "SMALL_BATCH", 0)
    monkeypatch.setattr(checking, "CHECK_PROCESSES", 2)
    checker = Checker(MAIN_NET)
    yield checker
    await checker.close()


async def with_workers(checker: Checker) -> Workers:
    """After much came, its workers."""
    await checker.check(batch(12))
    async with asyncio.timeout(20):
        while not checker._workers.are_there:
            await asyncio.sleep(0.01)
    return checker._workers


async def test_workers_give_the_verdicts_of_the_protocol_in_order(workers: Workers) -> None:
    batches = [batch(count) for count in (0, 1, 40, 7, 200)]
    answers = await asyncio.gather(*(workers.check(one, MAIN_NET) for one in batches))
    assert answers == [verdicts(one) for one in batches]
    assert await workers.check(batches[1], 9) == check_batch(batches[1], 9)


async def test_the_largest_frame_of_messages_goes_through_a_worker(workers: Workers) -> None:
    huge = [bytes(limits.MAX_FRAME // 4)] * 4
    assert await workers.check(huge, MAIN_NET) == verdicts(huge)


async def test_both_workers_are_given_something(workers: Workers) -> None:
    checks = [asyncio.create_task(workers.check(batch(40), MAIN_NET)) for _ in range(4)]
    await asyncio.sleep(0)
    assert all(one.load for one in workers._workers)
    await asyncio.gather(*checks)
    assert not any(one.load for one in workers._workers)


async def test_what_no_thread_has_begun_goes_to_the_workers_once_they_are_there(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, by_threads = threading.Event(), list[list[bytes]]()

    def slowly(messages: list[bytes], net: int) -> list[Verdict]:
        by_threads.append(messages)
        assert may_go_on.wait(20)
        return check_batch(messages, net)

    monkeypatch.setattr(checking, "check_batch", slowly)
    batches = [batch(20) for _ in range(8)]
    checks = [asyncio.create_task(checker.check(one)) for one in batches]
    async with asyncio.timeout(20):
        while not checker._workers.are_there:
            await asyncio.sleep(0.01)
    may_go_on.set()
    assert await asyncio.gather(*checks) == [verdicts(one) for one in batches]
    assert by_threads == batches[: checking.CHECK_THREADS]


async def test_what_waits_for_a_thread_at_the_end_is_checked_before_it(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "COMMAND", ("/nowhere/python",))
    batches = [batch(20) for _ in range(8)]
    checks = [asyncio.create_task(checker.check(one)) for one in batches]
    await asyncio.sleep(0)
    await checker.close()
    assert await asyncio.gather(*checks) == [verdicts(one) for one in batches]


async def test_no_verdict_is_lost_with_a_worker(checker: Checker) -> None:
    workers = await with_workers(checker)
    batches = [batch(60) for _ in range(8)]
    checks = [asyncio.create_task(checker.check(one)) for one in batches]
    await asyncio.sleep(0)
    os.kill(pids(workers)[0], signal.SIGKILL)
    assert await asyncio.gather(*checks) == [verdicts(one) for one in batches]
    assert not workers.are_there


async def test_a_worker_that_answers_nothing_is_given_up(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "CHECK_TIMEOUT", 0.3)
    workers = await with_workers(checker)
    stopped = pids(workers)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    assert await checker.check(batch(20)) == verdicts(batch(20))
    assert not workers.are_there
    for pid in stopped:
        await ends(pid)


async def test_an_answer_that_nobody_waits_for_is_not_taken_for_the_next(checker: Checker) -> None:
    workers = await with_workers(checker)
    abandoned = asyncio.create_task(checker.check(batch(400)))
    await asyncio.sleep(0)
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)
    assert await checker.check(batch(5)) == verdicts(batch(5))
    assert not workers.are_there


async def test_where_no_process_can_be_started_threads_check(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "COMMAND", ("/nowhere/python",))
    with pytest.raises(WorkerLost):
        await Workers().start(1)
    for _ in range(3):
        assert await checker.check(batch(30)) == verdicts(batch(30))


async def test_where_the_process_is_another_program_threads_check(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "COMMAND", (sys.executable, "-c", "pass"))
    for _ in range(3):
        assert await checker.check(batch(30)) == verdicts(batch(30))


async def test_few_messages_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "COMMAND", ("/nowhere/python",))
    checker = Checker(MAIN_NET)
    for _ in range(20):
        assert await checker.check(batch(30)) == verdicts(batch(30))
    assert checker._task is None
    await checker.close()


async def test_workers_end_when_nothing_large_comes(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "CHECK_IDLE", 1.5)  # long enough to be seen on a busy computer
    workers = await with_workers(checker)
    ended = pids(workers)
    for pid in ended:
        await ends(pid)
    assert not workers.are_there
    assert pids(await with_workers(checker)) != ended


async def test_workers_end_with_their_node(tmp_path: Path) -> None:
    program = tmp_path / "node.py"
    program.write_text(
        "import asyncio\n"
        "from hedgerow_node.checking.workers import Workers\n"
        "async def main():\n"
        "    workers = Workers()\n"
        "    await workers.start(2)\n"
        "    print(*[one._process.pid for one in workers._workers], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        started = [int(pid) for pid in node.stdout.readline().split()]
        assert len(started) == 2
        node.kill()
    for pid in started:
        await ends(pid)
