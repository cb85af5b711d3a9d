"""Some pupils of a class, as a process of their own: each joins by an invite, says something, and gets everything.

python attending.py FOLDER    reads invites, one a line, until an empty line; prints {"joined": seconds} when all are
in, then of each {"did", "own"}: who it is and how many messages it has of itself, once it has everything of the seed.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from hedgerow_node.problems import Problem
from hedgerow_protocol.invite import parse_invite
from hedgerow_protocol.keys import AuthorKey
from node.network.world import Person, World, eventually

PATIENCE = 300.0
SAID = 3
OF_THE_SEED = 20
"""Messages of the seed beside its log and its follows."""


async def join_until_it_works(pupil: Person, invite: str) -> None:
    """What a person does who is told that there is no room now."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            await pupil.accept(invite)
            return
        except Problem:
            assert time.monotonic() < deadline, f"{pupil.name} did not get in"
            await asyncio.sleep(0.5)


async def attend(folder: Path, invites: list[str]) -> None:
    world = World(folder)
    pupils = [await world.person(f"pupil-{number}") for number in range(len(invites))]
    began = time.monotonic()
    await asyncio.gather(*map(join_until_it_works, pupils, invites))
    print(json.dumps({"joined": time.monotonic() - began}), flush=True)
    seed = parse_invite(invites[0]).invite.inviter
    for pupil in pupils:
        await pupil.share(SAID)
    for pupil in pupils:
        await eventually(lambda p=pupil: has(p, seed), f"{pupil.name} has what is the seed's", PATIENCE)
        own = await pupil.count(pupil.author)
        print(json.dumps({"did": pupil.node.keys.did, "own": own}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await world.close()


async def has(pupil: Person, seed: AuthorKey) -> bool:
    return await pupil.count(seed) > OF_THE_SEED


if __name__ == "__main__":
    asyncio.run(attend(Path(sys.argv[1]), [line.strip() for line in iter(sys.stdin.readline, "\n")]))
