"""Nodes that are killed while they receive, and while they publish, lose nothing that was acknowledged.

`make test` kills a few times, `make soak` five hundred times; HEDGEROW_KILLS sets another number.
"""

import contextlib
import json
import os
import sqlite3
import threading
import time
import urllib.request
from pathlib import Path
from random import Random

import pytest

from end_to_end.people import Person, wait_until
from faults.line import Line
from faults.proxy import Proxy
from hedgerow_protocol.things import message_id_of

USUAL_KILLS = 5
SOAK_KILLS = 500
ITEMS_A_KILL = 400
"""Messages on their way for each kill: enough that the last kill still lands before everything has arrived."""
MOST_ITEMS = 100_000
SLOW = 150_000.0
"""Bytes a second for ITEMS_A_KILL messages a kill; slower where there are fewer."""
FAST = 50_000_000.0
AT_LEAST = 0.8
"""The share of kills that must land while something has arrived and something is missing."""


def counts(soak_only: bool) -> int:
    """How often to kill."""
    return int(os.environ.get("HEDGEROW_KILLS") or (SOAK_KILLS if soak_only else USUAL_KILLS))


def items_for(kills: int) -> int:
    """How many messages are on their way for so many kills."""
    return min(kills * ITEMS_A_KILL, MOST_ITEMS)


def slow_for(kills: int) -> float:
    """The rate of a line on which so many kills land in between."""
    return SLOW * items_for(kills) / (kills * ITEMS_A_KILL)


def both_sizes(who: str) -> pytest.MarkDecorator:
    """A few kills and many; the many of each test in a process of their own, for they wait most of the time."""
    many = pytest.param(counts(True), id="soak", marks=[pytest.mark.soak, pytest.mark.xdist_group(who)])
    return pytest.mark.parametrize("kills", [pytest.param(counts(False), id="few"), many])


@pytest.fixture
def line():
    """The line between the nodes, fast until it is made slow."""
    return Line(FAST)


@pytest.fixture
def proxy(line):
    """What stands in front of the seed."""
    proxy = Proxy(lambda port: line)
    proxy.open()
    yield proxy
    proxy.close()


@pytest.fixture
def people(tmp_path):
    """Ana, Ben and a seed; whatever happens their nodes are stopped."""
    everyone = [Person(name, tmp_path / name) for name in ("ana", "ben", "seed")]
    yield everyone
    for person in everyone:
        person.stop()


def query(home: Path, sql: str) -> list[tuple]:
    """Rows of a node's database, read from outside; none while the file is not there or busy being made."""
    try:
        database = sqlite3.connect(f"file:{home / 'hedgerow.db'}?mode=ro", uri=True, timeout=5)
    except sqlite3.OperationalError:
        return []
    try:
        return database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        database.close()


def received(home: Path) -> int:
    """How many messages of others are there."""
    rows = query(home, "SELECT count(*) FROM messages WHERE own = 0")
    return rows[0][0] if rows else 0


def ids(home: Path, of: str = "all") -> list[bytes]:
    """The ids of all messages, or of this node's own."""
    where = {"all": "", "own": " WHERE own = 1"}[of]
    return [identifier for (identifier,) in query(home, f"SELECT id FROM messages{where}")]


def has_all_of(holder: Person, author: Person) -> bool:
    """Whether every message of the author is with the holder."""
    return set(ids(author.home, "own")) <= set(ids(holder.home))


def check_whole(person: Person) -> None:
    """The database is sound and holds nothing twice."""
    assert query(person.home, "PRAGMA integrity_check") == [("ok",)]
    held = ids(person.home)
    assert len(held) == len(set(held))


def library_of(person: Person, links: int, folder: Path) -> None:
    """A private library of that many links."""
    path = folder / "many.md"
    path.write_text("\n".join(f"* [Title number {n}](https://example.org/{n})" for n in range(links)))
    assert person.hedgerow("import", str(path))["added"] == links


def kill_while_it_receives(person: Person, kills: int, total: int, restart) -> int:
    """Kill a node again and again as soon as more has arrived; how many kills landed in between."""
    chance, landed = Random(kills), 0
    for _ in range(kills):
        before = received(person.home)
        wait_until(
            lambda before=before: before < received(person.home) or before >= total, 60, "something arrives"
        )
        time.sleep(chance.uniform(0.0, 0.15))
        person.kill()
        landed += 0 < received(person.home) < total
        restart()
    return landed


def report(what: str, landed: int, kills: int) -> None:
    """Say how the kills fell, and insist on enough of them."""
    print(f"\n{what}: {landed} of {kills} kills landed while something had arrived and something was missing")
    assert landed >= AT_LEAST * kills


@both_sizes("learner")
def test_a_learner_killed_while_it_receives_ends_with_everything(people, line, proxy, tmp_path, kills):
    ana, ben, seed = people
    total = share_with_seed(ana, seed, proxy, items_for(kills), tmp_path)
    ben.start()
    line.rate = slow_for(kills)
    ben.hedgerow("join", ana.hedgerow("invite")["invite"])
    landed = kill_while_it_receives(ben, kills, total, ben.start)
    line.rate = FAST
    wait_until(lambda: has_all_of(ben, ana), 120, "Ben has everything")
    ben.stop()
    check_whole(ben)
    report("the learner", landed, kills)


def share_with_seed(ana: Person, seed: Person, proxy: Proxy, links: int, folder: Path) -> int:
    """Ana shares many links, and the seed has them; how many messages that is."""
    library_of(ana, links, folder)
    ana.hedgerow("share", "--all")
    start_seed(seed, proxy)
    ana.start()
    ana.hedgerow("join", seed.hedgerow("invite", "--uses", "9")["invite"])
    wait_until(lambda: has_all_of(seed, ana), 120, "the seed has everything")
    return len(ids(ana.home, "own"))


def start_seed(seed: Person, proxy: Proxy) -> None:
    """Start the seed behind the proxy."""
    seed.start(listen="127.0.0.1:0", address=f"ws://{proxy.address}/peer")
    proxy.target = int(seed.peer.rpartition(":")[2])


@both_sizes("seed")
def test_a_seed_killed_while_it_receives_ends_with_everything(people, line, proxy, tmp_path, kills):
    ana, _, seed = people
    library_of(ana, items_for(kills), tmp_path)
    ana.hedgerow("share", "--all")
    start_seed(seed, proxy)
    ana.start()
    line.rate = slow_for(kills)
    ana.hedgerow("join", seed.hedgerow("invite")["invite"])

    def restart() -> None:
        start_seed(seed, proxy)
        dial_now(ana)

    landed = kill_while_it_receives(seed, kills, len(ids(ana.home, "own")), restart)
    line.rate = FAST
    wait_until(lambda: has_all_of(seed, ana), 180, "the seed has everything")
    seed.stop()
    check_whole(seed)
    report("the seed", landed, kills)


def dial_now(person: Person) -> None:
    """Let a node dial its peers now: after many broken links it waits longer than a test can."""
    request = urllib.request.Request(f"{api_of(person)}/sync", b"{}", headers_of(person))
    with contextlib.suppress(TimeoutError):
        urllib.request.urlopen(request, timeout=0.2).close()


def api_of(person: Person) -> str:
    """Where the node's API is."""
    return f"{person.page.partition('/start')[0]}/api/v1"


def headers_of(person: Person) -> dict[str, str]:
    """What a request to the API carries."""
    token = (person.home / "api-token").read_text().strip()
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


class Publishing(threading.Thread):
    """Shares one thing after another over the API and remembers what was acknowledged."""

    def __init__(self, person: Person, first: int) -> None:
        super().__init__(daemon=True)
        self._url = f"{api_of(person)}/share"
        self._headers = headers_of(person)
        self.next = first
        self.acknowledged: list[str] = []

    def run(self) -> None:
        try:
            while True:
                self.acknowledged += self._share(self.next)
                self.next += 1
        except OSError:
            return

    def _share(self, number: int) -> list[str]:
        body = json.dumps({"thing": f"https://example.net/{number}", "title": f"Thing {number}"}).encode()
        request = urllib.request.Request(self._url, body, self._headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)["ids"]


@both_sizes("publisher")
def test_a_learner_killed_while_it_publishes_keeps_what_was_acknowledged(people, kills):
    ana, chance = people[0], Random(kills)
    acknowledged: list[str] = []
    number = 0
    for _ in range(kills):
        ana.start()
        publishing = Publishing(ana, number)
        publishing.start()
        wait_until(lambda thread=publishing: len(thread.acknowledged) > 0, 30, "something is acknowledged")
        time.sleep(chance.uniform(0.0, 0.3))
        ana.kill()
        publishing.join(timeout=30)
        acknowledged += publishing.acknowledged
        number = publishing.next + 1
    ana.start()
    for identifier in acknowledged[-3:]:
        assert ana.hedgerow("show", identifier)
    ana.stop()
    check_whole(ana)
    assert_held(ana, acknowledged)
    print(f"\nthe publisher: {len(acknowledged)} acknowledged messages over {kills} kills, all there")


def assert_held(person: Person, acknowledged: list[str]) -> None:
    """Every acknowledged message is there, and the device's chain has neither a hole nor a fork."""
    held = set(ids(person.home))
    assert {message_id_of(one) for one in acknowledged} <= held
    rows = query(person.home, "SELECT device, seq FROM messages WHERE own = 1 ORDER BY device, seq")
    chains: dict[object, list[int]] = {}
    for device, seq in rows:
        chains.setdefault(device, []).append(seq)
    assert all(chain == list(range(1, len(chain) + 1)) for chain in chains.values())
