"""A computer that stops: the n-th call of the functions that change files never happens."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHANGES = ("mkdir", "rename", "unlink", "rmdir", "fsync", "write")
"""The functions of `os` through which durable files are made; before or after each a crash may come."""


class Crash(BaseException):
    """The power is gone: nothing may catch this and go on."""


class Countdown:
    """Counts the calls, and stops the computer at one of them."""

    def __init__(self, stop_at: int | None) -> None:
        self.calls = 0
        self._stop_at = stop_at
        self.is_off = False

    def step(self) -> None:
        self.calls += 1
        if self.is_off or self.calls == self._stop_at:
            self.is_off = True
            raise Crash


@contextmanager
def stopping_at(monkeypatch: pytest.MonkeyPatch, call: int | None) -> Iterator[Countdown]:
    """Inside, the `call`-th change of a file and all after it raise `Crash`; None only counts them."""
    countdown = Countdown(call)
    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, _counted(getattr(os, name), countdown))
        yield countdown


def _counted(function, countdown):
    def counted(*arguments, **keywords):
        countdown.step()
        return function(*arguments, **keywords)

    return counted
