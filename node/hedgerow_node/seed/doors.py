"""What a seed adds to the node's doors: the limits that its operator chose, and what it tells whoever comes."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from hedgerow_node import config
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.node import Node
from hedgerow_node.seed import landing
from hedgerow_node.seed.settings import Quotas, Settings
from hedgerow_node.seed.syndication import PATH as FEED
from hedgerow_node.seed.syndication import Syndication
from hedgerow_protocol import limits
from hedgerow_protocol.keys import did_of

WELL_KNOWN = "/.well-known/hedgerow.json"
VERSION = 1
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=300"}


def door_limits(quotas: Quotas) -> DoorLimits:
    """The limits of the peers' door; a wider network never has less room than one address in it."""
    most = quotas.of_one_address
    return DoorLimits(
        links=quotas.links,
        of_ipv4=most,
        of_ipv4_24=max(most, config.MAX_OF_IPV4_24),
        of_ipv4_16=max(most, config.MAX_OF_IPV4_16),
        of_ipv6_64=most,
        of_ipv6_48=max(most, config.MAX_OF_IPV6_48),
        connects_a_minute=quotas.connects_a_minute,
    )


def described(node: Node, settings: Settings) -> dict[str, object]:
    """What a seed says of itself to programs (specs/16-seeds.md): nothing of whom it carries or blocks."""
    return {
        "hedgerow": VERSION,
        "name": settings.name,
        "about": settings.about,
        "contact": settings.contact,
        "url": settings.url,
        "address": settings.address,
        "author": node.keys.did,
        "device": did_of(node.door),
        "net": node.keys.inception.header.net,
        "policy": {
            "carries": settings.policy.carries,
            "wants_members": settings.policy.wants_members,
            "gives_receipts": settings.policy.gives_receipts,
        },
        "keeps": {"gib": settings.keeping.gib, "days": settings.keeping.days},
        "limits": {
            "links": settings.quotas.links,
            "links_of_one_address": settings.quotas.of_one_address,
            "connects_a_minute": settings.quotas.connects_a_minute,
            "message_bytes": limits.MAX_MESSAGE,
            "messages_a_second": limits.PUSH_RATE,
        },
    }


def public_pages(node: Node, settings: Settings) -> Callable[[web.Application], None]:
    """Adds to the peers' door what anybody may read there."""

    async def tell(request: web.Request) -> web.Response:
        told = msgspec.json.encode(described(node, settings))
        return web.Response(body=told, content_type="application/json", headers=HEADERS)

    page = landing.page(settings, node.keys.did, well_known=WELL_KNOWN, feed=FEED)

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html", headers=landing.HEADERS)

    def install(app: web.Application) -> None:
        app.router.add_get(WELL_KNOWN, tell)
        app.router.add_get(landing.PATH, show)
        app.router.add_get(FEED, Syndication(node, settings).answer)

    return install
