"""A process that publishes into a folder until it is killed, and says what was confirmed to it.

Run as `publisher.py FOLDER SEED`: prints `put HEX-ID` after each confirmed own message, `other HEX-ID` after those of
somebody else, and `gone WORD` after a confirmed retraction of the message that said it.
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
SOON = 30
"""Messages after which something is retracted, on average."""


async def publish(folder: Path, seed: int) -> None:
    """Publish for ever: one by one, in batches, with retractions and erasing passes between."""
    chance, author, other = Random(seed), Author(seed), Author(seed + 1_000_000)
    lock = FolderLock(folder)
    lock.acquire()
    store = await Store.open(folder)
    said = {}
    for number in range(10**6):
        words = [f"zqxv{number}k{place}wj" for place in range(chance.choice([1, 1, 1, 7]))]
        messages = [author.say(Comment(PAGE, Role.COMMENT, word), EPOCH + number) for word in words]
        await store.messages.put(messages, received=NOW, own=True)
        for word, message in zip(words, messages, strict=True):
            said[word] = message
            print("put", message.id.hex(), flush=True)
        (theirs,) = other.resources(1, start=EPOCH + number)
        await store.messages.put([theirs], received=NOW)
        print("other", theirs.id.hex(), flush=True)
        if chance.randrange(SOON) == 0:
            word = chance.choice(sorted(said))
            retraction = author.retract(said.pop(word), ts=EPOCH + number)
            await store.messages.put([retraction], received=NOW, own=True)
            print("gone", word, flush=True)
            print("put", retraction.id.hex(), flush=True)
            if chance.randrange(2):
                await store.erase_when_due()


if __name__ == "__main__":
    asyncio.run(publish(Path(sys.argv[1]), int(sys.argv[2])))
