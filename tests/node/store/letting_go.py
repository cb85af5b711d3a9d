"""A process that takes in messages and lets older ones go until it is killed, and says what was confirmed to it.

Run as `letting_go.py FOLDER SEED`: prints `since NUMBER` after it was written down from when on its author is kept, and
`gone WORD` after the retraction of a message that said the word, which may have been let go before.
"""

import asyncio
import sys
from pathlib import Path
from random import Random

from hedgerow_node.store.lock import FolderLock
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import Comment, Role
from node.store.opened import NOW
from simulator.author import EPOCH, Author

PAGE = "https://example.org/page"
EVERY = 3_000
"""Seconds between two messages: some hundred to a week."""


async def let_go(folder: Path, seed: int) -> None:
    """For ever: more messages, a later time, some slices, a replaced version, a retraction."""
    chance, author, me = Random(seed), Author(seed), Author(seed + 1_000_000)
    lock = FolderLock(folder)
    lock.acquire()
    store = await Store.open(folder)
    await store.messages.put([me.inception], received=NOW, own=True)
    await store.messages.put([author.inception], received=NOW)
    said = {}
    for number in range(0, 10**6, 20):
        words = [f"zqxv{number + place}k" for place in range(20)]
        new = [
            author.say(Comment(PAGE, Role.COMMENT, w), EPOCH + EVERY * (number + n))
            for n, w in enumerate(words)
        ]
        said.update(zip(words, new, strict=True))
        await store.messages.put(new, received=NOW)
        since = EPOCH + EVERY * max(0, number - 30)
        await store.keeping.keep_since({author.key: since})
        print("since", since, flush=True)
        for _ in range(chance.choice([0, 1, 5])):
            await store.keeping.let_go(author.key, me.key, 7)
        word = chance.choice(sorted(said))
        await store.messages.put([author.retract(said.pop(word), ts=EPOCH)], received=NOW)
        print("gone", word, flush=True)


if __name__ == "__main__":
    asyncio.run(let_go(Path(sys.argv[1]), int(sys.argv[2])))
