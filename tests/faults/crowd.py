"""Many people with real nodes: two seeds, and edges that reach both through proxies, each on a line of its own."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from end_to_end.people import Person, Refused, wait_until
from faults.callers import process_at
from faults.line import Line
from faults.plan import Fault, Kind, begin, end
from faults.proxy import Proxy

SEEDS = ("north", "south")
FOLLOWED = 5
"""How many others each edge follows: those behind it in the ring."""
AT_ONCE = 4
"""Nodes that are started at one time."""


class Crowd:
    """Everybody of one test. `close` it, whatever happens."""

    def __init__(self, folder: Path, edges: int) -> None:
        self.seeds = [Person(name, folder / name) for name in SEEDS]
        self.edges = [Person(f"edge{number}", folder / f"edge{number}") for number in range(edges)]
        self.people = {person.name: person for person in [*self.seeds, *self.edges]}
        self.up: set[str] = set()
        """Whose node serves."""
        self._away: set[str] = set()
        """Whose node was ended, and shall come back."""
        self._lines = {(name, seed): Line() for name in self.people for seed in SEEDS}
        self._proxies = {seed: Proxy(self._finder(seed)) for seed in SEEDS}
        self._starting = ThreadPoolExecutor(AT_ONCE)
        self._changing = threading.Lock()
        for proxy in self._proxies.values():
            proxy.open()

    def close(self) -> None:
        """Stop everybody."""
        self._starting.shutdown()
        for person in self.people.values():
            person.stop()
        for proxy in self._proxies.values():
            proxy.close()

    def _finder(self, seed: str) -> Callable[[int], Line | None]:
        def line_of(port: int) -> Line | None:
            running = {p.process.pid: name for name, p in self.people.items() if p.process is not None}
            caller = process_at(port, running)
            return self._lines[running[caller], seed] if caller is not None else None

        return line_of

    # --- Coming and going --------------------------------------------------------------------------------

    def start(self, names: Iterable[str]) -> None:
        """Start these nodes and wait until they serve."""
        for started in [self._starting.submit(self._start, name) for name in names]:
            started.result()

    def start_soon(self, name: str) -> None:
        """Start a node that was ended beside what is under way; not one that is being started."""
        if name in self._away:
            self._away.discard(name)
            self._starting.submit(self._start, name)

    def _start(self, name: str) -> None:
        person = self.people[name]
        if name in SEEDS:
            proxy = self._proxies[name]
            person.start(listen="127.0.0.1:0", address=f"ws://{proxy.address}/peer")
            proxy.target = int(person.peer.rpartition(":")[2])
        else:
            person.start()
        with self._changing:
            self.up.add(name)

    def end(self, name: str, *, kindly: bool) -> None:
        """Stop a node as a person would, or kill it."""
        with self._changing:
            if name not in self.up:
                return
            self.up.discard(name)
            self._away.add(name)
        person = self.people[name]
        if kindly:
            person.stop()
        else:
            person.kill()

    def settle_starts(self) -> None:
        """Wait until everybody is back."""
        wait_until(lambda: self.up == self.people.keys(), 60, "everybody is back")

    # --- Who knows whom ----------------------------------------------------------------------------------

    def acquaint(self) -> None:
        """Everybody joins both seeds, the seeds each other, and each edge follows some others."""
        north, south = self.seeds
        south.ask("POST", "/join", {"invite": north.ask("POST", "/invites", {})["invite"]})
        for seed in self.seeds:
            invite = seed.ask("POST", "/invites", {"uses": len(self.edges), "member": True})["invite"]
            with ThreadPoolExecutor(AT_ONCE) as joining:
                list(joining.map(lambda edge, i=invite: edge.ask("POST", "/join", {"invite": i}), self.edges))
        for edge in self.edges:
            for other in self.followed_by(edge):
                edge.ask("PUT", f"/follows/{quote(other.did)}", {})

    def followed_by(self, edge: Person) -> list[Person]:
        """Whom this edge follows, the seeds apart."""
        place, count = self.edges.index(edge), len(self.edges)
        return [self.edges[(place + step) % count] for step in range(1, min(FOLLOWED, count - 1) + 1)]

    def in_scope(self) -> list[tuple[Person, Person]]:
        """Who must have everything of whom: (holder, author)."""
        pairs = [(edge, other) for edge in self.edges for other in self.followed_by(edge)]
        return pairs + [(seed, edge) for seed in self.seeds for edge in self.edges]

    def unequal(self, pairs: list[tuple[Person, Person]]) -> list[tuple[Person, Person]]:
        """Those of these whose holder has not exactly what the author has."""
        own = {author.name: fingerprint(author, author) for author in {pair[1] for pair in pairs}}
        return [
            (holder, author) for holder, author in pairs if fingerprint(holder, author) != own[author.name]
        ]

    def wait_until_equal(self, seconds: float) -> float:
        """Wait until everybody has everything that is for them; returns how long it took."""
        left = self.in_scope()

        def are_equal() -> bool:
            left[:] = self.unequal(left)
            return not left

        try:
            return wait_until(are_equal, seconds, "all sets are equal")
        except AssertionError:
            raise AssertionError(f"not equal: {self._described(left)}") from None

    def _described(self, pairs: list[tuple[Person, Person]]) -> str:
        named = ", ".join(f"{holder.name} of {author.name}" for holder, author in pairs)
        peers = {
            one.name: one.ask("GET", "/peers")["peers"] for one in {one for pair in pairs for one in pair}
        }
        states = {name: [(one["state"], one.get("problem")) for one in of] for name, of in peers.items()}
        return f"{named}; links: {json.dumps(states)}"

    # --- Faults ------------------------------------------------------------------------------------------

    def half(self) -> set[str]:
        """One seed and half of the edges."""
        return {SEEDS[0], *(edge.name for edge in self.edges[: len(self.edges) // 2])}

    def begin(self, fault: Fault) -> None:
        """Let a fault happen."""
        match fault.kind:
            case Kind.PART:
                self._part(set(fault.who), True)
            case Kind.STOP | Kind.KILL:
                for name in fault.who:
                    self.end(name, kindly=fault.kind is Kind.STOP)
            case _:
                for line in self._lines_of(fault.who):
                    begin(fault.kind, line)

    def end_of(self, fault: Fault) -> None:
        """It is over."""
        match fault.kind:
            case Kind.PART:
                self._part(set(fault.who), False)
            case Kind.STOP | Kind.KILL:
                for name in fault.who:
                    self.start_soon(name)
            case _:
                for line in self._lines_of(fault.who):
                    end(fault.kind, line)

    def _lines_of(self, names: Iterable[str]) -> list[Line]:
        return [line for (name, _), line in self._lines.items() if name in names]

    def _part(self, half: set[str], is_parted: bool) -> None:
        for (name, seed), line in self._lines.items():
            if (name in half) != (seed in half):
                line.is_parted = is_parted


def fingerprint(holder: Person, author: Person) -> str:
    """What a node holds of an author; empty while it knows nothing of them."""
    try:
        return str(holder.ask("GET", f"/people/{quote(author.did)}")["fingerprint"])
    except Refused:
        return ""
