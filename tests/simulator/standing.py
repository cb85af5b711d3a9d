"""What is in the sets once everything has come everywhere: by the protocol's rules alone, without a store."""

from collections.abc import Sequence

from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.kinds import Kind, Retract, decode_body
from hedgerow_protocol.message import Message, MessageId


def expected(made: Sequence[Message]) -> tuple[set[MessageId], set[MessageId]]:
    """Of all that was signed in one name: what is in the sets, and what of it is withdrawn."""
    known = Identities()
    for one in made:
        if one.header.kind == Kind.IDENTITY:
            known.learn(one)
    inside = [one for one in made if known.is_authorised(one) or _is_reached(known, made, one)]
    withdrawn = {target for one in inside if one.header.kind == Kind.RETRACT for target in _targets(one)}
    mortal = {one.id for one in inside if one.header.kind not in (Kind.IDENTITY, Kind.RETRACT)}
    return {one.id for one in inside}, withdrawn & mortal


def _is_reached(known: Identities, made: Sequence[Message], judged: Message) -> bool:
    header = judged.header
    for one in known.cuts_of(header.author, header.device):
        reach = Reach(one)
        for link in made:
            if link.header.device == header.device and link.header.kind != Kind.IDENTITY:
                reach.add(link.id, link.header)
        if reach.standing(judged.id, header.seq) is Standing.AUTHORISED:
            return True
    return False


def _targets(retraction: Message) -> tuple[MessageId, ...]:
    content = decode_body(Kind.RETRACT, retraction.body or b"").content
    assert isinstance(content, Retract)
    return content.targets
