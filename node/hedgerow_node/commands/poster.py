"""An invite as a page to be printed and hung up: one sheet of A4 in black and white that stands for itself."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from hedgerow_node.commands import words
from hedgerow_node.commands.links import link_of
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.viewpoint import short_key
from hedgerow_protocol.invite import SignedInvite
from hedgerow_protocol.keys import did_of

STYLE = """
@page { size: A4 portrait; margin: 15mm; }
body { font: 1.15rem/1.45 system-ui, sans-serif; color: #000; background: #fff; max-width: 45rem; margin: 1.5rem auto;
  padding: 0 1rem; text-align: center; }
h1 { font-size: 2.2rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
img { width: 130mm; max-width: 100%; height: auto; }
ol { display: inline-block; text-align: start; margin: .5rem 0; padding-inline-start: 1.5rem; max-width: 100%; }
li { margin-block: .4rem; }
strong { border: 2px solid #000; padding: .3rem .8rem; display: inline-block; }
@media print { body { margin: 0 auto; } .screen { display: none; } }
"""
STYLE_SUM = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_SUM}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The content security policy under which the page is as it should be."""
PAGE = """<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invite: {name}</title>
<style>{style}</style>
</head>
<body>
<main>
<p class="screen">Print this page: it fits on one sheet of A4, in black and white.</p>
<h1 dir="auto">{name}</h1>
<p>invites you to Hedgerow, where people show each other what is worth learning from, and why.</p>
<p><a href="{link}"><img src="{picture}" alt="The invite, as a picture to be scanned"></a></p>
<ol>
<li>Scan the picture with your phone. A page opens.</li>
<li>Do what the page says to get Hedgerow.</li>
<li>Put the whole address of the page into <b>Join</b>. {then}</li>
</ol>
<p><strong>For {people}, until {day}</strong></p>
</main>
</body>
</html>
"""
MEMBER = "You become a member: what you share is kept here too."
FRIEND = "You follow each other from then on."


def poster(signed: SignedInvite) -> str:
    """The page as HTML. Raises `Problem` for an invite that is too long to be a picture."""
    invite = signed.invite
    link = link_of(signed)
    return PAGE.format(
        style=STYLE,
        name=escape(invite.name or short_key(did_of(invite.inviter))),
        link=escape(link),
        picture=escape(_picture(link)),
        then=MEMBER if invite.makes_member else FRIEND,
        people="one person" if invite.uses == 1 else f"{invite.uses:,} people",
        day=words.day(invite.expiry),
    )


def _picture(text: str) -> str:
    """A QR code as the address of an image."""
    import segno

    try:
        code = segno.make(text, error="l", micro=False)
    except segno.DataOverflowError:
        step = "Make one that names fewer people to follow."
        raise Problem(Code.REQUEST_WRONG, "the invite is too long to be a picture", step) from None
    return str(code.svg_data_uri(scale=4, border=4, light="white"))
