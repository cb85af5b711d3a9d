"""The story of Hedgerow, played with three real processes: two learners without listeners, and a seed.

Run it with `make demo`. Everything happens in a temporary folder that is removed at the end.
"""

import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from end_to_end.people import Person, files_with, wait_until

DATA = Path(__file__).parents[1] / "data"
SECRET = "zyxomancy quibblewort"
CORRECTED = "The heron beside the mill"


class Story:
    """Prints each step with the time it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._number = 0

    def step(self, words: str) -> None:
        """One more step is done."""
        self._number += 1
        print(f"{self._number:>3}. [{time.monotonic() - self._began:6.1f} s] {words}", flush=True)


def play(folder: Path) -> None:
    """The whole story; raises when a step does not come out as it should."""
    story = Story()
    ana, ben, seed = (Person(name, folder / name) for name in ("ana", "ben", "seed"))
    try:
        _bring_and_share(story, ana)
        invite = _meet_at_a_seed(story, ana, ben, seed)
        _join(story, ana, ben, invite)
        _find_and_endorse(story, ana, ben)
        _correct_and_withdraw(story, ana, ben, seed)
    finally:
        for person in (ana, ben, seed):
            person.stop()
    story.step("Everyone stopped. The end.")


def _bring_and_share(story: Story, ana: Person) -> None:
    ana.start()
    story.step(f"Ana starts her node; her page is {ana.page.partition('?')[0]}")
    ana.hedgerow("profile", "--name", "Ana")
    brought = 0
    for path in [*sorted(DATA.glob("links-*.md")), DATA / "bookmarks-nested.html"]:
        brought += ana.hedgerow("import", str(path))["added"]
    story.step(f"Ana brings five lists: {brought} links, private so far")
    shared = ana.hedgerow("share", "--all")
    story.step(f"Ana shares {len(shared['ids'])} of them. {shared['who']}")


def _meet_at_a_seed(story: Story, ana: Person, ben: Person, seed: Person) -> str:
    seed.start(listen="127.0.0.1:0")
    seed.hedgerow("profile", "--name", "Library", "--machine")
    story.step(f"A library starts a seed; other nodes reach it at {seed.peer}")
    ana.hedgerow("join", seed.hedgerow("invite")["invite"])
    wait_until(
        lambda: _fingerprint(seed, ana) == _fingerprint(ana, ana), 60, "the seed has all of Ana's messages"
    )
    story.step("Ana joins the seed, which now keeps what she shares")
    invite = ana.hedgerow("invite")["invite"]
    story.step(f"Ana makes an invite of {len(invite)} letters and gives it to Ben")
    return invite


def _join(story: Story, ana: Person, ben: Person, invite: str) -> None:
    ben.start()
    ben.hedgerow("profile", "--name", "Ben")
    preview = ben.hedgerow("join", invite, "--dry-run")
    story.step(f"Ben looks at it first: {preview['name']} invites. {preview['who']}")
    ben.hedgerow("join", invite)
    took = wait_until(lambda: len(ben.hedgerow("feed")["results"]) > 0, 10, "Ben sees first content")
    story.step(f"Ben joins and sees something after {took:.1f} s")
    wait_until(lambda: _fingerprint(ben, ana) == _fingerprint(ana, ana), 60, "Ben has all of Ana's messages")
    story.step(f"Ben has everything: his fingerprint of Ana equals hers, {_fingerprint(ana, ana)[:16]}…")
    wait_until(lambda: _fingerprint(ana, ben) == _fingerprint(ben, ben), 60, "Ana has Ben's messages")
    story.step("Ana follows Ben back, without having done anything")


def _find_and_endorse(story: Story, ana: Person, ben: Person) -> None:
    ben.stop()
    for words in ("الرياضيات", "数学", "מתמטיקה", "mathematics"):
        found = ben.hedgerow("search", words)["results"]
        if not found:
            raise AssertionError(f"{words} was not found")
        story.step(f"Ben, offline, looks for {words}: {found[0]['title']}")
    thing = ben.hedgerow("search", "mathematics")["results"][0]["thing"]
    ben.hedgerow("endorse", thing, "--reason", "I understood fractions here at last", "--level", "beginner")
    ben.start()
    wait_until(lambda: "fractions" in str(ana.hedgerow("show", thing)), 30, "Ana sees Ben's reason")
    said = next(one for one in ana.hedgerow("show", thing)["statements"] if one["kind"] == "endorse")
    story.step(f"Ben endorses it; Ana sees: {said['name']}: {said['reason']}")


def _correct_and_withdraw(story: Story, ana: Person, ben: Person, seed: Person) -> None:
    thing = "https://example.org/heron"
    first = ana.hedgerow("share", thing, "--title", SECRET)["ids"][0]
    wait_until(lambda: _titles(ben, thing) == [SECRET], 30, "Ben sees the first title")
    ana.hedgerow("edit", first, "--title", CORRECTED)
    wait_until(lambda: _titles(ben, thing) == [CORRECTED, SECRET], 30, "Ben sees both titles")
    story.step("Ana corrects a title; Ben sees the new one, and the old one as an earlier version")
    ana.hedgerow("retract", thing)
    needles = [*SECRET.split(), *CORRECTED.split()[1:2], *CORRECTED.split()[-1:]]
    homes = [person.home for person in (ana, ben, seed)]
    took = wait_until(lambda: not any(files_with(home, needles) for home in homes), 60, "the text is gone")
    story.step(f"Ana withdraws it; after {took:.1f} s no file of Ana, Ben or the seed holds a word of it")


def _fingerprint(person: Person, author: Person) -> str:
    return str(person.hedgerow("people", author.did)["fingerprint"])


def _titles(person: Person, thing: str) -> list[str]:
    statements = person.hedgerow("show", thing)["statements"]
    return [one["title"] for one in statements if one["kind"] == "resource"]


def main() -> int:
    """Play the story in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-demo-") as folder:
        play(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
