"""Words for what the store and the commands name: times, relations, stances, outcomes."""

from datetime import UTC, datetime

from hedgerow_node.store.records import Connection, Statement
from hedgerow_node.web.language import _, marked, several
from hedgerow_protocol import limits

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RECENT_DAYS = 14
"""Days after which a date says more than a distance."""
LAST_TIME = 253_402_300_799.0
"""The end of the year 9999, up to which dates can be written."""
UNITS = (("GiB", limits.KIB * limits.MIB), ("MiB", limits.MIB), ("KiB", limits.KIB))
ROUNDED_FROM = 10
"""Units from which a decimal says nothing."""
MONTHS = (
    *(marked("January"), marked("February"), marked("March"), marked("April"), marked("May"), marked("June")),
    *(marked("July"), marked("August"), marked("September"), marked("October"), marked("November")),
    marked("December"),
)

NEEDS, LEADS, BESIDE, AGAINST = "needs", "leads", "beside", "against"
WAYS = {
    NEEDS: marked("Needs first"),
    LEADS: marked("Leads to"),
    BESIDE: marked("Goes with"),
    AGAINST: marked("On the other hand"),
}
"""The four ways from a thing to others, in the order in which a page shows them."""

RELATIONS = {
    "needs-first": (NEEDS, "", LEADS, marked("for which this is needed first")),
    "leads-to": (LEADS, "", NEEDS, marked("which leads here")),
    "explains": (BESIDE, marked("which this explains"), BESIDE, marked("which explains this")),
    "example-of": (BESIDE, marked("of which this is an example"), BESIDE, marked("an example of this")),
    "practice-for": (BESIDE, marked("for which this is practice"), BESIDE, marked("practice for this")),
    "part-of": (BESIDE, marked("of which this is a part"), BESIDE, marked("a part of this")),
    "same-as": (BESIDE, marked("the same work"), BESIDE, marked("the same work")),
    "newer-version": (BESIDE, marked("of which this is a newer version"), BESIDE, marked("a newer version")),
    "translation-of": (
        BESIDE,
        marked("of which this is a translation"),
        BESIDE,
        marked("a translation of this"),
    ),
    "supports": (BESIDE, marked("which this supports"), BESIDE, marked("which supports this")),
    "opposes": (AGAINST, marked("which this opposes"), AGAINST, marked("which opposes this")),
    "limits": (AGAINST, marked("which this limits"), AGAINST, marked("which limits this")),
    "related": (BESIDE, marked("related"), BESIDE, marked("related")),
}
"""For each relation: the way and the words seen from its origin, and seen from its other end; no words where the
way says it all."""

CHOICES = {
    "needs-first": marked("It needs this first"),
    "leads-to": marked("It leads to this"),
    "explains": marked("It explains this"),
    "example-of": marked("It is an example of this"),
    "practice-for": marked("It is practice for this"),
    "part-of": marked("It is a part of this"),
    "same-as": marked("It is the same work as this"),
    "newer-version": marked("It is a newer version of this"),
    "translation-of": marked("It is a translation of this"),
    "supports": marked("It supports this"),
    "opposes": marked("It opposes this"),
    "limits": marked("It limits this"),
    "related": marked("It is related to this"),
}
"""The relations as somebody chooses one."""

STANCES = {
    "for": marked("It helped me"),
    "limits": marked("It helps, within limits"),
    "against": marked("It did not help, or misled me"),
}
ROLES = {
    "comment": marked("A comment"),
    "question": marked("A question"),
    "answer": marked("An answer"),
    "reflection": marked("A reflection: what I learnt"),
}
CLAIMS = {
    "opens": marked("It opens"),
    "still-right": marked("It is still right"),
    "works-offline": marked("It works offline"),
    "captions": marked("It has captions"),
    "account-needed": marked("It needs an account"),
    "size": marked("Its size"),
    "superseded-by": marked("Something newer replaces it"),
}
"""What one may have found, as somebody chooses it."""
FINDINGS = {
    "opens": (marked("it opens"), marked("it does not open")),
    "works offline": (marked("it works offline"), marked("it does not work offline")),
    "captions": (marked("it has captions"), marked("it has no captions")),
    "account needed": (marked("it needs an account"), marked("it needs no account")),
    "still right": (marked("it is still right"), marked("it is no longer right")),
}
"""What was found, where the answer is yes and where it is no."""
TRAILS = {
    "everyone": marked("Everybody's"),
    "followed": marked("Of people I follow"),
    "mine": marked("Mine"),
}
WORKS = {
    "import": marked("Bringing links in"),
    "share": marked("Sharing"),
    "join": marked("Joining"),
    "sync": marked("Comparing with the nodes you are connected to"),
    "backup": marked("Writing the backup"),
    "join-device": marked("Waiting for you to say yes on the other computer"),
    "restore": marked("Taking your identity back"),
}
"""What a long act is doing, by its kind."""
WITHDRAWALS = {
    "unsaid": marked("I no longer want to say it"),
    "mistake": marked("It was a mistake"),
    "outdated": marked("It is out of date"),
    "private": marked("It is private"),
    "rights": marked("Somebody else has the rights"),
}

EFFECTS = {"warn": marked("shown with a warning"), "hide": marked("hidden")}
"""What a label list does, by its effect."""
TAKEN_DOWN = {"person": marked("a person"), "message": marked("a message"), "address": marked("an address")}
"""What kind of thing was taken down."""

OWN = {
    "resource": marked("Your description"),
    "endorse": marked("Your endorsement"),
    "connect": marked("Your connection"),
    "comment": marked("Your comment"),
    "follow": marked("Your follow"),
    "profile": marked("Your profile"),
    "attest": marked("What you found"),
    "label": marked("Your label"),
    "vouch": marked("You vouch for somebody"),
    "introduce": marked("Your introduction"),
}
"""What a message of one's own is called, by its kind."""

PRIVATE, PUBLIC, TAKEN_BACK = "private", "public", "taken back"
OUTCOMES = {
    "saved": (PRIVATE, marked("Saved in your library. Only you can see it.")),
    "kept": (PRIVATE, marked("It was in your library already; what you wrote is there now.")),
    "noted": (PRIVATE, marked("Your note is saved. Only you can see it.")),
    "unnoted": (PRIVATE, marked("Your note is gone.")),
    "removed": (PRIVATE, marked("Taken out of your library.")),
    "undone": (PRIVATE, marked("The import is undone. What you changed or shared since is still here.")),
    "shared": (PUBLIC, marked("Shared.")),
    "endorsed": (PUBLIC, marked("Your endorsement is published.")),
    "connected": (PUBLIC, marked("Your connection is published.")),
    "commented": (PUBLIC, marked("Your comment is published.")),
    "attested": (PUBLIC, marked("What you found is published.")),
    "labelled": (PUBLIC, marked("Your label is published.")),
    "vouched": (PUBLIC, marked("You vouch for them. Everyone can see that.")),
    "introduced": (PUBLIC, marked("Your introduction is published.")),
    "trail": (PUBLIC, marked("Your trail is published.")),
    "nodes": (PRIVATE, marked("Taken in. Your node calls these when it needs them.")),
    "forgotten": (PRIVATE, marked("Forgotten. Others may tell of it again.")),
    "ticked": (PRIVATE, marked("Noted. Only this computer knows what you have done.")),
    "changed": (PUBLIC, marked("Changed. The earlier version stays in its history.")),
    "profile": (PUBLIC, marked("Your profile is published.")),
    "followed": (PUBLIC, marked("You follow them. Everyone can see that.")),
    "followed-privately": (PRIVATE, marked("You follow them. Nobody else can see that.")),
    "unfollowed": (TAKEN_BACK, marked("You follow them no longer.")),
    "unfollowed-privately": (PRIVATE, marked("You follow them no longer.")),
    "muted": (PRIVATE, marked("What they say is hidden here. Nobody else learns of it.")),
    "unmuted": (PRIVATE, marked("What they say is shown again.")),
    "blocked": (
        PRIVATE,
        marked("What they say is gone from this computer and no longer carried. Nobody else learns of it."),
    ),
    "unblocked": (
        PRIVATE,
        marked("What they say is carried again, and shown as it comes in from those who still have it."),
    ),
    "not-now": (
        PRIVATE,
        marked("What they sent is dropped. You are not asked about them again for 90 days."),
    ),
    "reached": (PRIVATE, marked("Changed. Your node carries the nearest people first.")),
    "hidden": (PRIVATE, marked("Left out of your lists. Nobody else learns of it.")),
    "shown": (PRIVATE, marked("Shown in your lists again.")),
    "reported": (
        PRIVATE,
        marked("Reported to whoever runs your seeds. What they do about it is up to them."),
    ),
    "not-reported": (PRIVATE, marked("None of your seeds took the report. Try again later.")),
    "settled": (PRIVATE, marked("Settled: the report waits no more.")),
    "taken-down": (PRIVATE, marked("Taken down. Its text is erased here, and the public list says why.")),
    "taken-down-but-own": (
        PRIVATE,
        marked("Taken down. You said something about it yourself: that stays until you withdraw it."),
    ),
    "put-up": (PRIVATE, marked("Taken back. It may come in again from those who still have it.")),
    "labels-used": (
        PRIVATE,
        marked("You use this label list. Follow who makes it, so that new labels come in."),
    ),
    "labels-dropped": (PRIVATE, marked("You use this label list no longer.")),
    "withdrawn": (TAKEN_BACK, marked("Withdrawn. Its text is erased here.")),
    "member-removed": (
        PRIVATE,
        marked("Removed. What is here of them stays; nothing more is carried for it."),
    ),
    "invite-ended": (PRIVATE, marked("Ended. Nobody else can join by it.")),
    "device-added": (PUBLIC, marked("Added: it publishes as you from now on.")),
    "device-removed": (PUBLIC, marked("Removed: what it says from now on counts nowhere.")),
    "closed": (PRIVATE, marked("This identity is closed. Everyone who carries you learns it.")),
    "confirmed": (
        PRIVATE,
        marked("Confirmed. The 24 words have left this computer; your copy is the only one."),
    ),
}
"""What was done, as the page after it says; and whether others learn of it."""


def way_of(connection: Connection) -> str:
    """On which of the four ways a connection lies, seen from the page's thing."""
    known = RELATIONS.get(connection.relation.replace(" ", "-"))
    if known is None:
        return BESIDE
    return known[0] if connection.direction == "out" else known[2]


def role_of(connection: Connection) -> str:
    """What the other end is to the page's thing, in words."""
    known = RELATIONS.get(connection.relation.replace(" ", "-"))
    if known is None:
        return connection.relation
    role = known[1] if connection.direction == "out" else known[3]
    return _(role) if role else ""


def finding(statement: Statement) -> str:
    """What an attestation found, as far as words say it; what replaces a thing is a link of its own."""
    claim, value = statement.claim or "", statement.value
    match value:
        case bool() if claim in FINDINGS:
            return _(FINDINGS[claim][0 if value else 1])
        case int() if claim == "size" and not isinstance(value, bool):
            return _("it has %(size)s") % {"size": size_words(value)}
        case str() if claim == "captions":
            return _("it has captions: %(languages)s") % {"languages": value}
        case _:
            return f"{claim}: {value}"


def moment(at: float) -> datetime:
    """A time of the store as a date; times beyond all calendars are cut."""
    return datetime.fromtimestamp(min(max(at, 0.0), LAST_TIME), UTC)


def when(at: float, now: float) -> str:
    """How long ago, or the date when that is long."""
    passed = int(now - at)
    if passed < MINUTE:
        # A clock that is ahead elsewhere makes times that lie a little in the future.
        return _("just now") if passed > -DAY else date_words(at)
    if passed < HOUR:
        return _ago("%(num)d minute ago", "%(num)d minutes ago", passed // MINUTE)
    if passed < DAY:
        return _ago("%(num)d hour ago", "%(num)d hours ago", passed // HOUR)
    if passed < RECENT_DAYS * DAY:
        return _ago("%(num)d day ago", "%(num)d days ago", passed // DAY)
    return date_words(at)


def date_words(at: float) -> str:
    """A date such as 3 October 2026."""
    day = moment(at)
    return _("%(day)d %(month)s %(year)d") % {
        "day": day.day,
        "month": _(MONTHS[day.month - 1]),
        "year": day.year,
    }


def number_words(count: int) -> str:
    """A number with signs between its thousands."""
    return f"{count:,}"


def size_words(count: int) -> str:
    """An amount of bytes in a unit that people use."""
    if count < limits.KIB:
        return _("%(num)d bytes") % {"num": count}
    name, unit = next((name, unit) for name, unit in UNITS if count >= unit)
    amount = count / unit
    return f"{amount:.1f} {name}" if amount < ROUNDED_FROM else f"{amount:.0f} {name}"


def _ago(one: str, many: str, count: int) -> str:
    return several(one, many, count) % {"num": count}
