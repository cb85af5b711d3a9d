"""Sources: a seed reads at an address who stands there, and believes no more than it has to."""

import json

import pytest

from hedgerow_node.config import MAX_SOURCE
from hedgerow_node.problems import Problem
from hedgerow_node.seed.sources import _peer
from hedgerow_protocol import keys
from simulator.author import Author

HOME = "https://seed.example.org"
GOOD = {
    "hedgerow": 1,
    "address": "wss://seed.example.org/peer",
    "author": keys.did_of(Author(1).key),
    "device": keys.did_of(Author(1).device),
    "net": 1,
    "name": "City library",
    "later": ["what a later version adds"],
}


def told(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_seed_is_dialled_where_it_says_and_by_the_key_that_it_names() -> None:
    peer = _peer(told(), HOME, 1)
    assert (peer.device, peer.author) == (Author(1).device, Author(1).key)
    assert (peer.address, peer.name) == ("wss://seed.example.org/peer", "City library")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"<html>",
        told(hedgerow=2),
        told(net=2),
        told(device="did:key:z6Mk"),
        told(author=None),
        told(address="https://seed.example.org"),
        told(address="ws://seed.example.org/peer"),
        told(about="x" * MAX_SOURCE),
    ],
)
def test_what_names_nobody_is_not_dialled(answer: bytes) -> None:
    with pytest.raises(Problem):
        _peer(answer, HOME, 1)


def test_a_page_without_tls_may_name_a_link_without_it() -> None:
    assert _peer(told(address="ws://192.0.2.1:8471"), "http://192.0.2.1:8471", 1).address.startswith("ws:")
