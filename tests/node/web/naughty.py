"""Strings that break pages which forget to escape: a published list, and some of our own for templates and forms."""

import json
from collections.abc import Sequence
from pathlib import Path

from hedgerow_node.node import Node
from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.kinds import (
    Attest,
    Body,
    Claim,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Label,
    Profile,
    Relation,
    Resource,
    Role,
    Step,
    Trail,
    encode_body,
    trail_slot,
)
from node.others import Other

THING = "https://example.org/"
OWN = (
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}{# #}",
    "%(num)d %s {0} ${x}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;b&gt; &amp;amp; &#60;",
    "\u202egnp.exe\u202c \u2066x",
    "<!-- --> <![CDATA[ ]]> <?php ?>",
    "\ufeff\ufff9\u061c",
    "a" * 2_000,
)


def strings(test_data: Path) -> list[str]:
    """The big list of naughty strings, and our own."""
    listed = json.loads((test_data / "text" / "blns.json").read_text(encoding="utf-8"))
    return [*OWN, *(text for text in listed if text.strip())]


async def say_all(node: Node, texts: Sequence[str]) -> list[str]:
    """Let somebody say each of these in every field that takes it, into the node's store; those that all took."""
    held, messages = [], []
    for place, text in enumerate(texts):
        author, contents = Other(place), _everything(text, place)
        fitting = [content for content in contents if _fits(content)]
        messages += [author.inception, *(author.say(one, topics=_topics(text)) for one in fitting)]
        if fitting == contents:
            held.append(text)
    await node.store.messages.put(messages, received=node.clock.now())
    await node.store.indexing.finish()
    return held


def _everything(text: str, place: int) -> list[Content]:
    short = text.encode()[: limits.MAX_WORD].decode(errors="ignore")
    name = text.encode()[: limits.MAX_NAME].decode(errors="ignore")
    title = text.encode()[: limits.MAX_TITLE].decode(errors="ignore")
    own = f"{THING}{place}"
    full = Resource(own, title, text, short, short, short, short, (short,), title, 1, (name,))
    return [
        Profile(name, text),
        full,
        Resource(THING, title, text),
        Endorse(THING, 0, short, short, text),
        Connect(THING, Relation.RELATED, own, text),
        Comment(THING, Role.QUESTION, text),
        Follow(own, text),
        Label(THING, short, text),
        Attest(THING, Claim.CAPTIONS, " ".join(text.split()), 1),
        Trail(
            trail_slot(bytes([place % 256] * 16)), title, text, (Step(own, short, text), Step(None, short))
        ),
    ]


def _topics(text: str) -> tuple[str, ...]:
    topic = " ".join(text.split()).encode()[: limits.MAX_TOPIC].decode(errors="ignore").strip()
    try:
        encode_body(Body(bytes(limits.NONCE), Profile("x"), (topic,)))
    except LocalProtocolError:
        return ()
    return (topic,)


def _fits(content: Content) -> bool:
    try:
        encode_body(Body(bytes(limits.NONCE), content, ()))
    except (LocalProtocolError, UnicodeEncodeError):
        return False
    return True
