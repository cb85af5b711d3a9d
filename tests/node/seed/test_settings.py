"""The file of a seed: what it may say, what a slip of the pen leads to, and that documents and code name the same."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.policy import Carries, Policy
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.founding import FORM, Founding, written
from hedgerow_node.seed.settings import Section, Settings, notices, parse
from hedgerow_protocol import keys
from simulator.author import Author

DOCUMENT = Path(__file__).parents[3] / "docs/seed.md"
LEAST = 'name = "City library"\nurl = "https://seed.example.org"\n'
ANA, BEN = (keys.did_of(Author(n).key) for n in (1, 2))


def options(shape: type[Section] = Settings, prefix: str = "") -> dict[str, object]:
    """Every option by its dotted name, and what it is when it is left out."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):
        if isinstance(field.type, type) and issubclass(field.type, Section):
            found |= options(field.type, f"{prefix}{field.name}.")
        else:
            found[prefix + field.name] = None if field.required else field.default
    return found


def flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def as_written(value: object) -> str:
    return "" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def refused(text: str) -> str:
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.kind is Code.SEED_FILE_WRONG
    return caught.value.detail


def test_the_document_lists_every_option_with_its_value_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \|(?: (`[^|]*`))? \|", DOCUMENT.read_text(), re.MULTILINE)
    assert dict(rows) == {name: as_written(value) for name, value in options().items()}


def test_a_new_file_has_every_option_and_a_comment_above_each() -> None:
    text = written(Founding("City library", "https://seed.example.org"))
    assert set(flat(tomllib.loads(text))) == set(options())
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[a-z_]+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_a_new_file_is_what_the_program_does_without_one_but_for_what_was_said() -> None:
    text = written(Founding("City library", "https://seed.example.org"))
    said = {"name", "url", "listen.proxies"}
    usual = {name: value for name, value in options().items() if name not in said}
    made = {name: value for name, value in flat(msgspec.to_builtins(parse(text))).items() if name not in said}
    assert made == usual


def test_the_form_of_the_file_comes_with_the_program() -> None:
    assert FORM.is_file()


@given(st.text(max_size=60), st.text(max_size=200), st.text(max_size=60))
def test_whatever_words_are_given_they_come_back_or_are_refused(name: str, about: str, contact: str) -> None:
    with suppress(Problem):
        settings = parse(written(Founding(name, "https://seed.example.org", about, contact)))
        assert (settings.name, settings.about, settings.contact) == (name, about, contact)


def test_words_that_look_like_a_mark_of_the_form_stay_as_they_are() -> None:
    settings = parse(written(Founding("@about@", "https://seed.example.org", "@name@")))
    assert (settings.name, settings.about) == ("@about@", "@name@")


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(text: str) -> None:
    with suppress(Problem):
        parse(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("carrys = 1", "unknown field `carrys`"),
        ("[policy]\ncarries = 'everybody'", "policy.carries: this is none of the values allowed"),
        ("[policy]\nallow = 'did:key:x'", "policy.allow: expected a list"),
        ("[policy]\nblock = ['Ana']", "“Ana” names no person"),
        (f"[policy]\nallow = ['{ANA}']\nblock = ['{ANA}']", "stand in allow and in block"),
        ("[listen]\npeers = '8471'", "listen.peers: “8471” is not HOST:PORT"),
        ("[listen]\nhealth = '127.0.0.1:70000'", "listen.health"),
        ("[listen]\npage = ''", "listen.page"),
        ("[listen]\nproxies = ['proxy.example']", "“proxy.example” is no IP address"),
        ("[policy]\nsources = ['other.example.org']", "policy.sources: “other.example.org” is not like"),
        ("[quotas]\nlinks = 0", "quotas.links"),
        ("[log]\nformat = 'xml'", "log.format"),
        ("about = 7", "about: expected a text, got a whole number"),
        ("about = ", "it is no TOML"),
    ],
)
def test_what_is_wrong_is_named(line: str, words: str) -> None:
    assert words in refused(LEAST + line + "\n")


def test_name_and_address_have_to_be_there() -> None:
    assert "name" in refused('url = "https://seed.example.org"')
    assert "url" in refused('name = "City library"')
    assert "name" in refused('name = " "\nurl = "https://seed.example.org"')


@pytest.mark.parametrize(
    "url",
    [
        "seed.example.org",
        "ftp://seed.example.org",
        "https://seed.example.org/hedgerow",
        "https://",
        "https://x:y",
    ],
)
def test_an_address_that_nobody_can_dial_is_refused(url: str) -> None:
    assert "url" in refused(f'name = "x"\nurl = "{url}"')


@pytest.mark.parametrize(
    ("url", "address", "peers", "proxies"),
    [
        ("https://seed.example.org", "wss://seed.example.org/peer", "127.0.0.1:8471", ("127.0.0.1",)),
        (
            "https://seed.example.org:444/",
            "wss://seed.example.org:444/peer",
            "127.0.0.1:8471",
            ("127.0.0.1",),
        ),
        ("http://192.0.2.7:8471", "ws://192.0.2.7:8471/peer", "192.0.2.7:8471", ()),
        ("http://[2001:db8::7]:8471", "ws://[2001:db8::7]:8471/peer", "[2001:db8::7]:8471", ()),
        ("http://seed.example.org", "ws://seed.example.org/peer", "0.0.0.0:80", ()),
    ],
)
def test_a_new_file_listens_where_its_address_leads(
    url: str, address: str, peers: str, proxies: tuple[str, ...]
) -> None:
    settings = parse(written(Founding("x", url)))
    assert (settings.address, settings.listen.peers, settings.listen.proxies) == (address, peers, proxies)


def test_the_policy_is_that_of_the_file() -> None:
    text = LEAST + f"[policy]\ncarries = 'all'\nallow = ['{ANA}']\nblock = ['{BEN}']\n"
    assert parse(text).decided() == Policy(
        Carries.ALL, frozenset({Author(1).key}), frozenset({Author(2).key})
    )


def test_what_is_seldom_meant_is_pointed_out() -> None:
    text = LEAST + "[listen]\npeers = ''\nhealth = '0.0.0.0:8472'\n"
    assert len(notices(parse(text))) == 4
    kept = written(Founding("x", "https://seed.example.org", contact="ask@example.org"))
    assert notices(parse(kept)) == []
