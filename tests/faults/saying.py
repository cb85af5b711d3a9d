"""People who go on saying things whatever happens, and what was acknowledged of it."""

from collections import Counter, defaultdict
from random import Random

from end_to_end.people import Person, Refused
from faults.crowd import Crowd


class Saying:
    """What was said by whom: by the ids that their nodes acknowledged."""

    def __init__(self, crowd: Crowd, seed: int) -> None:
        self._crowd = crowd
        self._random = Random(seed)
        self._number = 0
        self.acknowledged: defaultdict[str, list[str]] = defaultdict(list)
        """Ids, by who said it."""
        self.broken_off: Counter[str] = Counter()
        """How often nobody knows whether it was said: the node went away while it was asked."""

    def say(self) -> None:
        """Somebody whose node runs shares something."""
        running = [edge for edge in self._crowd.edges if edge.name in self._crowd.up]
        if running:
            self._share(self._random.choice(running))

    def _share(self, person: Person) -> None:
        self._number += 1
        thing = {"thing": f"https://{person.name}.example/{self._number}", "title": f"Page {self._number}"}
        try:
            self.acknowledged[person.name] += person.ask("POST", "/share", thing)["ids"]
        except (OSError, Refused):
            self.broken_off[person.name] += 1

    @property
    def count(self) -> int:
        """How many were acknowledged."""
        return sum(map(len, self.acknowledged.values()))
