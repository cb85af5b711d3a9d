"""What people read when something does not work: a code, what happened, and what to do next.

The table below is the closed list of codes, explained in specs/errors.md under "Codes that people see". A code
is `HG-`, a letter for the area and a number; it never changes its meaning.
"""

import os
from enum import Enum

from hedgerow_protocol.errors import HedgerowError, LocalProtocolError, Reason

REASONS = frozenset(reason.value for reason in Reason)


class Code(Enum):
    """Every code: (code, HTTP status, title, what to do next)."""

    # --- H: the home folder and this computer ---
    FOLDER_BUSY = (
        "HG-H1",
        409,
        "Hedgerow is already running on this folder",
        "Use the one that runs (hedgerow open), or stop it first.",
    )
    FOLDER_UNUSABLE = (
        "HG-H2",
        500,
        "The folder of your library cannot be used",
        "Check that the folder exists, belongs to you and can be written to, or name another with --home.",
    )
    CLOCK_WRONG = (
        "HG-H3",
        409,
        "This computer's clock is wrong",
        "Set date and time, then try again: what you publish carries its time.",
    )
    SEED_FILE_WRONG = (
        "HG-H4",
        422,
        "The file seed.toml is not understood",
        "Change the option that the line above names, then look again: hedgerow seed check.",
    )
    SEED_THERE = (
        "HG-H5",
        409,
        "This folder is a seed already",
        "Change its file seed.toml, then start it again; to make another seed, name another folder with --home.",
    )
    NO_SEED = (
        "HG-H6",
        404,
        "This folder is no seed",
        "Make it one: hedgerow seed init --name NAME --url https://SEED.EXAMPLE.ORG.",
    )
    # --- K: keys and identity ---
    KEYS_MISSING = (
        "HG-K1",
        500,
        "Your keys are missing",
        "Put the folder `keys` back from a backup, or start with another folder and restore an export there.",
    )
    KEYS_DAMAGED = (
        "HG-K2",
        500,
        "Your keys cannot be read",
        "Put the folder `keys` back from a backup, or start with another folder and restore an export there.",
    )
    PASSPHRASE_NEEDED = (
        "HG-K3",
        401,
        "Your keys are locked with a passphrase",
        "Give the passphrase: type it when asked, or set HEDGEROW_PASSPHRASE.",
    )
    PASSPHRASE_WRONG = ("HG-K4", 401, "The passphrase does not fit", "Try again; nothing was changed.")
    WORDS_GONE = (
        "HG-K5",
        410,
        "The 24 words are no longer on this computer",
        "Use the copy that you wrote down when you confirmed them.",
    )
    WORDS_WRONG = (
        "HG-K6",
        422,
        "These are not the words",
        "Look at your copy again; `hedgerow identity words` still shows the words.",
    )
    RESTORED_COPY = (
        "HG-K7",
        409,
        "This is a copy of an identity, and it does not publish yet",
        "If the original is not used any more: hedgerow sync, then hedgerow identity adopt --original-is-gone.",
    )
    PASSPHRASE_SHORT = (
        "HG-K8",
        422,
        "The passphrase is too short",
        "Choose a longer one, for example five words that do not belong together.",
    )
    NO_ROOT = (
        "HG-K9",
        409,
        "This device cannot add or remove devices",
        "Do it on the one that can (hedgerow identity devices). If that is lost: hedgerow identity restore.",
    )
    DEVICE_REMOVED = (
        "HG-K10",
        409,
        "This device does not speak for you",
        "Run hedgerow identity add-device on another device, then hedgerow identity join-device CODE here.",
    )
    IDENTITY_CLOSED = (
        "HG-K11",
        410,
        "This identity is closed",
        "Nothing can be published under it any more. To begin anew, use another folder: --home DIR.",
    )
    NO_SUCH_DEVICE = (
        "HG-K12",
        404,
        "This is none of your devices",
        "See which there are: hedgerow identity devices.",
    )
    THIS_DEVICE = (
        "HG-K13",
        422,
        "That is this device",
        "Remove it from another one; to end the identity: hedgerow identity close.",
    )
    CODE_WRONG = (
        "HG-K14",
        422,
        "This is not a whole code",
        "Copy it again from end to end: it begins with hedgerow-device:.",
    )
    CODE_EXPIRED = (
        "HG-K15",
        410,
        "This code has expired, or was used",
        "Make another one on your other device: hedgerow identity add-device.",
    )
    NOT_ADDED = (
        "HG-K16",
        409,
        "Nobody has said yes on your other device",
        "Say yes there while this command waits; if the code has expired, make another one.",
    )
    WORDS_OF_NOBODY = (
        "HG-K17",
        422,
        "These words do not lead to this identity",
        "Check which identity it is, and that these are the words that were written down last.",
    )
    LOG_NOT_FOUND = (
        "HG-K18",
        404,
        "The log of this identity was not found there",
        "Name another node that carries you (--from INVITE), or an export (--from FILE).",
    )
    # --- R: requests ---
    REQUEST_WRONG = (
        "HG-R1",
        422,
        "The request is not understood",
        "Change what the line above names, then try again; `--help` tells how a command is used.",
    )
    NOT_ALLOWED = (
        "HG-R2",
        422,
        "The protocol does not allow that",
        "Change what the detail names, then try again.",
    )
    CURSOR_WRONG = (
        "HG-R3",
        422,
        "This page cannot be continued from there",
        "Begin again at the first page.",
    )
    # --- T: things ---
    NOT_A_THING = (
        "HG-T1",
        422,
        "This names no thing",
        "Give a web address, doi:…, isbn:…, arxiv:…, topic:…, a person (did:key:…) or a message (hedgerow:…).",
    )
    NOT_A_PERSON = ("HG-T2", 422, "This names no person", "A person is named by did:key:z6Mk….")
    # --- M: messages ---
    NO_SUCH_MESSAGE = (
        "HG-M1",
        404,
        "There is no such message here",
        "Check the letters after hedgerow:, or look for it with `hedgerow search`.",
    )
    AMBIGUOUS = (
        "HG-M2",
        409,
        "This could be more than one message",
        "Name one of those that the detail lists.",
    )
    NOT_YOURS = (
        "HG-M3",
        403,
        "Somebody else wrote that",
        "You can hide what others write: hedgerow mute, hedgerow block.",
    )
    WITHDRAWN = ("HG-M4", 410, "This was withdrawn", "Its text is gone for good; you can publish it anew.")
    NOT_EDITABLE = (
        "HG-M5",
        422,
        "This kind of message cannot be changed",
        "Withdraw it (hedgerow retract) and publish another.",
    )
    NOTHING_SAID = (
        "HG-M6",
        404,
        "You have published nothing on that",
        "See what there is with `hedgerow show`.",
    )
    NO_TRAIL = (
        "HG-M7",
        422,
        "This message is no trail, or its text is not here",
        "See which trails there are: hedgerow trail.",
    )
    # --- L: the private library ---
    NO_SUCH_ITEM = ("HG-L1", 404, "This is not in your library", "Put it there with `hedgerow add`.")
    NOTHING_TO_SHARE = (
        "HG-L2",
        404,
        "There is nothing to share",
        "Bring something into your library first: hedgerow add, hedgerow import.",
    )
    NOTHING_TO_UNDO = ("HG-L3", 404, "There is no import to undo", "Imports that were undone stay undone.")
    # --- P: people ---
    NO_SUCH_PERSON = (
        "HG-P1",
        404,
        "Nothing by this person is here",
        "Follow them (hedgerow follow DID) and connect to somebody who carries their messages.",
    )
    THAT_IS_YOU = ("HG-P2", 422, "That is you", "Name somebody else.")
    NO_SUCH_MEMBER = ("HG-P3", 404, "This is no member of this seed", "See who is: hedgerow seed members.")
    YOU_BLOCKED = (
        "HG-P4",
        409,
        "You blocked this person",
        "Take it back first: hedgerow unblock DID.",
    )
    NOT_DOWN = (
        "HG-P5",
        404,
        "This was not taken down here",
        "See what was: hedgerow takedown.",
    )
    NO_SUCH_REPORT = ("HG-P6", 404, "No such report waits", "See which do: hedgerow reports.")
    TOO_MANY_LISTS = (
        "HG-P7",
        409,
        "You use as many label lists as there may be",
        "Drop one first: hedgerow labels drop DID LABEL.",
    )
    # --- N: other nodes ---
    PEER_UNREACHABLE = (
        "HG-N1",
        502,
        "Nobody answers at this address",
        "Check that you are online; if you are, ask who invited you whether their node or seed is running.",
    )
    INVITE_WRONG = (
        "HG-N2",
        422,
        "This is not a whole invite",
        "Copy it again from end to end: it begins with hedgerow-invite: or is an address with /join#.",
    )
    INVITE_EXPIRED = ("HG-N3", 410, "This invite has expired", "Ask for a new one.")
    INVITE_USED = (
        "HG-N4",
        410,
        "This invite was used already",
        "Ask for a new one; each is for so many people.",
    )
    WRONG_PEER = (
        "HG-N5",
        502,
        "Somebody else answers at this address",
        "Do not use this invite; ask who invited you for a new one.",
    )
    INVITER_NOT_CARRIED = (
        "HG-N6",
        404,
        "This seed does not carry who invites you",
        "Ask for an invite through another seed.",
    )
    NOWHERE_TO_MEET = (
        "HG-N7",
        409,
        "Nobody could reach you to accept an invite",
        "Join a seed first (hedgerow join), or let your node listen: hedgerow run --listen HOST:PORT.",
    )
    INVITE_YOURS = ("HG-N8", 422, "This is your own invite", "Send it to somebody else.")
    INVITE_OTHER_NET = (
        "HG-N9",
        422,
        "This invite is for another network",
        "Use it with a Hedgerow of that network.",
    )
    ADDRESS_TAKEN = (
        "HG-N10",
        409,
        "This address cannot be listened on",
        "Choose another HOST:PORT, or stop what uses it.",
    )
    INVITE_UNKNOWN = (
        "HG-N11",
        422,
        "Who invites you does not know this invite",
        "Ask for a new one.",
    )
    ADDRESS_WRONG = (
        "HG-N12",
        422,
        "Other nodes could not dial this address",
        "Give it as ws://HOST:PORT or wss://HOST.",
    )
    INVITE_MEETS_HERE = (
        "HG-N13",
        422,
        "This invite leads to your own node",
        "Who made it is known to your node already: follow them (hedgerow follow DID).",
    )
    NO_SUCH_INVITE = (
        "HG-N14",
        404,
        "No invite of this seed begins so",
        "See which there are: hedgerow seed members. Give more letters where several begin so.",
    )
    NOBODY_TO_TELL = (
        "HG-N15",
        409,
        "You are not connected to such a seed",
        "Join one (hedgerow join), or see why none answers: hedgerow peers.",
    )
    LIST_WRONG = (
        "HG-N16",
        422,
        "This is not a whole list of nodes",
        "Copy it again from end to end: it begins with hedgerow-nodes:.",
    )
    NO_NODES_MET = (
        "HG-N17",
        409,
        "Your node has met no other one that could be listed",
        "See whom it knows: hedgerow peers book. A node that lets others in looks who is there by itself.",
    )
    NO_SUCH_NODE = (
        "HG-N18",
        404,
        "No such node is known here",
        "See which are: hedgerow peers book, hedgerow peers.",
    )
    # --- X: files in and out ---
    FILE_NOT_UNDERSTOOD = (
        "HG-X1",
        422,
        "This file is of no kind that Hedgerow reads",
        "Bring bookmarks that a browser exported as HTML, or a list of links in Markdown.",
    )
    FILE_TOO_BIG = ("HG-X2", 413, "This file is too big", "Cut it into parts and bring in one after another.")
    NOT_AN_EXPORT = (
        "HG-X3",
        422,
        "This is no export of Hedgerow",
        "Give the file that `hedgerow export` wrote. For bookmarks: hedgerow import.",
    )
    EXPORT_DAMAGED = (
        "HG-X4",
        422,
        "This export is damaged; nothing was taken from it",
        "Use another copy of it, or export again.",
    )
    HOME_NOT_EMPTY = (
        "HG-X5",
        409,
        "This home has already published as somebody else",
        "Restore the keys into a new folder (--home), or restore without keys (--without-keys).",
    )
    EXPORT_NEWER = (
        "HG-X6",
        422,
        "This export was written by a newer Hedgerow",
        "Bring Hedgerow up to date, then restore.",
    )
    STOP_FIRST = (
        "HG-X7",
        409,
        "Keys cannot be exchanged under a running node",
        "Stop Hedgerow, run the command, then start it again.",
    )
    NO_KEYS_IN_EXPORT = (
        "HG-X8",
        422,
        "This export carries no keys",
        "Restore it without a passphrase, or export again with `hedgerow export --with-keys`.",
    )
    FILE_UNREADABLE = ("HG-X9", 404, "The file cannot be read", "Check its name, and that you may read it.")
    NOT_A_BACKUP = (
        "HG-X10",
        422,
        "This is no backup of a Hedgerow",
        "Give the file that `hedgerow seed backup` wrote. For an export: hedgerow restore.",
    )
    BACKUP_DAMAGED = (
        "HG-X11",
        422,
        "This backup is damaged; nothing was taken from it",
        "Use another copy of it, or an older backup.",
    )
    BACKUP_NEWER = (
        "HG-X12",
        422,
        "This backup was written by a newer Hedgerow",
        "Bring Hedgerow up to date, then restore.",
    )
    BACKUP_SEALED = (
        "HG-X13",
        401,
        "This backup is sealed with a passphrase",
        "Give it in a file: hedgerow seed restore FILE --passphrase-file FILE.",
    )
    FOLDER_FULL = (
        "HG-X14",
        409,
        "This folder holds a library already; nothing was put there",
        "Restore into an empty folder: --home DIR.",
    )
    # --- S: the store ---
    STORE_FULL = (
        "HG-S1",
        507,
        "There is no room left on the disk",
        "Free some space, then try again; what was confirmed before is safe.",
    )
    STORE_NEWER = (
        "HG-S2",
        409,
        "This library was written by a newer Hedgerow",
        "Bring Hedgerow up to date, then start it again.",
    )
    STORE_DAMAGED = (
        "HG-S3",
        500,
        "The file of your library is damaged",
        "Stop Hedgerow and start it again: it makes the file anew from the journal and from what can be read.",
    )
    STORE_FAILED = (
        "HG-S4",
        500,
        "The disk could not be read or written",
        "Look at `hedgerow doctor`, and check the disk; what was confirmed before is safe.",
    )
    # --- A: the API and the page listener ---
    NO_SUCH_ROUTE = (
        "HG-A1",
        404,
        "There is nothing at this address",
        "See what there is: GET /api/v1/openapi.yaml, or the page at /.",
    )
    METHOD_WRONG = (
        "HG-A2",
        405,
        "This address is not used in this way",
        "Use one of the methods that the header Allow names.",
    )
    TOKEN_WRONG = (
        "HG-A3",
        401,
        "The token is missing or wrong",
        "Send “Authorization: Bearer TOKEN” with the token in the file api-token of the home folder.",
    )
    HOST_WRONG = (
        "HG-A4",
        403,
        "This name does not belong to this node",
        "Use the address that `hedgerow open` shows, such as http://127.0.0.1:8470.",
    )
    ORIGIN_WRONG = (
        "HG-A5",
        403,
        "Another web page asked for this",
        "Call the API from a program, not from a page of another site.",
    )
    NOT_JSON = (
        "HG-A6",
        415,
        "The API takes JSON and nothing else",
        "Send the body as “Content-Type: application/json”, without Content-Encoding.",
    )
    JSON_WRONG = (
        "HG-A7",
        400,
        "The body is not a JSON object",
        'Send one object, for example {"thing": "https://example.org/"}.',
    )
    REQUEST_TOO_BIG = (
        "HG-A8",
        413,
        "The request is too big",
        "Send less at once; the limits stand in the answer of GET /api/v1/status.",
    )
    REQUEST_SLOW = ("HG-A9", 408, "The request did not come to its end", "Send it again.")
    TOO_MANY_LISTENERS = (
        "HG-A10",
        503,
        "Too many programs listen to events",
        "Close one of them, then try again.",
    )
    HTTP_WRONG = ("HG-A11", 400, "The request is not understood", "Send it as HTTP/1.1 says.")
    PORT_TAKEN = (
        "HG-A12",
        409,
        "This address is taken or cannot be used",
        "Choose another port: hedgerow run --page 127.0.0.1:8480. Port 0 takes any that is free.",
    )
    NOT_RUNNING = (
        "HG-A13",
        409,
        "Hedgerow is not running on this folder",
        "Start it: hedgerow run.",
    )
    CONNECTION_LOST = (
        "HG-A14",
        503,
        "The running node stopped answering",
        "See whether it still runs (hedgerow status), then try again.",
    )
    # --- W: the pages ---
    PAGE_CLOSED = (
        "HG-W1",
        403,
        "This browser may not see your pages yet",
        "Run `hedgerow open` in a terminal: it opens them with a link that works once.",
    )
    LINK_SPENT = (
        "HG-W2",
        403,
        "This link has been used, or is too old",
        "Run `hedgerow open` in a terminal for a new one.",
    )
    FORM_STRANGE = (
        "HG-W3",
        403,
        "This form was not sent from your own pages",
        "Nothing was done. Open the page again, fill in its form and send it from there.",
    )
    PREVIEW_GONE = ("HG-W4", 410, "This preview is no longer here", "Choose the file once more.")
    NO_SUCH_PAGE = (
        "HG-W5",
        404,
        "There is no such page",
        "Go to the home page, or search for what you need.",
    )
    TOO_MUCH_AT_ONCE = (
        "HG-W6",
        429,
        "Several long acts are still under way",
        "Wait until one of them has ended, then try again.",
    )
    # --- C: the command line ---
    FILE_THERE = (
        "HG-C1",
        409,
        "There is a file of this name already",
        "Choose another name, or add --overwrite.",
    )
    FILE_UNWRITABLE = (
        "HG-C2",
        422,
        "This file cannot be written",
        "Check the folder's name, whether you may write there, and the room on the disk.",
    )
    NOBODY_TYPES = (
        "HG-C3",
        422,
        "This has to be typed unseen, and nobody is here to type it",
        "Give it in a file: --passphrase-file FILE.",
    )
    PROGRAM_SILENT = (
        "HG-C4",
        422,
        "This program does not answer line by line",
        "Try it by hand: a line of JSON in, a line of JSON out (specs/conformance.md).",
    )
    # --- U: what should not happen ---
    UNEXPECTED = (
        "HG-U1",
        500,
        "Something went wrong that should not",
        "Try again. If it stays, report it with the lines of the file `log` in the home folder.",
    )

    def __init__(self, code: str, status: int, title: str, next_step: str) -> None:
        self.code = code
        self.status = status
        self.title = title
        self.next_step = next_step


class Problem(HedgerowError):
    """Something a person can act on. `detail` says what is particular to this case."""

    def __init__(self, kind: Code, detail: str = "", next_step: str | None = None) -> None:
        super().__init__(f"{kind.code} {kind.title}" + (f": {detail}" if detail else ""))
        self.kind = kind
        self.detail = detail
        self.next_step = next_step or kind.next_step

    @property
    def code(self) -> str:
        """`HG-<area letter><number>`."""
        return self.kind.code

    @property
    def title(self) -> str:
        """What happened, in the same words each time."""
        return self.kind.title

    @property
    def status(self) -> int:
        """The HTTP status that fits."""
        return self.kind.status

    def as_json(self) -> dict[str, object]:
        """{code, title, detail, next}, as the API and the CLI show it."""
        return {"code": self.code, "title": self.title, "detail": self.detail, "next": self.next_step}


def not_allowed(error: LocalProtocolError) -> Problem:
    """What the protocol forbids, without the name that its reason has between programs."""
    reason, _, detail = str(error).partition(": ")
    return Problem(Code.NOT_ALLOWED, detail if reason in REASONS else str(error))


def fault_words(error: OSError) -> str:
    """What the computer says to a number of an error; asyncio puts addresses and numbers around it."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "it failed"
