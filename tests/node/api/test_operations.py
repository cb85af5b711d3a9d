"""Every operation, called over HTTP as a client would: it answers what openapi.yaml says, and refuses what is wrong."""

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hedgerow_node.commands.table import BY_NAME, OPERATIONS
from node.api.contract import check_answer, check_problem
from node.api.serving import Running, running

THING = "https://example.org/rings"
OTHER = "https://example.org/groups"
STRANGER = "did:key:z6MkgbCWpTVVSD6cWdhaXqBvBDMJCD3RsMfxPaDmF1BoyWcQ"
SECOND = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
LINKS = b"# Algebra\n\n- [Fields](https://example.net/fields)\n- [Broken](not an address)\n"


class Client:
    """Calls operations by name and remembers which were called."""

    def __init__(self, node: Running) -> None:
        self.node = node
        self.answered: set[str] = set()
        self.refused: set[str] = set()

    def __call__(self, name: str, /, **fields: object) -> dict[str, object]:
        """The answer, checked against the document; `from_` stands for the field `from`."""
        answer = self.node.api(BY_NAME[name].method, BY_NAME[name].path, _named(fields))
        assert answer.status == 200, (name, answer.json)
        assert answer.headers["Content-Type"] == "application/json"
        check_answer(name, answer.json)
        self.answered.add(name)
        return answer.json

    def refuse(self, name: str, code: str, /, **fields: object) -> None:
        """Fail unless the operation is refused with this code."""
        answer = self.node.api(BY_NAME[name].method, BY_NAME[name].path, _named(fields))
        check_problem(answer.json)
        assert (answer.code, answer.headers["Content-Type"]) == (code, "application/problem+json"), (
            answer.json
        )
        assert answer.status == answer.json["status"] >= 400
        self.refused.add(name)


def _named(fields: dict[str, object]) -> dict[str, object]:
    return {name.rstrip("_"): value for name, value in fields.items()}


@pytest.fixture(scope="module")
def client(served: Running) -> Client:
    return Client(served)


def test_the_private_library(client: Client) -> None:
    data = base64.b64encode(LINKS).decode()
    assert client("add", thing="example.org/rings", title="Rings", topics=["algebra"])["thing"] == THING
    assert client("add", thing=THING, title="Rings again")["added"] is False
    assert [one["thing"] for one in client("items", topic="algebra")["results"]] == [THING]
    assert client("folders")["folders"] == [{"topic": "algebra", "things": 1}]
    assert client("note", thing=THING, text="page 3")["note"] == "page 3"
    assert client("import", name="links.md", data=data, dry_run=True)["added"] == 1
    assert client("import", name="links.md", data=data)["added"] == 1
    assert len(client("collection")["results"]) == 2
    assert client("import undo")["removed"] == 1
    client("add", thing="https://example.net/gone")
    assert client("remove", thing="https://example.net/gone")["removed"] is True
    client.refuse("add", "HG-T1", thing="no thing at all")
    client.refuse("items", "HG-R3", cursor="made up")
    client.refuse("collection", "HG-R1", limit=0)
    client.refuse("note", "HG-R2", thing=THING, text="x" * 16_385)
    client.refuse("import", "HG-X1", name="x.json", data=base64.b64encode(b'{"a": 1}').decode())
    client.refuse("import", "HG-R1", name="x.md", data="no base64")
    client.refuse("import undo", "HG-L3")
    client.refuse("remove", "HG-L1", thing="https://example.net/gone")
    client.refuse("folders", "HG-R1", topic="x")


def test_what_one_says(client: Client) -> None:
    shared = client("share", thing=THING, language="en", teaches=["rings"], minutes=20)["ids"]
    client("endorse", thing=THING, reason="Worked to the end", level="beginner", topics=["algebra"])
    client("endorse", thing=STRANGER, reason="Knows", topic="algebra")
    client("connect", from_=THING, relation="needs-first", to=OTHER, reason="A ring is a group")
    asked = client("comment", thing=THING, text="Why?", role="question")["ids"][0]
    client("comment", thing=asked, text="Because", role="answer")
    assert client("show", thing=THING)["comments"][0]["replies"]
    edited = client("edit", message=asked, text="Why, please?")
    assert edited["replaced"] == [asked]
    shown = client("show", thing=THING)
    assert {one["kind"] for one in shown["statements"]} == {"resource", "endorse", "connect", "comment"}
    message = client("message", message=edited["ids"][0][:20], explain=True)
    assert all(check["ok"] for check in message["explain"]["checks"])
    assert [one["state"] for one in message["message"]["versions"]] == ["current", "superseded"]
    assert len(client("statements", thing=THING)["results"]) == len(shown["statements"])
    withdrawn = client("retract", messages=edited["ids"])["withdrawn"]
    assert set(withdrawn) == {asked, edited["ids"][0]}
    assert client("message", message=asked)["message"]["state"] == "withdrawn"
    client.refuse("share", "HG-R1")
    client.refuse("endorse", "HG-R1", thing=STRANGER, reason="For what?")
    client.refuse("connect", "HG-R1", from_=THING, relation="is-nice", to=OTHER, reason="x")
    client.refuse("comment", "HG-R1", thing=THING, text="")
    client.refuse("edit", "HG-R1", message=shared[0], stance="for")
    client.refuse("edit", "HG-M4", message=asked, text="gone")
    client.refuse("retract", "HG-M4", messages=[asked])
    client.refuse("retract", "HG-M1", messages=["hedgerow:zzzzzzzz"])
    client.refuse("message", "HG-M1", message="hedgerow:zzzzzzzz")
    client.refuse("show", "HG-T1", thing="no thing at all")
    client.refuse("statements", "HG-R1")


def test_marks_on_things(client: Client) -> None:
    checked = client("attest", thing=THING, claim="size", value="3 kB")["ids"]
    assert client("edit", message=checked[0], value="4 kB")["replaced"] == checked
    client("label", thing=THING, label="clear", reason="To the end")
    shown = client("show", thing=THING)
    assert [(one["claim"], one["value"]) for one in shown["checks"]] == [("size", 4_000)]
    assert [(one["label"], one["reason"]) for one in shown["labels"]] == [("clear", "To the end")]
    client.refuse("attest", "HG-R1", thing=THING, claim="size", value="much")
    client.refuse("attest", "HG-R1", thing=THING, claim="nice")
    client.refuse("label", "HG-R2", thing=THING, label="x" * 65, reason="x")


def test_trails(client: Client) -> None:
    steps = [{"thing": OTHER, "minutes": 5}, {"role": "practice", "requires": [1]}]
    trail = client("trail new", title="To rings", steps=steps, topics=["algebra"])["thing"]
    assert [one["id"] for one in client("trails", of="mine")["results"]] == [trail]
    assert client("trail done", trail=trail, steps=[1])["done"] == 1
    fork = client("trail fork", trail=trail, fill=[{"step": 2, "thing": THING}])["thing"]
    changed = client("trail edit", trail=fork, title="Mine")
    assert changed["replaced"] == [fork]
    shown = client("trail", trail=changed["ids"][0][:20])
    assert (shown["forked_from"]["id"], shown["done"]) == (trail, 1)
    assert [one["id"] for one in client("show", thing=OTHER)["trails"]] == [changed["ids"][0], trail]
    client.refuse("trail new", "HG-R1", title="Empty", steps=[])
    client.refuse("trails", "HG-R1", of="theirs")
    client.refuse("trail", "HG-M1", trail="hedgerow:zzzzzzzz")
    client.refuse("trail fork", "HG-R1", trail=trail, fill=[{"step": 9, "thing": THING}])
    client.refuse("trail edit", "HG-R2", trail=trail, title="x" * 1_025)
    client.refuse("trail done", "HG-R1", trail=trail, steps=[2])
    client("retract", messages=[trail, changed["ids"][0]])


def test_people(client: Client) -> None:
    assert client("profile set", name="Ana", about="At night")["name"] == "Ana"
    assert client("profile")["about"] == "At night"
    assert client("follow", did=STRANGER, reason="Knows")["private"] is False
    assert client("person", did=STRANGER)["relation"] == "followed"
    assert client("person", did=client.node.did)["relation"] == "you"
    assert len(client("people")["people"]) == 2
    assert client("mute", did=STRANGER)["muted"] is True
    assert client("unmute", did=STRANGER)["muted"] is False
    assert client("block", did=STRANGER)["blocked"] is True
    assert client("unblock", did=STRANGER)["blocked"] is False
    assert client("unfollow", did=STRANGER)["followed"] is True
    vouched = client("vouch", did=STRANGER, reason="My teacher")["ids"]
    introduced = client("introduce", one=STRANGER, other=SECOND, reason="Both teach")["ids"]
    assert [one["reason"] for one in client("person", did=STRANGER)["vouched_by"]] == ["My teacher"]
    assert client("person", did=SECOND)["introductions"][0]["id"] == introduced[0]
    client("follow", did=SECOND)
    assert client("waiting")["waiting"] == []
    assert client("waiting not-now", did=STRANGER)["days"] == 90
    assert client("reach") == {"people": 0, "carried": 0, "left_out": 0, "by": "vouches"}
    assert client("reach set", people=7)["people"] == 7
    client("unfollow", did=SECOND)
    client.refuse("waiting", "HG-R1", limit=0)
    client.refuse("waiting not-now", "HG-P2", did=client.node.did)
    client.refuse("reach", "HG-R1", people="x")
    client.refuse("reach set", "HG-R1", people=-1)
    client("retract", messages=[*vouched, *introduced])
    client.refuse("vouch", "HG-P2", did=client.node.did, reason="Me")
    client.refuse("introduce", "HG-R1", one=STRANGER, other=STRANGER, reason="Both teach")
    assert client("follow", did=STRANGER, private=True)["private"] is True
    assert client("unfollow", did=STRANGER)["ids"] == []
    client.refuse("profile set", "HG-R2", name="x" * 10_000)
    client.refuse("people", "HG-R3", cursor="made up")
    client.refuse("follow", "HG-P2", did=client.node.did)
    client.refuse("person", "HG-T2", did="Ben")
    for name in ("unfollow", "mute", "unmute", "block", "unblock"):
        client.refuse(name, "HG-T2", did="Ben")
    client.refuse("profile", "HG-R1", name="x")


def test_what_is_kept_away(client: Client, tmp_path: Path) -> None:
    bad = "https://example.org/bad"
    assert client("mute thing", thing=bad)["muted"] is True
    assert client("labels use", did=STRANGER, label="spam", effect="hide")["next"] != ""
    assert [one["label"] for one in client("labels")["lists"]] == ["spam"]
    assert client("labels of", did=STRANGER)["words"] == [{"label": "spam", "things": 0, "effect": "hide"}]
    assert client("takedown", target=bad, reason="Stolen")["what"] == "address"
    assert [one["target"] for one in client("takedowns")["results"]] == [bad]
    assert [one["rule"] for one in client("hidden")["rules"]] == ["muted", "taken down", "labelled"]
    assert client("takedown undo", target=bad)["messages"] == 0
    assert client("unmute thing", thing=bad)["muted"] is False
    assert client("labels drop", did=STRANGER, label="spam")["used"] is False
    assert client("hidden") == {"rules": [], "listed": []}
    with running(tmp_path / "seed", "--listen", "127.0.0.1:0") as seed, running(tmp_path / "ana") as ana:
        other, told = Client(ana), Client(seed)
        other("join", invite=told("invite")["invite"])
        assert other("report", thing=bad, label="spam", reason="It sells")["told"][0]["taken"] is True
        (report,) = told("reports")["results"]
        assert told("reports settle", number=report["number"])["settled"] is True
        told.refuse("reports settle", "HG-P6", number=report["number"])
        told.refuse("reports", "HG-R3", cursor="x")
        client.answered |= other.answered | told.answered
        client.refused |= told.refused
    client.refuse("report", "HG-N15", thing=bad, label="spam", reason="It sells")
    client.refuse("takedown", "HG-P2", target=client.node.did, reason="Me")
    client.refuse("takedown undo", "HG-P5", target=bad)
    client.refuse("takedowns", "HG-R3", cursor="x")
    client.refuse("labels use", "HG-P2", did=client.node.did, label="spam")
    for name in ("labels of", "labels drop"):
        client.refuse(name, "HG-T2", did="Ben", **({"label": "spam"} if name == "labels drop" else {}))
    for name in ("mute thing", "unmute thing"):
        client.refuse(name, "HG-T1", thing="no thing at all")
    for name in ("labels", "hidden"):
        client.refuse(name, "HG-R1", unknown="x")


def test_finding(client: Client) -> None:
    (hit,) = client("search", q="rings")["results"]
    assert hit["thing"] == THING
    assert client("search", q='"AND *')["results"] == []
    assert client("feed")["results"]
    assert client("feed", did=client.node.did, limit=1)["next"]
    assert client("feed", topic="algebra")["results"]
    assert [one["topic"] for one in client("topics", prefix="alg")["topics"]] == ["algebra"]
    assert client("show", thing="https://example.org/nobody-knows")["statements"] == []
    client.refuse("search", "HG-R1")
    client.refuse("feed", "HG-R1", did=client.node.did, topic="algebra")
    client.refuse("topics", "HG-R1", limit=0)


def test_the_node_itself(client: Client) -> None:
    assert client("status")["did"] == client.node.did
    assert client("doctor")["checks"]
    assert client("limits")["limits"]
    assert client("budget", gib=5)["budget_bytes"] == 5 * 2**30
    client.refuse("budget", "HG-R1", gib=0)
    assert client("identity")["words_confirmed"] is False
    words = client("identity words")["words"]
    client.refuse("identity confirm", "HG-K6", confirm=True, answers={"1": "wrong"})
    assert client("identity confirm", confirm=True, answers={"1": words[0]})["confirmed"] is True
    client.refuse("identity words", "HG-K5")
    client.refuse("identity passphrase", "HG-K8", new="short")
    assert client("identity passphrase", new="five words that stand alone")["passphrase"] is True
    client.refuse("identity passphrase", "HG-K4", new="", old="not this one")
    assert client("identity passphrase", new="", old="five words that stand alone")["passphrase"] is False
    client.refuse("identity adopt", "HG-K7", original_is_gone=False)
    client("identity adopt", original_is_gone=True)
    for name in ("status", "doctor", "identity", "limits"):
        client.refuse(name, "HG-R1", unknown="x")


def test_files(client: Client, tmp_path: Path) -> None:
    answer = client.node.api("GET", "/export")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/jsonl")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="hedgerow-')
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert (lines[0]["author"], lines[-1]["type"]) == (client.node.did, "end")
    locked = client.node.api("POST", "/export", {"passphrase": "five words that stand alone"})
    assert b'"type":"keys"' in locked.body
    client.answered |= {"export", "export keys"}
    assert client("restore", data=base64.b64encode(answer.body).decode())["messages"] == 0
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.body)
    assert client("restore", file=str(file))["author"] == client.node.did
    client.refuse("export keys", "HG-K8", passphrase="short")
    client.refuse("export", "HG-R1", unknown="x")
    client.refuse("restore", "HG-X3", data=base64.b64encode(b"not one").decode())
    client.refuse("restore", "HG-X4", data=base64.b64encode(answer.body[:-200]).decode())


def test_other_nodes(client: Client, tmp_path: Path) -> None:
    client.refuse("invite", "HG-N7")
    client.refuse("join", "HG-N2", invite="not an invite")
    with running(tmp_path / "ben", "--listen", "127.0.0.1:0") as ben:
        invite = Client(ben)("invite")["invite"]
        assert client("join", invite=invite, accept=False)["joined"] is False
        assert client("join", invite=invite)["joined"] is True
        assert client("sync")["settled"] is True
        (peer,) = client("peers")["peers"]
        assert (peer["did"], peer["direction"]) == (ben.did, "out")
        assert client("peers add", text=invite)["kind"] == "invite"
        assert client("peers book")["total"] == 0
        assert client("peers forget", device=peer["device"])["device"] == peer["device"]
    client.refuse("invite", "HG-R1", uses=0)
    client.refuse("peers", "HG-R1", unknown="x")
    client.refuse("peers book", "HG-R1", limit=0)
    assert client("peers near") == {"looks": False, "nodes": []}
    client.refuse("peers near", "HG-R1", unknown="x")
    client.refuse("peers add", "HG-N16", text="hedgerow-nodes:")
    client.refuse("peers forget", "HG-N18", device="nobody")
    client.refuse("peers save", "HG-N17")
    client.answered.add("peers save")
    client.refuse("sync", "HG-R1", unknown="x")
    client.answered.add("invite")


def test_a_seed(client: Client, tmp_path: Path) -> None:
    with running(tmp_path / "seed", "--listen", "127.0.0.1:0") as node, running(tmp_path / "member") as other:
        seed, member = Client(node), Client(other)
        invite = seed("invite", member=True, uses=2)["invite"]
        assert member("join", invite=invite)["member"] is True
        answer = seed("seed members")
        assert [one["did"] for one in answer["members"]] == [other.did]
        (made,) = answer["invites"]
        assert (made["uses"], made["used"], made["member"], made["open"]) == (2, 1, True, True)
        assert seed("seed end-invite", invite=made["invite"][:8])["used"] == 1
        seed.refuse("seed end-invite", "HG-N14", invite="nothing begins so")
        assert seed("seed remove-member", did=other.did)["still_followed"] is False
        seed.refuse("seed remove-member", "HG-P3", did=other.did)
        seed.refuse("seed members", "HG-R1", unknown="x")
        seed.refuse("seed backup", "HG-K8", passphrase="short")
        answer = node.api("POST", "/seed/backup")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-tar")
        assert answer.body.startswith(b"backup.json")
        seed.answered.add("seed backup")
        answer = seed("seed members")
        assert (answer["members"], answer["invites"][0]["open"]) == ([], False)
        member.refuse("join", "HG-N3", invite=invite)
    client.answered |= seed.answered
    client.refused |= seed.refused


def test_devices_and_recovery(client: Client, tmp_path: Path) -> None:
    with (
        running(tmp_path / "laptop", "--listen", "127.0.0.1:0") as first,
        running(tmp_path / "phone") as other,
    ):
        laptop, phone = Client(first), Client(other)
        key = _linked(laptop, phone)
        assert [one["state"] for one in phone("identity devices")["devices"]] == ["live", "live"]
        assert phone("identity")["did"] == laptop.node.did
        phone.refuse("identity code", "HG-K9")
        phone.refuse("identity remove-device", "HG-K13", device=key)
        laptop.refuse("identity add-device", "HG-K12", device=key)
        laptop.refuse("identity join-device", "HG-K14", code="no code")
        assert laptop("identity remove-device", device=key, last="nothing")["cut"] == []
        words = " ".join(laptop("identity new-words")["words"])
        laptop("identity confirm", confirm=True)
        laptop.refuse("identity new-words", "HG-K5")
        laptop.refuse("identity restore", "HG-K6", words="one two")
        assert laptop("identity restore", words=words)["removed"] == []
        laptop.refuse("identity close", "HG-R1", words=words)
        assert laptop("identity close", words=words, confirm=True)["closed"] is True
        laptop.refuse("identity devices", "HG-R1", unknown="x")
        client.answered |= laptop.answered | phone.answered
        client.refused |= laptop.refused | phone.refused


def _linked(laptop: Client, phone: Client) -> str:
    code = laptop("identity code")["code"]
    assert phone("identity join-device", code=code, accept=False)["joined"] is False
    with ThreadPoolExecutor(1) as threads:
        joining = threads.submit(phone, "identity join-device", code=code, name="Phone")
        while not (waiting := laptop("identity devices")["waiting"]):
            assert not joining.done(), joining.result()
            time.sleep(0.05)
        added = laptop("identity add-device", device=waiting[0]["device"])
        joined = joining.result()
    assert (joined["device"], joined["joined"], added["name"]) == (added["device"], True, "Phone")
    return joined["device"]


def test_a_fresh_link_lets_a_browser_in_once(client: Client) -> None:
    answer = client.node.api("POST", "/page-link")
    check_answer("page-link", answer.json)
    path = answer.json["url"].removeprefix(client.node.page)
    first, second = (client.node.send("GET", path, {"Sec-Fetch-Site": "none"}) for _ in range(2))
    assert first.headers["Set-Cookie"]
    assert second.headers["Set-Cookie"] is None


@pytest.mark.parametrize("kind", [lambda one: one.answered, lambda one: one.refused])
def test_nothing_was_left_out_above(client: Client, kind: Callable[[Client], set[str]]) -> None:
    assert {one.name for one in OPERATIONS} - kind(client) == set()
