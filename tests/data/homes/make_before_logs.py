"""Makes the home `before-logs` with the program as it was at commit 52bce18: before identity logs and newer kinds.

    git clone --quiet . /tmp/old && git -C /tmp/old checkout --quiet 52bce18
    python tests/data/homes/make_before_logs.py /tmp/old

All that Ana does is done by the commands of the old program; what it answers is kept beside the home, in
`before-logs.json`. What Ben says is made here and put into Ana's store by the old program, as a link would have done:
among it is what that program knew nothing of yet.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from hedgerow_protocol import keys
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey, did_of
from hedgerow_protocol.kinds import (
    Body,
    Comment,
    Content,
    Endorse,
    Profile,
    Resource,
    Role,
    Stance,
    encode_body,
)
from hedgerow_protocol.log_changes import make_inception, make_update
from hedgerow_protocol.log_entry import DeviceGrant
from hedgerow_protocol.message import FIRST, ChainPlace, Message, sign_message
from hedgerow_protocol.trails import Step, Trail, trail_slot

HERE = Path(__file__).parent
HOME, PACKED, ANSWERS = (HERE / f"before-logs{ending}" for ending in ("", ".tar.gz", ".json"))
WORKING = ("lock", "running.json", "api-token", "hedgerow.log", "hedgerow.db-wal", "hedgerow.db-shm")
"""Files of a program that runs, which a home at rest does without."""
START = 1_790_000_000
RINGS, GROUPS, FIELDS = (f"https://example.org/{name}" for name in ("rings", "groups", "fields"))
ASKED = {
    "identity": ("identity", "show"),
    "library": ("library", "--limit", "100"),
    "rings": ("show", RINGS),
    "search ring": ("search", "ring"),
    "search 环": ("search", "环"),
    "search secret": ("search", "margin"),
    "search ben": ("search", "lattice"),
}
PUT = """
import asyncio, sys
from pathlib import Path
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_protocol.message import decode_message

async def put():
    node = await Node.open(Home(Path(sys.argv[1])), Clock())
    found = [decode_message(bytes.fromhex(line)) for line in sys.stdin]
    await node.store.messages.put(found, received=node.clock.now())
    await node.close()

asyncio.run(put())
"""


def ben() -> tuple[str, list[Message]]:
    """Ben's did, and all that he says: on one device, of a trail, and on a device that an update of his log adds."""
    chance = Random(52)
    genesis, root, device, second = (chance.randbytes(32) for _ in range(4))
    author = AuthorKey(keys.public_key(genesis))
    inception = make_inception(
        genesis_seed=genesis,
        root=keys.public_key(root),
        device=DeviceKey(keys.public_key(device)),
        recovery=keys.public_key(chance.randbytes(32)),
        nonce=chance.randbytes(16),
        ts=START,
    )
    log = Identities()
    log.learn(inception)
    update = make_update(
        log.log(author).branches[0],
        root_seed=root,
        added=[DeviceGrant(DeviceKey(keys.public_key(second)))],
        nonce=chance.randbytes(16),
        ts=START + 50,
    )
    trail = Trail(
        trail_slot(chance.randbytes(16)), "From groups to fields", steps=(Step(GROUPS), Step(FIELDS))
    )
    first: list[Content] = [
        Profile("Ben", "Reads at night"),
        Resource(FIELDS, "Fields and lattices", "A lattice of subfields", language="en"),
        Endorse(RINGS, Stance.FOR, reason="Ben worked it to the end"),
        trail,
    ]
    said = _chain(author, device, first, chance)
    return did_of(author), [
        inception,
        *said,
        update,
        *_chain(author, second, [Comment(RINGS, Role.COMMENT, "Said on the phone")], chance),
    ]


def _chain(author: AuthorKey, seed: bytes, contents: list[Content], chance: Random) -> list[Message]:
    messages, place = [], FIRST
    for content in contents:
        body = encode_body(Body(chance.randbytes(16), content))
        ts = START + 60 + place.seq
        messages.append(
            sign_message(seed=seed, author=author, place=place, kind=content.kind, ts=ts, body=body)
        )
        place = ChainPlace(place.seq + 1, messages[-1].id)
    return messages


class Old:
    """The program of that commit."""

    def __init__(self, clone: Path) -> None:
        paths = os.pathsep.join(str(clone / part) for part in ("protocol", "node"))
        self._environment = {**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1"}

    def hedgerow(self, *arguments: str) -> Any:
        return json.loads(self._run("-m", "hedgerow_node", "--home", str(HOME), *arguments, "--json").stdout)

    def put(self, messages: list[Message]) -> None:
        self._run("-c", PUT, str(HOME), input="\n".join(message.encode().hex() for message in messages))

    def _run(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=self._environment, cwd=HERE, **options
        )


def ana(old: Old) -> None:
    """What Ana keeps for herself, says, takes back and asks."""
    said = old.hedgerow
    said("profile", "--name", "Ana", "--about", "Learns algebra")
    said("add", RINGS, "--title", "Rings", "--topic", "algebra")
    said("note", RINGS, "Written on the margin of page 3")
    said("add", "https://example.org/private", "--title", "For nobody else")
    said("share", RINGS, "--language", "en", "--summary", "A ring, step by step")
    said("share", GROUPS, "--title", "Groups 环与群", "--topic", "algebra")
    said("endorse", RINGS, "--reason", "Clear to the end", "--topic", "algebra")
    said("endorse", GROUPS, "--reason", "A first version")
    said("endorse", GROUPS, "--reason", "A second version")
    said("connect", RINGS, "needs-first", GROUPS, "--reason", "A ring is a group")
    [asked] = said("comment", RINGS, "Why is zero a ring?", "--role", "question")["ids"]
    said("comment", asked, "Because nothing forbids it", "--role", "answer")
    [wrong] = said("comment", RINGS, "Zaunkoenig was taken back")["ids"]
    said("retract", wrong)
    did, messages = ben()
    said("follow", did, "--reason", "He reads what I read")
    old.put(messages)


def rest() -> dict[str, Any]:
    """Leave of the home what a program at rest leaves, as small as it goes; the ids of all and of own messages."""
    with closing(sqlite3.connect(HOME / "hedgerow.db")) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        rows = db.execute("SELECT hex(id), own FROM messages ORDER BY id").fetchall()
    for name in WORKING:
        (HOME / name).unlink(missing_ok=True)
    (HOME / "keys" / "place").unlink()
    return {"schema": schema, "ids": [id for id, _ in rows], "own": [id for id, own in rows if own]}


def main() -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    old = Old(Path(sys.argv[1]))
    ana(old)
    answers = {name: old.hedgerow(*arguments) for name, arguments in ASKED.items()}
    faults = {check["name"] for check in old.hedgerow("doctor")["checks"] if not check["ok"]}
    assert faults == {"words"}  # which stay on the disk, so that all of the keys are kept
    ANSWERS.write_text(json.dumps({**rest(), "answers": answers}, ensure_ascii=False, indent=1) + "\n")
    with tarfile.open(PACKED, "w:gz") as packed:
        packed.add(HOME, HOME.name)
    shutil.rmtree(HOME)


if __name__ == "__main__":
    main()
