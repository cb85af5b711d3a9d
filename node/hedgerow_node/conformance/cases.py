"""The vectors as cases: what of each is put to a program, and what it must answer (specs/conformance.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hedgerow_node.conformance.shown import Json
from hedgerow_node.problems import Code, Problem

VECTORS = Path(__file__).parent / "vectors"
TOLD = frozenset({"name", "rule", "expect"})
REMARKS = frozenset({"references", "closing"})
"""What a vector says to people."""
KIND_FILES = "05-kinds/"
OPTIONAL = frozenset({"frame"})
"""Results that a program may leave out: names of this code."""
RESULTS: dict[str, tuple[str, ...]] = {
    "01-identity/keys-as-text": ("key",),
    "01-identity/recovery-keys": ("seed", "key", "commitment"),
    "01-identity/log-entries": ("entry",),
    "01-identity/changes": ("entry",),
    "01-identity/authorisation": ("authorised", "contested"),
    "01-identity/standings": ("headers", "branches", "belong"),
    "01-identity/forks": (),
    "02-encoding/values": ("value",),
    "02-encoding/hashes": ("hash",),
    "02-encoding/base58": ("data",),
    "02-encoding/signatures": (),
    "03-messages/headers": ("fields",),
    "03-messages/messages": ("id", "body"),
    "04-things/forms": (),
    "04-things/addresses": ("canonical",),
    "04-things/identifiers": ("canonical",),
    "04-things/topics": ("canonical", "words"),
    "06-handshake/noise-xx": ("messages", "handshake_hash"),
    "06-handshake/handshake": (
        "outgoing",
        "peer",
        "version",
        "features",
        "handshake_hash",
        "sent",
        "received",
    ),
    "06-handshake/channel": ("messages", "frames"),
    "07-frames/frames": ("frame", "values"),
    "07-frames/filters": ("values", "narrowed", "passes"),
    "07-frames/invites": ("id", "values"),
    "08-reconciliation/negentropy": ("messages", "have", "need", "reply"),
    "08-sync/responder": ("exchange",),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its answer."""

    file: str
    """The file of vectors, such as 02-encoding/values."""
    name: str
    rule: str
    expect: str
    inputs: Json
    results: Json


def vector_files(folder: Path = VECTORS) -> list[str]:
    """The names of all files of vectors, without their ending; raises `Problem` where there are none."""
    found = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.json"))
    if not found:
        raise Problem(Code.FILE_UNREADABLE, f"no vectors in {folder}")
    return found


def cases_of(file: str, folder: Path = VECTORS) -> list[Case]:
    """The cases of one file; raises `Problem` where it is no file of vectors."""
    try:
        vectors = msgspec.json.decode((folder / f"{file}.json").read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError):
        raise Problem(Code.FILE_UNREADABLE, str(folder / f"{file}.json")) from None
    cases = vectors.get("cases")
    if not isinstance(cases, list):
        raise Problem(Code.FILE_UNREADABLE, str(folder / f"{file}.json"))
    return [one for vector in cases for one in _cases(file, vector)]


def _cases(file: str, vector: Json) -> Iterator[Case]:
    """One case, or one for each of its roles."""
    roles = vector.get("roles")
    if isinstance(roles, list) and len(roles) > 1:
        for role in roles:
            yield from _cases(file, {**vector, "roles": [role]})
        return
    names = _result_names(file, vector)
    results = {name: value for name, value in vector.items() if name in names}
    inputs = {
        name: value for name, value in vector.items() if name not in TOLD | REMARKS and name not in results
    }
    rule, expect, name = (str(vector.get(key)) for key in ("rule", "expect", "name"))
    yield Case(file, name, rule, expect, inputs | _halves(file, vector), results)


def _result_names(file: str, vector: Json) -> tuple[str, ...]:
    names = ("value",) if file.startswith(KIND_FILES) else RESULTS.get(file, ())
    if file == "07-frames/invites":
        # A text is read, or written beside what an invite says.
        return (*names, "text" if "values" in vector else "invite") if "text" in vector else names
    if vector.get("roles") == ["initiator"]:
        return ()
    return names


def _halves(file: str, vector: Json) -> Json:
    """Inputs that stand inside of results."""
    match file, vector:
        case "06-handshake/handshake", {"sent": {"frame": frame}, "received": {"message": message}}:
            return {"sent": {"frame": frame}, "received": {"message": message}}
        case "08-sync/responder", {"exchange": list(exchange)}:
            return {"exchange": [[received] for received, *_ in exchange]}
        case "01-identity/standings", {"headers": list(headers)}:
            return {"headers": [[header] for header, *_ in headers]}
    return {}
