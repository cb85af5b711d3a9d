"""The messages that every job moves: made once, signed by many authors, and kept.

A set is named by its group (whose authors no other group has), its authors and its count. Message n of a set is said
by author n modulo authors, later than message n - 1. Three of five describe a thing, two say why a thing described
shortly before helped; the words are of ten languages and their frequencies fall as those of real words do, so that the
full-text indexes have real work. About 400 bytes each.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import msgpack

from bench.places import kept, say
from hedgerow_protocol import keys
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, Endorse, Resource, encode_body
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.message import FIRST, ChainPlace, Message, sign_message

FIRST_TS = 1_700_000_000
SPAN = 80_000_000
"""Seconds over which the messages of a set are spread: two and a half years, all of them past."""
OF_RESOURCES = 3
OF_ALL = 5
SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "hel",
    "in",
    "jo",
    "ka",
    "lum",
    "mi",
    "nor",
    "or",
    "pel",
    "qui",
    "ra",
    "sol",
    "tem",
)
WORDS = {
    "en": "the of a for with course matrix proof energy history lesson network poem cell market graph clear "
    "worked exercises from first to last explains why every step beginners teachers short careful",
    "es": "el de la para con curso matriz prueba energía historia lección red poema célula mercado claro "
    "ejercicios resueltos desde cero hasta el final explica cada paso principiantes breve",
    "de": "die der und für mit Kurs Matrix Beweis Energie Geschichte Lektion Netz Gedicht Zelle Markt klar "
    "gerechnete Übungen von Anfang bis Ende erklärt jeden Schritt Anfänger Lehrkräfte kurz",
    "fr": "le de la pour avec cours matrice preuve énergie histoire leçon réseau poème cellule marché clair "
    "exercices résolus du début à la fin explique chaque étape débutants bref soigné",
    "pt": "o de a para com curso matriz prova energia história lição rede poema célula mercado claro "
    "exercícios resolvidos do início ao fim explica cada passo iniciantes curto",
    "ru": "и в для с курс матрица доказательство энергия история урок сеть поэма клетка рынок ясно задачи "
    "с решениями каждый шаг начинающим",
    "ar": "في من على مع دورة مصفوفة برهان طاقة تاريخ درس شبكة قصيدة خلية سوق واضح تمارين محلولة كل خطوة للمبتدئين",
    "hi": "का की में से पाठ आव्यूह प्रमाण ऊर्जा इतिहास जाल कविता कोशिका बाज़ार साफ़ अभ्यास हल हर क़दम शुरुआत",
    "zh": "线性代数 矩阵 证明 能量 历史 课程 网络 诗歌 细胞 市场 图论 清楚 例题 练习 从头到尾 每一步 初学者 教师 简短",
    "ja": "線形代数 行列 証明 エネルギー 歴史 授業 詩 細胞 市場 わかりやすい 例題 練習 最初から 一歩ずつ",
}
LANGUAGES = tuple(WORDS)
WIDE = frozenset({"ru", "ar", "hi", "zh", "ja"})
"""Languages whose letters take two or three bytes."""
LEVELS = ("", "beginner", "intermediate", "advanced")


@dataclass(frozen=True)
class SetOfMessages:
    """Which messages: `count` by `authors` people of group `group`."""

    count: int
    authors: int
    group: int = 0

    def people(self) -> "list[Author]":
        """Who says them."""
        return [Author(self.group, number) for number in range(self.authors)]


class Author:
    """Somebody with one device; the same numbers give the same keys."""

    def __init__(self, group: int, number: int) -> None:
        self.random = Random(f"bench {group} {number}")
        genesis, root, self.device_seed, recovery = (self.random.randbytes(32) for _ in range(4))
        self.device = DeviceKey(keys.public_key(self.device_seed))
        self.inception: Message = make_inception(
            genesis_seed=genesis,
            root=keys.public_key(root),
            device=self.device,
            recovery=keys.public_key(keys.recovery_seed(recovery, 1)),
            nonce=self.random.randbytes(16),
            ts=FIRST_TS - 1,
        )
        self.key: AuthorKey = self.inception.header.author
        self._place: ChainPlace = FIRST

    def say(self, content: Content, topics: tuple[str, ...], ts: int) -> Message:
        """The next message of this author."""
        body = encode_body(Body(self.random.randbytes(16), content, topics))
        message = sign_message(
            seed=self.device_seed, author=self.key, place=self._place, kind=content.kind, ts=ts, body=body
        )
        self._place = ChainPlace(self._place.seq + 1, message.id)
        return message


Entry = tuple[int, bytes, int, bytes]
"""ts, id, the author's number, and the bytes of the message."""


def entries(wanted: SetOfMessages) -> list[Entry]:
    """The messages of a set in order of (ts, id); made when they are not there yet."""
    path = _path(wanted)
    if not path.exists():
        _make(wanted, path)
    with path.open("rb") as file:
        return [tuple(entry) for entry in msgpack.Unpacker(file, max_buffer_size=2**30)]


def _path(wanted: SetOfMessages) -> Path:
    # A change of what is said, or of how it is written, makes another set.
    modules = [Path(__file__), *(Path(sys.modules[name].__file__ or "") for name in MAKERS)]
    version = hashlib.sha256(b"".join(module.read_bytes() for module in modules)).hexdigest()[:12]
    return kept("messages") / f"{version}-{wanted.group}-{wanted.authors}-{wanted.count}.msgpack"


MAKERS = ("hedgerow_protocol.codec", "hedgerow_protocol.kinds", "hedgerow_protocol.message")


def _make(wanted: SetOfMessages, path: Path) -> None:
    say(f"making {wanted.count:,} messages of {wanted.authors} authors (once)")
    with ProcessPoolExecutor() as pool:
        said = pool.map(partial(_said_by, wanted), range(wanted.authors))
        everything = sorted(entry for one in said for entry in one)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        for entry in everything:
            file.write(msgpack.packb(entry))
    unfinished.rename(path)


def _said_by(wanted: SetOfMessages, number: int) -> list[Entry]:
    author = Author(wanted.group, number)
    said = []
    for place in range(number, wanted.count, wanted.authors):
        content, topics = content_of(wanted, place)
        message = author.say(content, topics, ts_of(wanted, place))
        said.append((message.header.ts, bytes(message.id), number, message.encode()))
    return said


def ts_of(wanted: SetOfMessages, place: int) -> int:
    """When message `place` of a set was said, Unix seconds."""
    return FIRST_TS + place * SPAN // wanted.count


def content_of(wanted: SetOfMessages, place: int) -> tuple[Content, tuple[str, ...]]:
    """What message `place` of a set says, and its topics."""
    random = Random(f"{wanted.group} {place}")
    language = LANGUAGES[place % len(LANGUAGES)]
    turn = (place // wanted.authors + place) % OF_ALL
    topics = tuple(random.sample(WORDS["en"].split()[5:15], 2))
    if turn < OF_RESOURCES:
        thing = thing_of(wanted, place)
        return Resource(
            thing, title=_sentence(random, language, 5), language=language, level=random.choice(LEVELS)
        ), topics
    described = place - (turn - OF_RESOURCES + 1)
    return Endorse(thing_of(wanted, described), reason=_sentence(random, language, 12)), topics[:1]


def thing_of(wanted: SetOfMessages, place: int) -> str:
    """The thing that message `place` of a set describes, if it describes one."""
    return f"https://example.org/{wanted.group}/{_invented(Random(place))}/{place}"


def _sentence(random: Random, language: str, words: int) -> str:
    known = WORDS[language].split()
    length = words * 2 // 3 if language in WIDE else words
    # Squared chance: the words at the beginning of a list come more often than those at its end.
    chosen = [known[int(len(known) * random.random() ** 2)] for _ in range(length)]
    return " ".join([*chosen, _invented(random)])


def _invented(random: Random) -> str:
    """A word that hardly any other message has: of 5,832."""
    return "".join(random.choice(SYLLABLES) for _ in range(3))


def sizes(all_entries: list[Entry]) -> Iterator[int]:
    """The bytes of each message."""
    return (len(data) for _, _, _, data in all_entries)
