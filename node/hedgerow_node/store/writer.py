"""Many works, one durable commit: what the database's only writer does with what is waiting for it.

Each work runs in a savepoint of its own, so that one which fails takes back its own changes and nothing else. A
full disk may make SQLite drop the whole transaction, or refuse its commit; then every work is tried once more in a
transaction of its own, and only those that fail again are told so.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

from hedgerow_node.store.connection import Work

Undo = Callable[[], None]


def nothing() -> None:
    """The undoing of a work that changes nothing outside the database."""


@dataclass(frozen=True, slots=True)
class Done:
    """The work's changes are durable."""

    value: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The work's changes were taken back."""

    error: Exception


Outcome: TypeAlias = Done | Failed


@dataclass(frozen=True, slots=True)
class Job:
    """A work that waits for its turn."""

    work: Work[object]
    undo: Undo
    """Takes back what the work did outside the database. Called in the same thread before any other work, and only
    when the work was begun."""
    future: asyncio.Future[object]


class TransactionLost(Exception):
    """SQLite gave up the transaction as a whole; the cause says why."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def commit_together(jobs: Sequence[Job], db: sqlite3.Connection) -> list[Outcome]:
    """Run these works and commit those that succeed; `Done` means that the changes are on the disk."""
    try:
        return _attempt(jobs, db)
    except TransactionLost as lost:
        if len(jobs) == 1:
            return [Failed(lost.error)]
    return [outcome for job in jobs for outcome in commit_together([job], db)]


def _attempt(jobs: Sequence[Job], db: sqlite3.Connection) -> list[Outcome]:
    begun: list[Job] = []
    outcomes: list[Outcome] = []
    try:
        db.execute("BEGIN IMMEDIATE")
        for job in jobs:
            db.execute("SAVEPOINT work")
            begun.append(job)
            outcomes.append(_run(job, db))
        db.execute("COMMIT")
    except Exception as error:
        # What made the transaction fail is the news; a rollback that fails as well has nothing to add.
        with suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
        for job, outcome in reversed(list(zip_longest(begun, outcomes))):
            if not isinstance(outcome, Failed):
                job.undo()
        raise TransactionLost(error) from error
    return outcomes


def _run(job: Job, db: sqlite3.Connection) -> Outcome:
    try:
        value = job.work(db)
    except Exception as error:
        if not db.in_transaction:
            raise
        db.execute("ROLLBACK TO work")
        db.execute("RELEASE work")
        job.undo()
        return Failed(error)
    db.execute("RELEASE work")
    return Done(value)
