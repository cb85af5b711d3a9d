"""One person's evening with every command, done and refused; and how to compare two such evenings."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

THING, OTHER = "https://example.org/rings", "https://example.org/groups"
STRANGER = "did:key:z6MkgbCWpTVVSD6cWdhaXqBvBDMJCD3RsMfxPaDmF1BoyWcQ"
SECOND = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
STEPS = f"{OTHER}\n  note: Slowly\n? practice\n  needs: 1\n  minutes: 20\n  optional\n"
LINKS = "# Algebra\n\n- [Fields](https://example.net/fields)\n- [Broken](not an address)\n"
DONE, REFUSED, MISUSED = 0, 1, 2
ID = re.compile(r"hedgerow:[1-9A-HJ-NP-Za-km-z]{40,}")


@dataclass(frozen=True)
class Step:
    """A command line (`{name}` stands for what an earlier step kept, or a file), and how it ends."""

    arguments: tuple[str, ...]
    status: int = DONE
    code: str = ""
    """Of the problem, when it is refused."""
    operation: str = ""
    """Whose answer it prints; empty for a value of its own."""
    keep: str = ""
    """Under which name later steps find the id of what was said."""


def done(*arguments: str, as_: str | None = None, keep: str = "") -> Step:
    return Step(arguments, operation=arguments[0] if as_ is None else as_, keep=keep)


def refused(code: str, *arguments: str) -> Step:
    return Step(arguments, REFUSED, code)


def misused(*arguments: str) -> Step:
    return Step(arguments, MISUSED, "HG-R1")


EVENING = (
    done("identity", "show", as_="identity", keep="me"),
    # Nothing is there yet
    done("library", as_="collection"),
    done("feed"),
    done("people"),
    refused("HG-L3", "import", "--undo"),
    # The private library
    done("add", "example.org/rings", "--title", "Rings", "--topic", "algebra"),
    refused("HG-T1", "add", "no thing at all"),
    misused("add"),
    done("note", THING, "page 3"),
    refused("HG-R2", "note", THING, "x" * 16_385),
    done("import", "{links}", "--dry-run"),
    done("import", "{links}"),
    done("import", "--undo", as_="import undo"),
    done("import", "{links}", "--share", "--leave-out", "nothing"),
    refused("HG-X1", "import", "{export}.json"),
    refused("HG-X9", "import", "{links}.none"),
    misused("import"),
    misused("import", "{links}", "--undo"),
    done("add", "https://example.net/gone"),
    done("remove", "https://example.net/gone"),
    refused("HG-L1", "remove", "https://example.net/gone"),
    done("library", "--limit", "100", as_="collection"),
    refused("HG-R3", "library", "--cursor", "made-up"),
    # What one says
    done("profile"),
    done("profile", "--name", "Ana", "--about", "At night\nonly", "--person", as_="profile set"),
    refused("HG-R2", "profile", "--name", "x" * 10_000),
    done("share", THING, "--language", "en", "--teaches", "rings", "--minutes", "20", "--author", "Emmy"),
    done("add", OTHER, "--topic", "logic"),
    done("share", "--topic", "logic"),
    done("add", "https://example.org/sets"),
    done("share", "--all"),
    refused("HG-L2", "share", "--all"),
    misused("share"),
    misused("share", "--minutes", "soon", THING),
    done("endorse", THING, "--reason", "Worked to the end", "--level", "beginner", "--topic", "algebra"),
    done("endorse", STRANGER, "--reason", "Knows", "--topic", "algebra", "--stance", "limits"),
    misused("endorse", STRANGER, "--reason", "For what?"),
    misused("endorse", THING),
    refused("HG-T1", "endorse", "no thing", "--reason", "x"),
    done("connect", THING, "needs-first", OTHER, "--reason", "A ring is a group"),
    refused("HG-R1", "connect", THING, "needs-first", THING, "--reason", "itself"),
    misused("connect", THING, "is-nice", OTHER, "--reason", "x"),
    done("comment", THING, "Why?", "--role", "question", keep="asked"),
    done("comment", "{asked}", "Because", "--role", "answer"),
    refused("HG-R1", "comment", THING, ""),
    done("attest", THING, "size", "4.5 MB", keep="checked"),
    done("attest", THING, "superseded-by", OTHER),
    done("edit", "{checked}", "--value", "300 kB"),
    refused("HG-R1", "attest", THING, "opens", "perhaps"),
    misused("attest", THING, "is-nice"),
    done("label", THING, "advertising", "--reason", "Half of it sells a course"),
    refused("HG-T1", "label", "no thing", "spam", "--reason", "x"),
    misused("label", THING, "spam"),
    # Trails
    done("trail", as_="trails"),
    done(
        "trail",
        "new",
        "To rings",
        "--step",
        OTHER,
        "--step",
        "? practice",
        "--topic",
        "algebra",
        keep="trail",
        as_="trail new",
    ),
    done("trail", "new", "By file", "--file", "{steps}", as_="trail new"),
    misused("trail", "new", "Nothing in it"),
    refused("HG-T1", "trail", "new", "Wrong", "--step", "no thing at all"),
    refused("HG-R1", "trail", "new", "Wrong", "--file", "{steps}.wrong"),
    done("trail", "list", "--mine", as_="trails"),
    refused("HG-R3", "trail", "list", "--cursor", "made-up"),
    done("trail", "done", "{trail}", "1", as_="trail done"),
    refused("HG-R1", "trail", "done", "{trail}", "2"),
    refused("HG-R1", "trail", "done", "{trail}", "9"),
    done("trail", "show", "{trail}", as_="trail"),
    done("trail", "show", "{trail}", "--steps", as_="trail"),
    refused("HG-M7", "trail", "show", "{checked}"),
    done("trail", "fork", "{trail}", "--fill", "2", THING, "--title", "Mine", keep="fork", as_="trail fork"),
    refused("HG-R1", "trail", "fork", "{trail}", "--fill", "3", THING),
    done("trail", "show", "{fork}", as_="trail"),
    done("trail", "done", "{trail}", "1", "--undo", as_="trail done"),
    done("trail", "edit", "{fork}", "--summary", "Two steps", "--add", "? more", as_="trail edit"),
    done("trail", "edit", "{trail}", "--step", OTHER, "--step", THING, as_="trail edit"),
    misused("trail", "edit", "{fork}"),
    refused("HG-R1", "trail", "edit", "{fork}", "--fill", "9", THING),
    done("show", OTHER),
    done("edit", "{asked}", "--text", "Why, please?", keep="edited"),
    refused("HG-R1", "edit", "{edited}", "--title", "a comment has none"),
    misused("edit", "{edited}"),
    # Finding
    done("search", "ring"),
    done("search", '"', "*", "AND"),
    done("search", "nobody said this"),
    refused("HG-R1", "search", "x", "--limit", "0"),
    misused("search"),
    done("show", THING),
    done("show", "https://example.org/nobody-knows"),
    done("show", "{edited}", "--explain"),
    refused("HG-M1", "show", "hedgerow:zzzzzzzz"),
    done("feed", "--from", "{me}"),
    done("feed", "--topic", "algebra"),
    refused("HG-R1", "feed", "--topic", "algebra", "--from", "{me}"),
    done("topics"),
    # Taking back
    done("retract", "{edited}", "--reason", "mistake"),
    refused("HG-M4", "retract", "{edited}"),
    done("show", "{edited}"),
    misused("retract"),
    # People
    done("follow", STRANGER, "--reason", "Knows"),
    done("people"),
    done("people", "{me}", as_="person"),
    refused("HG-T2", "people", "Ben"),
    done("unfollow", STRANGER),
    done("follow", STRANGER, "--private"),
    refused("HG-P2", "follow", "{me}"),
    done("unfollow", STRANGER),
    refused("HG-T2", "unfollow", "Ben"),
    done("vouch", STRANGER, "--reason", "My teacher"),
    refused("HG-P2", "vouch", "{me}", "--reason", "Me"),
    misused("vouch", STRANGER),
    done("introduce", STRANGER, SECOND, "--reason", "Both teach"),
    refused("HG-R1", "introduce", STRANGER, STRANGER, "--reason", "Both teach"),
    misused("introduce", STRANGER),
    done("people", STRANGER, as_="person"),
    done("mute", STRANGER),
    done("mute", OTHER, as_="mute thing"),
    refused("HG-T1", "mute", "Ben"),
    done("unmute", STRANGER),
    refused("HG-T1", "unmute", "Ben"),
    done("block", STRANGER),
    refused("HG-T2", "block", "Ben"),
    done("unblock", STRANGER),
    refused("HG-T2", "unblock", "Ben"),
    done("waiting"),
    done("waiting", "--not-now", STRANGER, as_="waiting not-now"),
    refused("HG-T2", "waiting", "--not-now", "Ben"),
    done("reach"),
    done("reach", "7", as_="reach set"),
    misused("reach", "far"),
    # What is kept away
    done("labels", "use", STRANGER, "spam", "--hide", as_="labels use"),
    refused("HG-T2", "labels", "use", "Ben", "spam"),
    misused("labels", "use", STRANGER),
    done("labels", "of", STRANGER, as_="labels of"),
    done("labels"),
    done("takedown", "add", "https://example.org/stolen", "--reason", "It was stolen", as_="takedown"),
    refused("HG-T1", "takedown", "add", "no thing at all", "--reason", "It was stolen"),
    misused("takedown", "add", OTHER),
    done("takedown", as_="takedowns"),
    done("hidden"),
    misused("hidden", "everything"),
    done("takedown", "undo", "https://example.org/stolen", as_="takedown undo"),
    refused("HG-P5", "takedown", "undo", "https://example.org/stolen"),
    done("labels", "drop", STRANGER, "spam", as_="labels drop"),
    done("unmute", OTHER, as_="unmute thing"),
    done("reports"),
    refused("HG-P6", "reports", "settle", "7"),
    refused("HG-N15", "report", OTHER, "spam", "--reason", "It sells"),
    # Other nodes, where nobody is
    done("peers"),
    done("peers", "book", as_="peers book"),
    done("peers", "near", as_="peers near"),
    refused("HG-N2", "peers", "add", "hedgerow-invite:nothing"),
    refused("HG-N16", "peers", "add", "hedgerow-nodes:nothing"),
    refused("HG-X9", "peers", "add", "{links}.none"),
    refused("HG-N18", "peers", "forget", STRANGER),
    refused("HG-N17", "peers", "save", "{links}.nodes"),
    misused("peers", "add"),
    done("sync"),
    refused("HG-N7", "invite"),
    refused("HG-N2", "join", "not an invite"),
    misused("join"),
    misused("peers", "too many"),
    misused("sync", "too many"),
    # Keys and files
    done("identity", "words", as_="identity words"),
    done("identity", "words", "--new", as_="identity new-words"),
    misused("identity", "words", "--new", "--confirm"),
    done("identity", "words", "--confirm", as_="identity confirm"),
    done("identity", "devices", as_="identity devices"),
    refused("HG-K14", "identity", "join-device", "not a code"),
    refused("HG-K12", "identity", "remove-device", "nobody"),
    misused("identity", "remove-device", "nobody", "--nothing", "--last", "x"),
    refused("HG-K6", "identity", "restore", "--words-file", "{links}"),
    refused("HG-K6", "identity", "words", "--new", "--words-file", "{links}"),
    refused("HG-K6", "identity", "close", "--words-file", "{links}", "--yes"),
    refused("HG-K5", "identity", "words"),
    refused("HG-K7", "identity", "adopt"),
    done("export", "{export}", as_=""),
    refused("HG-C1", "export", "{export}"),
    done("export", "{export}", "--overwrite", "--with-keys", "--passphrase-file", "{passphrase}", as_=""),
    done("restore", "{export}", "--without-keys", as_="restore"),
    refused("HG-X3", "restore", "{links}"),
    refused("HG-X9", "restore", "{export}.none"),
    # The node
    done("status"),
    done("doctor"),
    misused("status", "--unknown"),
    done("limits"),
    misused("limits", "all"),
    done("budget", "5"),
    misused("budget", "0"),
    done("seed", "members", as_="seed members"),
    refused("HG-P3", "seed", "remove-member", STRANGER),
)
NOT_HERE = {"run", "open", "dev", "tail", "conformance"}
"""Commands that need a node that runs, or none, or no folder at all."""


class Evening:
    """Plays the steps with a runner that takes a step and its whole line and returns (status, output, errors)."""

    def __init__(self, folder: Path, run: Callable[[Step, list[str]], tuple[int, str, str]]) -> None:
        self._run = run
        self._kept = {
            "links": str(folder / "links.md"),
            "export": str(folder / "export.jsonl"),
            "passphrase": str(folder / "passphrase"),
            "steps": str(folder / "steps"),
        }
        (folder / "steps").write_text(STEPS)
        (folder / "steps.wrong").write_text("note: of nothing\n")
        (folder / "links.md").write_text(LINKS)
        (folder / "export.jsonl.json").write_text('{"a": 1}')
        (folder / "passphrase").write_text("five words that stand alone\n")

    def play(self, step: Step, *options: str) -> tuple[int, str, str]:
        """Run one step; its id is kept for those that follow."""
        # Not `format`: some steps have braces and percent signs of their own.
        arguments = [re.sub(r"\{(\w+)\}", lambda found: self._kept[found[1]], one) for one in step.arguments]
        status, out, errors = self._run(step, [*arguments, *options])
        assert status == step.status, (step.arguments, status, out, errors)
        assert "Traceback" not in out + errors
        if step.keep:
            found = re.search(r"did:key:\w+", out) if step.keep == "me" else ID.search(out)
            assert found is not None
            self._kept[step.keep] = found[0]
        return status, out, errors


def comparable(value: Any, labels: dict[str, str], home: Path) -> Any:
    """An answer without what two evenings cannot have in common: keys, ids, times, sizes, and the order by them."""
    match value:
        case dict():
            return {name: _field(name, one, labels, home) for name, one in value.items()}
        case list():
            kept = [comparable(one, labels, home) for one in value]
            return sorted(kept, key=lambda one: json.dumps(one, sort_keys=True))
        case str():
            return _text(value, labels, home)
        case _:
            return value


def _field(name: str, value: Any, labels: dict[str, str], home: Path) -> Any:
    if (
        name
        in (
            "ts",
            "at",
            "received",
            "saved",
            "since",
            "last",
            "latest",
            "checked_at",
            "undone",
            "database_bytes",
            "used_bytes",
            "bytes",
        )
        and value is not None
    ):
        return 0
    if name == "words" and isinstance(value, list):
        return len(value)
    if name == "file":
        return Path(value).name
    return comparable(value, labels, home)


def _text(value: str, labels: dict[str, str], home: Path) -> str:
    text = value.replace(str(home.parent), "FOLDER")
    text = ID.sub(lambda found: labels.setdefault(found[0], "hedgerow:?"), text)
    text = re.sub(
        r"z6Mk\w+(…\w+)?", lambda found: "KEY" if found[0] not in STRANGER + SECOND else "STRANGER", text
    )
    text = re.sub(r"\b[0-9a-f]{32,}\b", "HEX", text)
    # A running node erases some seconds later, a command at its end.
    text = text.replace("is being erased from", "is erased from")
    return re.sub(r"[\d,.]+ GiB", "some GiB", text)


def label(answer: Any, labels: dict[str, str], place: int) -> None:
    """Name the messages that a step published after the step."""
    if isinstance(answer, dict):
        for number, message in enumerate(answer.get("ids", [])):
            labels.setdefault(message, f"hedgerow:{place}.{number}")
