"""The documents of the repository are true: what they name exists, and what they list is what the code has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import ada_url
import pytest

from hedgerow_protocol import cuts, identity, keys, kinds, log_changes, log_entry, message, things
from hedgerow_protocol.errors import Reason

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
NUMBERED = sorted(SPECS.glob("[0-9][0-9]-*.md"))
RECORDS = sorted((SPECS / "decisions").glob("*.md"))
FOLDERS = (
    "protocol",
    "node",
    "specs",
    "tests",
    "deploy",
    "docs",
    "bench",
    "hedgerow_protocol",
    "hedgerow_node",
)
BUILT = {"build", "dist", "node_modules"}
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2[ \t]*$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
PLACEHOLDER = re.compile(r"[<>*{}$…\s|=()]|NNNN|NN-")
RULE = re.compile(r"^(?:- )?\*\*([A-Z]{2})-(\d+)\.?\*\*", re.MULTILINE)
# Written so that the patterns do not match themselves.
WORKPLACE = re.compile(
    r"[/]work[/]|\bshared[/]|pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|crates[.]io|rubygems[.]org"
)


def _files() -> Iterator[Path]:
    for top in ROOT.iterdir():
        if top.is_file():
            yield top
        elif not top.name.startswith(".") and top.name not in BUILT:
            yield from (path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


FILES = sorted(_files())
NAMES = {path.name for path in FILES}
DOCUMENTS = [path for path in FILES if path.suffix == ".md" and ROOT / "tests" not in path.parents]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _slugs(text: str) -> set[str]:
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(text: str, folder: Path) -> list[str]:
    """The relative links of `text` that lead to no file, or to a heading that its document lacks."""
    return [
        link for link in LINK.findall(CODE.sub("", FENCE.sub("", text))) if not _leads(link, text, folder)
    ]


def _leads(link: str, text: str, folder: Path) -> bool:
    if re.match("[a-z]+:", link):
        return True
    path, _, heading = link.partition("#")
    target = folder / path
    if not target.exists():
        return False
    if not heading or (path and target.suffix != ".md"):
        return True
    return heading in _slugs(target.read_text() if path else text)


def missing_paths(text: str, folder: Path) -> list[str]:
    """The repository paths in code font that do not exist; what holds a placeholder is no path."""
    spans = [re.sub(r"(::?[\w.]+)+$|#.*$", "", span) for span in CODE.findall(FENCE.sub("", text))]
    return [span for span in spans if _is_path(span) and not _exists(span, folder)]


def _is_path(span: str) -> bool:
    if PLACEHOLDER.search(span):
        return False
    if "/" in span:
        return span.split("/")[0] in FOLDERS
    return re.fullmatch(r"[\w-]+\.(py|md)", span) is not None


def _exists(span: str, folder: Path) -> bool:
    bases = (ROOT, folder, ROOT / "protocol", ROOT / "node")
    return any((base / span).exists() for base in bases) or ("/" not in span and span in NAMES)


def holes(numbers: list[int]) -> bool:
    """Whether the numbers are anything but 1, 2, 3 … in this order."""
    return numbers != list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_relative_link_leads_to_a_file_and_its_heading(document: Path) -> None:
    assert broken_links(document.read_text(), document.parent) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_repository_path_in_code_font_exists(document: Path) -> None:
    assert missing_paths(document.read_text(), document.parent) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_no_document_betrays_the_place_where_it_was_written(document: Path) -> None:
    assert WORKPLACE.findall(document.read_text()) == []


def test_the_checks_of_documents_find_what_they_look_for() -> None:
    text = "# One\n[a](nowhere.md) [b](README.md#reading-order) [c](README.md#no) [d](#one) [e](https://example.org)"
    assert broken_links(text, SPECS) == ["nowhere.md", "README.md#no"]
    text = "`specs/README.md` `specs/none.md` `none.py` `errors.py` `specs/NN-x.md` `a/b` `vectors/<x>/`"
    assert missing_paths(text, ROOT) == ["specs/none.md", "none.py"]
    assert all(
        WORKPLACE.search(word) for word in ("/".join(["", "work", "x"]), "shared" + "/x", "pypi" + ".org")
    )
    assert [holes(numbers) for numbers in ([], [1, 2], [1, 3], [2, 1], [1, 1])] == [
        False,
        False,
        True,
        True,
        True,
    ]


# --- Rules, vectors, records ----------------------------------------------------------------------------


@pytest.mark.parametrize("spec", NUMBERED, ids=_name)
def test_a_rule_fails_only_with_a_reason_of_the_code(spec: Path) -> None:
    named = re.findall(r"fails?\*?\s+with\*?((?:,?\s+`\w+`)+)", spec.read_text(), re.IGNORECASE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) <= {reason.value for reason in Reason}


def _rules(spec: Path) -> list[tuple[str, int]]:
    return [(prefix, int(number)) for prefix, number in RULE.findall(spec.read_text())]


RULES = {f"{prefix}-{number}" for spec in SPECS.glob("*.md") for prefix, number in _rules(spec)}
PREFIXES = "|".join(sorted({rule.partition("-")[0] for rule in RULES}))


@pytest.mark.parametrize("spec", NUMBERED, ids=_name)
def test_a_spec_has_its_header_and_its_sections(spec: Path) -> None:
    text = spec.read_text()
    assert all(f"| {word} |" in text.partition("\n## ")[0] for word in ("Status", "Revision", "Depends on"))
    assert {"security", "rationale", "vectors"} <= _slugs(text)


@pytest.mark.parametrize("spec", NUMBERED, ids=_name)
def test_the_rules_of_a_prefix_stand_in_one_spec_and_count_from_one_without_a_hole(spec: Path) -> None:
    rules = _rules(spec)
    for prefix in {prefix for prefix, _ in rules}:
        assert not holes([number for one, number in rules if one == prefix])


def test_the_reading_order_names_every_spec() -> None:
    listed = set(LINK.findall((SPECS / "README.md").read_text()))
    assert {spec.name for spec in NUMBERED} <= listed


def test_two_specs_never_share_a_prefix() -> None:
    prefixes = [one for spec in SPECS.glob("*.md") for one in {prefix for prefix, _ in _rules(spec)}]
    assert len(prefixes) == len(set(prefixes))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_rule_that_a_document_cites_exists(document: Path) -> None:
    assert set(re.findall(rf"\b(?:{PREFIXES})-\d+\b", document.read_text())) <= RULES


def test_every_vector_names_a_rule_of_its_spec_and_a_known_outcome() -> None:
    outcomes = {"ok", "local", *(reason.value for reason in Reason)}
    for path in SPECS.glob("vectors/*/*.json"):
        spec = SPECS / f"{path.parent.name}.md"
        vectors = json.loads(path.read_text())
        assert vectors["spec"] == path.parent.name
        assert {case["expect"] for case in vectors["cases"]} <= outcomes
        if spec.exists():
            rules = {f"{prefix}-{number}" for prefix, number in _rules(spec)}
            assert {case["rule"] for case in vectors["cases"]} <= rules, _name(path)


NAMED_VECTOR = re.compile(r"`(\d\d-[a-z-]+/[a-z-]+)` “([^”]+)”")


def test_every_attack_on_bytes_has_a_rule_and_a_vector_that_puts_that_rule_at_stake() -> None:
    section = (
        (SPECS / "14-threat-model.md").read_text().partition("## Attacks on bytes")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (?!attack \|)([^|]+) \| ([A-Z0-9, -]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert len(rows) == section.count("\n| ") - 1
    for attack, rules, vectors in rows:
        named = NAMED_VECTOR.findall(vectors)
        at_stake = {_case_named(file, name)["rule"] for file, name in named}
        assert len(named) == vectors.count("`") // 2, attack
        assert at_stake == set(rules.split(", ")), attack


def _case_named(file: str, name: str) -> dict[str, object]:
    cases = json.loads((SPECS / "vectors" / f"{file}.json").read_text())["cases"]
    [found] = [case for case in cases if case["name"] == name]
    return found


def test_decision_records_are_numbered_without_a_hole() -> None:
    assert RECORDS
    assert not holes([int(path.name[:4]) for path in RECORDS])


@pytest.mark.parametrize("record", RECORDS, ids=_name)
def test_a_decision_record_has_number_status_date_and_sections(record: Path) -> None:
    text = record.read_text()
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name)
    assert text.startswith(f"# {record.name[:4]} ")
    assert re.search(r"^Status: (accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert re.search(r"^Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


# --- What the specs spell out of the code ---------------------------------------------------------------


def _squeezed(name: str) -> str:
    return re.sub(r"\s", "", (SPECS / name).read_text())


def _repeated(number: int, count: int = 32) -> bytes:
    return bytes([number]) * count


GENESIS, ONLINE_ROOT, DEVICE, ENTROPY = map(_repeated, (1, 2, 3, 4))


def _shown_parts(example: message.Message) -> set[str]:
    parts = (example.id, example.header_bytes, example.signature, example.body or b"")
    return {part.hex() for part in parts}


def _example_inception() -> message.Message:
    return log_changes.make_inception(
        genesis_seed=GENESIS,
        root=keys.public_key(ONLINE_ROOT),
        device=keys.DeviceKey(keys.public_key(DEVICE)),
        recovery=keys.public_key(keys.recovery_seed(ENTROPY, 1)),
        nonce=_repeated(5, 16),
        ts=1_700_000_000,
        net=2,
    )


def _example_message() -> message.Message:
    content = kinds.Endorse("https://example.org/", kinds.Stance.FOR, reason="Clear.")
    return message.sign_message(
        seed=DEVICE,
        author=keys.AuthorKey(keys.public_key(GENESIS)),
        place=message.FIRST,
        kind=kinds.Kind.ENDORSE,
        ts=1_700_000_060,
        body=kinds.encode_body(kinds.Body(_repeated(6, 16), content)),
        net=2,
    )


def test_the_worked_example_of_an_inception_is_what_the_code_makes() -> None:
    seed, example = keys.recovery_seed(ENTROPY, 1), _example_inception()
    text = _squeezed("01-identity.md")
    shown = {seed.hex(), keys.public_key(seed).hex(), keys.did_of(example.header.author)}
    assert {part for part in shown | _shown_parts(example) if part not in text} == set()


def test_the_worked_example_of_an_update_a_rotate_and_a_cut_is_what_the_code_makes() -> None:
    known, author = identity.Identities(), keys.AuthorKey(keys.public_key(GENESIS))
    known.learn(_example_inception())
    second = log_entry.DeviceGrant(keys.DeviceKey(keys.public_key(_repeated(7))))
    update = log_changes.make_update(
        known.log(author).branches[0],
        root_seed=ONLINE_ROOT,
        added=[second],
        nonce=_repeated(8, 16),
        ts=1_700_000_120,
        net=2,
    )
    known.learn(update)
    endorsement = _example_message()
    rotate = log_changes.make_rotate(
        known.log(author).branches[0],
        recovery_seed=keys.recovery_seed(ENTROPY, 1),
        root=keys.public_key(_repeated(9)),
        recovery=keys.public_key(keys.recovery_seed(ENTROPY, 2)),
        devices=[second],
        removed={endorsement.header.device: ((1, endorsement.id),)},
        nonce=_repeated(10, 16),
        ts=1_700_000_180,
        net=2,
    )
    known.learn(rotate)
    text = _squeezed("01-identity.md")
    shown = _shown_parts(update) | _shown_parts(rotate) | {second.device.hex(), endorsement.id.hex()}
    assert {part for part in shown if part not in text} == set()
    assert not known.is_live(endorsement.header)
    reach = cuts.Reach(known.cuts_of(author, endorsement.header.device)[0])
    assert reach.standing(endorsement.id, 1) == cuts.Standing.AUTHORISED


def test_the_worked_example_of_a_message_is_what_the_code_makes() -> None:
    example = _example_message()
    text = _squeezed("03-messages.md")
    shown = {example.encode().hex(), example.header.body_hash.hex(), things.message_thing(example.id)}
    assert {part for part in shown | _shown_parts(example) if part not in text} == set()


def test_the_examples_of_things_are_what_the_code_makes() -> None:
    section = (SPECS / "04-things.md").read_text().partition("## Examples")[2].partition("\n## ")[0]
    examples = re.findall(r"^\| `(.+)` \| `(.+)` \|$", section, re.MULTILINE)
    made = {
        given: things.canonical_thing(given, lambda text: ada_url.URL(text).href) for given, _ in examples
    }
    assert made == dict(examples)
    assert len(examples) >= 20


def test_the_tables_of_tracking_names_and_small_orders_are_those_of_the_code() -> None:
    words = {
        word for fence in FENCE.finditer((SPECS / "04-things.md").read_text()) for word in fence[0].split()
    }
    assert words >= things.TRACKING
    spelled = re.findall(r"^[0-9a-f]{64}$", (SPECS / "02-encoding.md").read_text(), re.MULTILINE)
    assert sorted(map(bytes.fromhex, spelled)) == sorted(keys.SMALL_ORDER)
