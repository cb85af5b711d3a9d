"""What every attack begins and ends with: a seed, a member who is linked to it, and the log.

After an attack the member must still get through, and the log must have the one constant event that names it.
"""

from node.network.lines import Lines
from node.network.world import Person, eventually

MAX_LINE = 200
"""Letters of a line in the log that a stranger causes."""


class Scene:
    """A seed with a member who is linked to it, and the log."""

    def __init__(self, seed: Person, ana: Person, lines: Lines) -> None:
        self.seed = seed
        self.ana = ana
        self.lines = lines
        self.expected: list[tuple[str, str]] = []

    def expect(self, event: str, why: str = "") -> None:
        """This line, once and no other, is what the log shall have."""
        self.expected.append((event, why))

    async def check(self) -> None:
        """The member still gets through, and the log has what was expected."""
        before = await self.ana.count(self.ana.author)
        await self.ana.share(1, start=before)
        await eventually(lambda: self.seed.has_all_of(self.ana), "the honest member gets through")
        for event, why in self.expected:
            await eventually(lambda e=event, w=why: len(self.lines.of(e, w)) == 1, f"logged: {event}, {why}")
        assert len(self.lines.all()) == len(self.expected), self.lines.all()
        assert all(len(line) <= MAX_LINE for line in self.lines.all())
