"""The page of other nodes: who is known and why, taking in a list, forgetting one, and who is nearby."""

import os
from pathlib import Path

from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.web import Pages
from hedgerow_protocol import keys
from hedgerow_protocol.address_record import AddressRecord, sign_record
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.node_list import sign_list
from node.web.visiting import Visitor

SEED = bytes([5]) * 32
DEVICE = DeviceKey(keys.public_key(SEED))


def listed(app: App) -> str:
    """A list of one node whose name tries to be more than a name."""
    net, now = app.node.keys.inception.header.net, int(app.node.clock.now())
    author = AuthorKey(bytes([6]) * 32)
    label = "<b>School</b>\u202e"
    record = AddressRecord(net, DEVICE, author, ("wss://seed.example.org/peer",), now, 86_400, label)
    return sign_list(net, author, "Ben", now, [sign_record(record, SEED)], os.urandom(32)).to_text()


async def test_a_list_is_taken_in_and_a_node_of_it_forgotten(tmp_path: Path) -> None:
    app = await App.open(Home(tmp_path), Clock(), Composition(PageAddress(port=0), surface=Pages))
    try:
        async with Visitor.at(app.page, CookieJar(unsafe=True)) as visitor:
            await visitor.get(app.page_link().removeprefix(app.page))
            assert "Nobody has told you" in (await visitor.get("/you/nodes")).text()
            assert "Other nodes that yours has heard of" in (await visitor.get("/you")).text()
            refused = await visitor.post("/you/nodes/add", {"text": "hedgerow-nodes:nothing"})
            assert "This is not a whole list of nodes" in refused.text()
            shown = await visitor.post("/you/nodes/add", {"text": listed(app)})
            assert "wss://seed.example.org/peer" in shown.text()
            assert "not called yet" in shown.text()
            assert "<b>School" not in shown.html
            assert "Nearby" not in shown.text()
            gone = await visitor.post("/you/nodes/forget", {"device": keys.did_of(DEVICE)})
            assert "Forgotten" in gone.text()
            again = await visitor.post("/you/nodes/forget", {"device": keys.did_of(DEVICE)})
            assert "No such node is known here" in again.text()
    finally:
        await app.close()
