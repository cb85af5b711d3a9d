"""The raw limit: how many signatures this computer checks in a second with the library in use, two threads at once."""

import time
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bench.corpus import SetOfMessages, entries

COUNT = 20_000
AUTHORS = 100
THREADS = 2
JOB = 250
"""Messages a job: the more, the less the threads wait for each other."""
Signed = tuple[bytes, bytes, bytes]


class RawLimit:
    """Measures the raw limit beside each run of a job, so that both meet the same computer."""

    def __init__(self, most: int) -> None:
        self._signed = _signed(min(COUNT, most))
        self.rates: list[float] = []
        """Signatures a second, of each time."""
        self.cpu: list[float] = []
        """Processor seconds for one signature, of each time."""

    def measure(self) -> float:
        """Once more; returns signatures a second over messages of about 400 bytes."""
        jobs = [self._signed[at : at + JOB] for at in range(0, len(self._signed), JOB)]
        with ThreadPoolExecutor(THREADS) as threads:
            began, used = time.monotonic(), time.process_time()
            list(threads.map(_check, jobs))
            self.cpu.append((time.process_time() - used) / len(self._signed))
            self.rates.append(len(self._signed) / (time.monotonic() - began))
        return self.rates[-1]


def _signed(count: int) -> list[Signed]:
    wanted = SetOfMessages(count, AUTHORS)
    secrets = [Ed25519PrivateKey.from_private_bytes(one.device_seed) for one in wanted.people()]
    return [
        (secrets[author].public_key().public_bytes_raw(), secrets[author].sign(data), data)
        for _, _, author, data in entries(wanted)
    ]


def _check(job: list[Signed]) -> None:
    for key, signature, data in job:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
