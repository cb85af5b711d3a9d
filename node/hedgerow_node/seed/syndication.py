"""What a seed itself shared, as an Atom feed (RFC 4287) for whoever reads along without a node.

Only messages of the seed's own author stand in it, as they stand now. It is made anew at most every few seconds, so
nobody can keep the database busy by asking for it, and whoever has it already is told so.
"""

import asyncio
import re
from datetime import UTC, datetime
from hashlib import sha256
from html import escape

from aiohttp import hdrs, web

from hedgerow_node.config import SYNDICATED, SYNDICATED_FOR
from hedgerow_node.node import Node
from hedgerow_node.seed.settings import Settings
from hedgerow_node.store.records import Statement
from hedgerow_protocol.things import is_web_address

PATH = "/feed.atom"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    hdrs.CACHE_CONTROL: f"max-age={SYNDICATED_FOR:.0f}",
}
TAG = 16
"""Digits of the tag by which a reader knows that nothing has changed."""
MEDIA_TYPE = "application/atom+xml"
FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>{did}</id>
<title>{name}</title>
<updated>{updated}</updated>
<author><name>{name}</name><uri>{url}/</uri></author>
<link rel="self" type="application/atom+xml" href="{url}{path}"/>
<link rel="alternate" type="text/html" href="{url}/"/>
{entries}</feed>
"""
ENTRY = """<entry>
<id>{id}</id>
<title>{title}</title>
<updated>{updated}</updated>
{link}{topics}{words}</entry>
"""
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Letters that XML 1.0 does not have, not even as references."""


class Syndication:
    """Answers whoever asks for the feed."""

    def __init__(self, node: Node, settings: Settings) -> None:
        self._node = node
        self._settings = settings
        self._one_at_a_time = asyncio.Lock()
        self._made = b""
        self._tag = ""
        self._good_until = float("-inf")

    async def answer(self, request: web.Request) -> web.Response:
        """The feed, as it was a few seconds ago at most."""
        async with self._one_at_a_time:
            if self._node.clock.monotonic() >= self._good_until:
                self._made = feed(self._settings, self._node.keys.did, await self._said()).encode()
                self._tag = sha256(self._made).hexdigest()[:TAG]
                self._good_until = self._node.clock.monotonic() + SYNDICATED_FOR
        if any(held.value in (self._tag, "*") for held in request.if_none_match or ()):
            answer = web.Response(status=304, headers=HEADERS)
        else:
            answer = web.Response(body=self._made, content_type=MEDIA_TYPE, charset="utf-8", headers=HEADERS)
        answer.etag = self._tag
        return answer

    async def _said(self) -> list[Statement]:
        """What stands, without what was taken down here: a list for everybody must not lead to that."""
        said = await self._node.store.views.said_by(self._node.author, SYNDICATED)
        return [one for one in said if not await self._is_down(one.thing) and not await self._is_down(one.id)]

    async def _is_down(self, target: str) -> bool:
        return await self._node.store.takedowns.standing(target) is not None


def feed(settings: Settings, did: str, said: list[Statement]) -> str:
    """These statements as a feed, newest first."""
    return FEED.format(
        did=_text(did),
        name=_text(settings.name),
        url=_text(settings.url.rstrip("/")),
        path=PATH,
        # RFC 4287 wants a time also of a feed in which nothing stands.
        updated=_time(max([one.at for one in said], default=0)),
        entries="".join(map(_entry, said)),
    )


def _entry(one: Statement) -> str:
    words = one.reason or one.text or one.summary
    return ENTRY.format(
        id=_text(one.id),
        title=_text(one.title or one.thing),
        updated=_time(one.at),
        link=f'<link href="{_text(one.thing)}"/>\n' if is_web_address(one.thing) else "",
        topics="".join([f'<category term="{_text(topic)}"/>\n' for topic in one.topics]),
        words=f"<summary>{_text(words)}</summary>\n" if words else "",
    )


def _text(text: str) -> str:
    return escape(NO_XML.sub("", text))


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
