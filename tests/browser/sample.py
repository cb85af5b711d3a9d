"""A home with something in it: a library, four people who share, endorse, connect and talk, in three scripts."""

from pathlib import Path

from hedgerow_node.clock import Clock
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.store.records import NewItem
from hedgerow_node.store.reports import Told
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import (
    Attest,
    Claim,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Introduce,
    Label,
    Profile,
    Relation,
    Resource,
    Role,
    Stance,
    Step,
    Trail,
    Vouch,
    trail_slot,
)
from node.others import Other

HOUR = 3_600
STATISTICS = "https://www.openintro.org/book/os/"
SEEING = "https://seeing-theory.brown.edu/"
WRONG = "https://www.statisticsdonewrong.com/"
ALGEBRA_AR = "https://ar.wikipedia.org/wiki/%D8%AC%D8%A8%D8%B1"
TRAIL_FOR = "From chance that one sees to tests that one understands, in three evenings."
GRAPHS_HE = "https://he.wikipedia.org/wiki/%D7%AA%D7%95%D7%A8%D7%AA_%D7%94%D7%92%D7%A8%D7%A4%D7%99%D7%9D"
STEPS = (
    Step(SEEING, "picture", "Play with the first chapter.", (), 40),
    Step(STATISTICS, "book", "Chapters 1 to 3.\nSkip the proofs.", (0,), 300),
    Step(ALGEBRA_AR, "", "لمن يريد أن يراجع", (), 20, True),
    Step(None, "an exercise with data of your own", "Somebody who knows your field finds it.", (1,)),
)
MINE = (
    NewItem(
        "https://betterexplained.com/",
        "BetterExplained",
        "Looks for the picture behind a formula.",
        ("mathematics",),
    ),
    NewItem(
        "https://oeis.org/", "The On-Line Encyclopedia of Integer Sequences", "", ("mathematics", "numbers")
    ),
    NewItem(
        "https://ar.khanacademy.org/",
        "خان أكاديمي بالعربية",
        "دروس وتمارين من العدّ إلى التفاضل",
        ("رياضيات",),
    ),
    NewItem("https://math-wiki.com/", "מתוויקי", "סיכומים ותרגילים של סטודנטים", ("מתמטיקה",)),
    NewItem(
        "https://www.gapminder.org/",
        "Gapminder",
        "Finds out what you believe about the world and shows the data beside it.",
        ("data", "the world"),
    ),
)


def _ana(ana: Other, now: int) -> list[tuple[int, Content, tuple[str, ...]]]:
    return [
        (now - 90 * HOUR, Profile("Ana", "Teaches statistics in the evenings, learns to sail."), ()),
        (
            now - 50 * HOUR,
            Resource(STATISTICS, "OpenIntro Statistics", "A first statistics book for free.", "en", "book"),
            ("statistics",),
        ),
        (
            now - 49 * HOUR,
            Endorse(STATISTICS, Stance.FOR, "beginner", "adults", "The exercises use data that people know."),
            ("statistics",),
        ),
        (
            now - 30 * HOUR,
            Connect(STATISTICS, Relation.NEEDS_FIRST, SEEING, "See chance move before you calculate it."),
            (),
        ),
        (
            now - 2 * HOUR,
            Comment(STATISTICS, Role.QUESTION, "Has anybody tried it with a class of nurses?"),
            (),
        ),
        (
            now - 3 * HOUR,
            Trail(trail_slot(bytes(16)), "First steps in statistics", TRAIL_FOR, STEPS),
            ("statistics",),
        ),
        (now - 2 * HOUR, Attest(STATISTICS, Claim.OPENS, True, now - 2 * HOUR), ()),
        (now - 2 * HOUR, Attest(STATISTICS, Claim.SIZE, 24_000_000, now - 2 * HOUR), ()),
    ]


def _ben(ben: Other, now: int) -> list[tuple[int, Content, tuple[str, ...]]]:
    return [
        (now - 80 * HOUR, Profile("Ben"), ()),
        (now - 26 * HOUR, Resource(SEEING, "Seeing Theory", "Probability to play with."), ("statistics",)),
        (
            now - 25 * HOUR,
            Connect(WRONG, Relation.LIMITS, STATISTICS, "What the book leaves out: how results mislead."),
            (),
        ),
        (now - 24 * HOUR, Resource(WRONG, "Statistics Done Wrong", "On the errors that get published."), ()),
        (
            now - 5 * HOUR,
            Endorse(
                STATISTICS, Stance.LIMITS, "", "", "Good on tests, thin on what to do with missing data."
            ),
            (),
        ),
        (now - 4 * HOUR, Label(WRONG, "old examples", "The studies are from before 2015."), ()),
        (now - 4 * HOUR, Attest(WRONG, Claim.SUPERSEDED_BY, STATISTICS, now - 4 * HOUR), ()),
    ]


def _nour(nour: Other, now: int) -> list[tuple[int, Content, tuple[str, ...]]]:
    return [
        (now - 70 * HOUR, Profile("نور", "أتعلّم وأعلّم الجبر."), ()),
        (now - 7 * HOUR, Resource(ALGEBRA_AR, "جبر", "العلم الذي سمّاه الخوارزمي", "ar"), ("رياضيات",)),
        (
            now - 6 * HOUR,
            Endorse(ALGEBRA_AR, Stance.FOR, "مبتدئ", "", "شرح واضح مع أمثلة كثيرة، ويبدأ من الصفر (HTML)."),
            (),
        ),
    ]


def _yael(yael: Other, now: int) -> list[tuple[int, Content, tuple[str, ...]]]:
    return [
        (now - 60 * HOUR, Profile("יעל"), ()),
        (now - 9 * HOUR, Resource(GRAPHS_HE, "תורת הגרפים", "מתחילים מגשרי קניגסברג", "he"), ("מתמטיקה",)),
        (now - 8 * HOUR, Connect(GRAPHS_HE, Relation.LEADS_TO, STATISTICS, "רשתות הן גם נתונים"), ()),
    ]


async def fill(folder: Path, clock: Clock) -> None:
    """Make the home in `folder`; its owner follows Ana and Nour openly and Yael privately."""
    node = await Node.open(Home(folder), clock)
    try:
        now = int(clock.now())
        people = [Other(seed) for seed in (1, 2, 3, 4)]
        for other, scene in zip(people, (_ana, _ben, _nour, _yael), strict=True):
            said = [other.say(content, ts=ts, topics=topics) for ts, content, topics in scene(other, now)]
            await node.store.messages.put([other.inception, *said], received=clock.now())
        ana, ben, nour, yael = people
        follow = ben.say(Follow(node.keys.did, "We met in the library."), ts=now - HOUR)
        words = [
            Vouch(nour.did, "We taught together."),
            Introduce(nour.did, yael.did, "Both teach mathematics."),
        ]
        known = [ben.say(content, ts=now - HOUR) for content in words]
        await node.store.messages.put([follow, *known], received=clock.now())
        saved = [
            NewItem(one.thing, one.title, one.summary, one.topics, now - place * 5 * HOUR)
            for place, one in enumerate(MINE)
        ]
        await node.store.library.save_many(saved)
        await _do(node, "follow", did=ana.did, reason="She explains slowly.")
        await _do(node, "follow", did=ben.did)
        await _do(node, "follow", did=nour.did)
        await _do(node, "follow", did=yael.did, private=True)
        await _do(node, "share", thing="https://www.gapminder.org/")
        await _keep_away(node, ben)
    finally:
        await node.close()


async def _keep_away(node: Node, ben: Other) -> None:
    """Something of every kind that is hidden, and a report that waits."""
    loud = Other(5)
    await loud.tell(node, Profile("Sam, who sells courses"), Resource("https://courses.example/", "Buy now"))
    await _do(node, "block", did=loud.did)
    await _do(node, "mute thing", thing="https://example.org/" + "advertisement" * 20)
    await _do(node, "labels use", did=ben.did, label="old examples")
    await _do(node, "takedown", target="https://example.org/stolen", reason="نُشر من دون إذن صاحبه")
    reason = "Half of it is advertising, and the rest is copied. " * 4
    told = Told(DeviceKey(bytes(32)), ben.author, "https://example.org/" + "x" * 300, "advertising", reason)
    await node.store.reports.take(told, node.clock.now())


async def _do(node: Node, name: str, **fields: object) -> None:
    operation = BY_NAME[name]
    await operation(node, operation.request_of(fields))
