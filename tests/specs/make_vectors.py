"""Makes the vectors of the specs 01 to 05, 07, 08-sync, 10 and 11, without the code that they test.

Values are written by a packer of our own, messages are signed with the primitives of `cryptography`, hostile points
come from affine arithmetic. The result depends on nothing but these files. From the root:

    python tests/specs/make_vectors.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a program, this file does not see its own package

from specs.message_vectors import (
    device_links,
    discovery,
    encoding,
    filters,
    frames,
    identity,
    invites,
    kinds,
    later_kinds,
    logs,
    messages,
    received,
    scope,
    sync,
    things,
)
from specs.message_vectors.writer import text_of

FOLDER = Path(__file__).parents[2] / "specs" / "vectors"

CASES = {
    "01-identity/keys-as-text": identity.did_cases,
    "01-identity/recovery-keys": identity.recovery_cases,
    "01-identity/log-entries": identity.entry_cases,
    "01-identity/authorisation": identity.authorisation_cases,
    "01-identity/changes": logs.change_cases,
    "01-identity/standings": logs.standing_cases,
    "01-identity/forks": logs.fork_cases,
    "02-encoding/values": encoding.value_cases,
    "02-encoding/hashes": encoding.hash_cases,
    "02-encoding/base58": encoding.base58_cases,
    "02-encoding/signatures": encoding.signature_cases,
    "03-messages/headers": messages.header_cases,
    "03-messages/messages": messages.message_cases,
    "03-messages/received": received.received_cases,
    "04-things/forms": things.form_cases,
    "04-things/addresses": things.address_cases,
    "04-things/identifiers": things.identifier_cases,
    "04-things/topics": things.topic_cases,
    "05-kinds/opening": kinds.opening_cases,
    "05-kinds/profile": kinds.profile_cases,
    "05-kinds/follow": kinds.follow_cases,
    "05-kinds/resource": kinds.resource_cases,
    "05-kinds/endorse": kinds.endorse_cases,
    "05-kinds/connect": kinds.connect_cases,
    "05-kinds/comment": kinds.comment_cases,
    "05-kinds/trail": later_kinds.trail_cases,
    "05-kinds/step": later_kinds.step_cases,
    "05-kinds/attest": later_kinds.attest_cases,
    "05-kinds/label": later_kinds.label_cases,
    "05-kinds/introduce": later_kinds.introduce_cases,
    "05-kinds/vouch": later_kinds.vouch_cases,
    "05-kinds/receipt": later_kinds.receipt_cases,
    "05-kinds/retract": kinds.retract_cases,
    "05-kinds/unknown": kinds.unknown_cases,
    "07-frames/frames": frames.frame_cases,
    "07-frames/filters": filters.filter_cases,
    "07-frames/invites": invites.invite_cases,
    "07-frames/devices": device_links.device_cases,
    "08-sync/responder": sync.responder_cases,
    "10-scope/mass": scope.mass_cases,
    "11-discovery/records": discovery.record_cases,
    "11-discovery/lists": discovery.list_cases,
    "10-edges-and-scope/responder": sync.edge_cases,
}

INPUTS: dict[str, tuple[str, ...]] = {
    "01-identity/keys-as-text": ("did",),
    "01-identity/recovery-keys": ("entropy", "number"),
    "01-identity/log-entries": ("message",),
    "01-identity/authorisation": ("held", "header"),
    "01-identity/changes": ("message",),
    "01-identity/standings": ("held", "headers.*.0"),
    "01-identity/forks": ("messages",),
    "02-encoding/values": ("bytes", "max_size"),
    "02-encoding/hashes": ("purpose", "data"),
    "02-encoding/base58": ("text",),
    "02-encoding/signatures": ("key", "signature", "message"),
    "03-messages/headers": ("header",),
    "03-messages/messages": ("message",),
    "03-messages/received": ("message",),
    "04-things/forms": ("thing",),
    "04-things/addresses": ("given",),
    "04-things/identifiers": ("given",),
    "04-things/topics": ("given",),
    "07-frames/frames": ("bytes",),
    "07-frames/filters": ("bytes", "carried", "header"),
    "07-frames/invites": ("invite", "text", "acceptance"),
    "07-frames/devices": ("offer", "request", "secret", "text"),
    "10-scope/mass": ("follows", "blocked"),
    "11-discovery/records": ("record",),
    "11-discovery/lists": ("text",),
    "08-sync/responder": ("carries", "private", "since", "held", "exchange.*.0"),
    "10-edges-and-scope/responder": ("carries", "private", "held", "exchange.*.0"),
    **dict.fromkeys((name for name in CASES if name.startswith("05-kinds/")), ("kind", "body")),
}
"""Of each file: where in a case what is put in stands, as specs/README.md says."""


def vectors() -> dict[str, str]:
    """The text of each file, by its path below `specs/vectors`."""
    return {
        f"{name}.json": text_of(name.partition("/")[0], INPUTS[name], cases())
        for name, cases in CASES.items()
    }


def main() -> None:
    """Write the files."""
    for name, text in vectors().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
