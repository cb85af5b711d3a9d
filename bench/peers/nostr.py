"""Nostr relays: nostr-relay (Python, SQLite), nostr-sdk's LocalRelay (Rust, in memory) and strfry (C++, LMDB).

They get the same texts by as many authors, as signed events, one in a frame as the protocol has it, over one
connection, and each is acknowledged.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import aiohttp

from bench import corpus
from bench.corpus import SetOfMessages, content_of
from bench.nodes import free_port
from bench.peers import installing
from bench.peers.installing import Absent
from bench.peers.servers import served, told_by
from bench.places import kept, say

SCRIPTS = Path(__file__).parent
STRFRY = "HEDGEROW_BENCH_STRFRY"
"""The environment variable that names a binary of strfry."""
UNANSWERED = 2_000
"""Events on their way without an acknowledgement."""
A_CONNECTION = 5_000
"""Events after which a new connection is opened: LocalRelay closes one after some more."""
TEN_YEARS = 10 * 365 * 86_400
Server = Callable[[Path], AbstractContextManager[tuple[subprocess.Popen, str]]]
"""Runs a relay with its files in a folder: the process, and its address."""
RELAY_CONFIG = """
DEBUG: false
relay_name: bench
storage:
  sqlalchemy.url: sqlite+aiosqlite:///{folder}/relay.db
  num_concurrent_adds: 2
  validators:
    - nostr_relay.validators.is_not_too_large
    - nostr_relay.validators.is_signed
    - nostr_relay.validators.is_recent
verification:
  nip05_verification: disabled
authentication:
  enabled: false
gunicorn:
  bind: 127.0.0.1:{port}
  workers: 1
  loglevel: warning
purple:
  host: 127.0.0.1
  port: {port}
  workers: 1
  disable_compression: true
message_timeout: 1800
oldest_event: {age}
"""
STRFRY_CONFIG = """
db = "{folder}/"
events {{
  rejectEventsOlderThanSeconds = {age}
}}
relay {{
  bind = "127.0.0.1"
  port = {port}
  nofiles = 0
}}
"""


@contextmanager
def nostr_relay(folder: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """nostr-relay with a database of its own."""
    port, config = free_port(), folder / "relay.yaml"
    program = installing.python().parent / "nostr-relay"
    config.write_text(RELAY_CONFIG.format(folder=folder, port=port, age=TEN_YEARS))
    with served([str(program), "-c", str(config), "serve"], port, folder) as process:
        yield process, f"ws://127.0.0.1:{port}"


@contextmanager
def local_relay(folder: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """nostr-sdk's relay in memory."""
    port = free_port()
    command = [str(installing.python()), str(SCRIPTS / "local_relay.py"), str(port)]
    with served(command, port, folder) as process:
        yield process, f"ws://127.0.0.1:{port}"


@contextmanager
def strfry(folder: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """strfry, where a binary of it is named."""
    program = os.environ.get(STRFRY)
    if not program:
        raise Absent(f"{STRFRY} names no binary; its share of another session stands under also")
    port, config, database = free_port(), folder / "strfry.conf", folder / "strfry"
    database.mkdir()
    config.write_text(STRFRY_CONFIG.format(folder=database, port=port, age=TEN_YEARS))
    with served([program, f"--config={config}", "relay"], port, folder) as process:
        yield process, f"ws://127.0.0.1:{port}"


def events(wanted: SetOfMessages) -> list[str]:
    """The texts of a set as signed events, a line of JSON each, in the same order; raises `Absent`."""
    made = hashlib.sha256(
        Path(corpus.__file__).read_bytes() + (SCRIPTS / "sign_events.py").read_bytes()
    ).hexdigest()[:12]
    path = kept("messages") / f"nostr-{made}-{wanted.group}-{wanted.authors}-{wanted.count}.jsonl"
    if not path.exists():
        _make(wanted, path)
    return path.read_text().splitlines()


def _make(wanted: SetOfMessages, path: Path) -> None:
    say(f"making {wanted.count:,} Nostr events (once)")
    unfinished = path.with_suffix(f".{os.getpid()}")
    command = [str(installing.python()), str(SCRIPTS / "sign_events.py")]
    with unfinished.open("w") as file:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file, text=True)
        assert process.stdin is not None
        for place in range(wanted.count):
            process.stdin.write(json.dumps(_said(wanted, place)) + "\n")
        process.stdin.close()
        if process.wait():
            raise Absent("no events could be signed")
    unfinished.rename(path)


def _said(wanted: SetOfMessages, place: int) -> dict:
    content, topics = content_of(wanted, place)
    text = getattr(content, "title", None) or getattr(content, "reason", "")
    return {
        "author": place % wanted.authors,
        "created_at": corpus.ts_of(wanted, place),
        "tags": [*(["t", topic] for topic in topics), ["r", getattr(content, "thing", "")]],
        "content": text,
    }


def take_in(url: str, lines: Sequence[str]) -> float:
    """Give a relay these events; returns how many a second it acknowledged as stored. Raises `Absent`."""
    return asyncio.run(_take_in(url, lines))


async def _take_in(url: str, lines: Sequence[str]) -> float:
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        for start in range(0, len(lines), A_CONNECTION):
            async with session.ws_connect(url, compress=0, max_msg_size=2**26) as socket:
                await _give(socket, lines[start : start + A_CONNECTION])
    return len(lines) / (time.monotonic() - began)


async def _give(socket: aiohttp.ClientWebSocketResponse, lines: Sequence[str]) -> None:
    on_their_way = asyncio.Semaphore(UNANSWERED)

    async def send() -> None:
        for line in lines:
            await on_their_way.acquire()
            await socket.send_str(f'["EVENT",{line}]')

    sender = asyncio.create_task(send())
    answered = 0
    while answered < len(lines):
        message = await socket.receive()
        if message.type != aiohttp.WSMsgType.TEXT:
            raise Absent(f"it closed the connection after {answered} events")
        if message.data.startswith('["OK"'):
            _, _, is_stored, why = json.loads(message.data)
            if not is_stored:
                raise Absent(f"it refused an event: {why}")
            answered += 1
            on_their_way.release()
    await sender


def compare(url: str, lines: Sequence[str], folder: Path, runs: int) -> list[dict]:
    """Have nostr-sdk compare these events with a relay; raises `Absent`."""
    file = folder / "ours.jsonl"
    file.write_text("\n".join(lines))
    return told_by(
        [str(installing.python()), str(SCRIPTS / "compare_events.py"), url, str(file), str(runs)], folder
    )
