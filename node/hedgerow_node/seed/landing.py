"""What a person reads who opens the address of a seed: who runs it, what it keeps, how to join (specs/16-seeds.md).

The page follows from the file of the seed alone and is made once, so whoever asks for it costs next to nothing.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import quote

from aiohttp import hdrs

from hedgerow_node import public_list
from hedgerow_node.links.listen import JOIN_HEADERS, STYLE
from hedgerow_node.policy import Carries
from hedgerow_node.seed.settings import Keeping, Settings
from hedgerow_protocol.things import is_web_address

PATH = "/"
STYLE_SUM = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = JOIN_HEADERS | {
    "Content-Security-Policy": JOIN_HEADERS["Content-Security-Policy"].replace(
        "'unsafe-inline'", f"'sha256-{STYLE_SUM}'"
    ),
    hdrs.CACHE_CONTROL: "max-age=300",
}
PAGE = """<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<link rel="alternate" type="application/atom+xml" href="{feed}" title="{name}">
<style>{style}</style>
</head>
<body>
<main>
<h1 dir="auto">{name}</h1>
{about}
<p>This is a seed of Hedgerow, a learning network without a centre: each person runs a small program of their own, and
a seed keeps what they publish within reach while their computers are off.</p>
<h2>Who runs it</h2>
<p><bdi>{name}</bdi>: {contact}</p>
<h2>How to join</h2>
<ol>
<li>{asking}</li>
<li>You get an invite: an address, a text or a picture to be scanned.</li>
<li><a href="/join">Use the invite</a>: that page says how, also if you do not have Hedgerow yet.</li>
</ol>
<h2>What it keeps, and for whom</h2>
<ul>
<li>{carries}</li>
<li>{keeping}</li>
{receipts}
<li>What was published is public: whoever runs a node can have it from here.</li>
<li><a href="{takedowns}">What was taken down here</a>, when and why.</li>
</ul>
<h2>For programs</h2>
<p>The same as data: <a href="{well_known}">{well_known}</a>. What the seed itself shared:
<a href="{feed}">{feed}</a>. Nodes reach it at <code dir="ltr">{address}</code>; its key is
<code dir="ltr">{did}</code>.</p>
<p>This page sets no cookies and runs no scripts.</p>
</main>
</body>
</html>
"""
CARRIES = {
    Carries.MEMBERS: "It keeps what its members publish, and whoever the seed itself follows.",
    Carries.FOLLOWED: "It keeps what its members publish, and whoever they or the seed itself follow.",
    Carries.ALL: "It keeps what anybody brings to it.",
}
"""For whom the seed is there, in words."""
RECEIPTS = "<li>Once a day it says to each member, for everyone to see, that what he published is held.</li>"
NO_CONTACT = "no address was given"


def page(settings: Settings, did: str, *, well_known: str, feed: str) -> str:
    """The page as HTML. `did` is the seed's own; the other two are paths of the same listener."""
    wants = settings.policy.wants_members
    return PAGE.format(
        style=STYLE,
        name=escape(settings.name),
        about=f'<p dir="auto">{escape(settings.about)}</p>' if settings.about else "",
        contact=_contact(settings.contact) or NO_CONTACT,
        asking=_asking(settings.contact)
        if wants
        else "Invites are given by whoever runs it and by nobody else.",
        carries=CARRIES[settings.policy.carries],
        keeping=_keeping(settings.keeping),
        receipts=RECEIPTS if settings.policy.gives_receipts else "",
        takedowns=public_list.PATH,
        well_known=well_known,
        feed=feed,
        address=escape(settings.address),
        did=escape(did),
    )


def _asking(contact: str) -> str:
    told = _contact(contact)
    return (
        f"Newcomers are welcome: ask for an invite, at {told}."
        if told
        else "Newcomers may ask for an invite."
    )


def _contact(contact: str) -> str:
    """The contact as a link where it is one that can be followed."""
    contact = contact.removeprefix("mailto:")
    shown = f"<bdi>{escape(contact)}</bdi>" if contact else ""
    if is_web_address(contact):
        return f'<a href="{escape(contact)}">{shown}</a>'
    if contact.count("@") == 1 and " " not in contact:
        return f'<a href="mailto:{quote(contact, safe="@")}">{shown}</a>'
    return shown


def _keeping(keeping: Keeping) -> str:
    room = f"It has room for {keeping.gib:,} GiB"
    if not keeping.days:
        return f"{room}, and keeps what it has as long as there is room."
    days = "1 day" if keeping.days == 1 else f"{keeping.days:,} days"
    return f"{room}; what is older than {days} is let go."
