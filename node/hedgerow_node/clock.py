"""Time and entropy: the only module of the node that reads either, so that tests can bring their own."""

import os
import random
import time


class Clock:
    """The clocks and the entropy of this computer."""

    def now(self) -> float:
        """Seconds since 1970; jumps when somebody sets the computer's clock."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment, never backwards: for everything that is measured or waited for."""
        return time.monotonic()

    def entropy(self, length: int) -> bytes:
        """`length` bytes that nobody can guess."""
        return os.urandom(length)

    def random(self) -> random.Random:
        """Chance for choices that an attacker must not foresee."""
        return random.SystemRandom()
