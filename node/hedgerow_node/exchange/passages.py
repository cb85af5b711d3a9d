"""The inside of one Markdown item, row or paragraph: its links and the words between them.

A passage becomes links by these rules. Its first link is the entry: the title is the link's own text, the
summary what follows it, or the whole passage when words also stand before it. A further link is an entry of its
own, with the whole passage as summary, unless its text only names a form of the same work ("PDF", "mirror"):
then it is named in the summaries. A first link without a title of its own takes the words before it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import assert_never

from hedgerow_node.exchange.inline import Column, LineEnd, Link, Part, Words
from hedgerow_node.exchange.items import Harvest, clean_address, fault_of

_FORMS = frozenset(
    re.findall(
        r"\w+",
        """
        alt alternate alternative archive archived asciidoc azw azw3 chat chm code djvu doc docx download ebook
        epub github gitlab gz html kindle latex mirror mobi odt online pdf ps repo repository rtf source sources
        tar tex txt web website word zip
        """,
    )
)
"""Words for a form, a copy or a place of the same work."""

_TASK_MARK = re.compile(r"\s*\[[ xX]\]\s")
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W_]")
_SEPARATORS = " -–—―:：|,，،;；.·•"
_OPENINGS = "([{（【「"
_EMPTY_CELL = frozenset({"", "-", "–", "—", "n/a"})


def read_row(cells: Sequence[list[Part]], names: Sequence[str]) -> list[Part]:
    """The cells of a table row as one passage; `names` are the headings of the columns."""
    parts: list[Part] = []
    for number, cell in enumerate(cells):
        if words_of(cell).strip().lower() in _EMPTY_CELL:
            continue
        if parts:
            parts.append(Column(names[number] if number < len(names) else ""))
        parts += cell
    return parts


def words_of(parts: Iterable[Part]) -> str:
    """All the text, of links only what they show, in one line without task marks."""
    text = "".join(map(_show, parts))
    mark = _TASK_MARK.match(text)
    return text if mark is None else text[mark.end() :]


def has_link(parts: Iterable[Part]) -> bool:
    """Whether any link is in it, be it one that can be imported or not."""
    return any(isinstance(part, Link) for part in parts)


def lines_of(parts: Iterable[Part]) -> list[list[Part]]:
    """`parts` cut into the lines of the source."""
    lines: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, LineEnd):
            lines.append([])
        else:
            lines[-1].append(part)
    return lines


def is_entry(line: Sequence[Part], *, after_words: bool) -> bool:
    """Whether a line of a paragraph is there for its link rather than the link for the line.

    So it is when the link begins it, or ends it as a bare address; `after_words`, in a paragraph that began as
    running text and may be wrapped anywhere, only when nothing but links is in it.
    """
    places = [number for number, part in enumerate(line) if isinstance(part, Link)]
    if not places:
        return False
    if after_words:
        return not _says(part for part in line if not isinstance(part, Link))
    if not _says(line[: places[0]]):
        return True
    return len(places) == 1 and _is_bare(line[places[0]]) and not _says(line[places[0] + 1 :])


def harvest_passage(parts: Sequence[Part], topics: Sequence[str], harvest: Harvest) -> None:
    """Hand every link of a passage to `harvest`, by the rules of this module."""
    entry = next((number for number, part in enumerate(parts) if _is_good(part)), None)
    named = [part if number == entry else _name_form(part) for number, part in enumerate(parts)]
    whole = _strip(words_of(named))
    for number, part in enumerate(named):
        if not isinstance(part, Link):
            continue
        title, summary = part.title, whole
        if number == entry:
            title, summary = _entry_texts(part, named[:number], named[number + 1 :], whole)
        harvest.take(part.address, _without_brackets(title), summary, topics, part.line)


def _entry_texts(link: Link, before: Sequence[Part], behind: Sequence[Part], whole: str) -> tuple[str, str]:
    after = _strip(words_of(behind))
    if not _says(before):
        return link.title, after
    column = next((place for place, part in enumerate(before) if isinstance(part, Column)), None)
    title = words_of(before[:column]).rstrip(_SEPARATORS + _OPENINGS)
    # The words of another column are about the link that stands among them, if one does.
    if not _LETTER.search(title) or (column is not None and has_link(before)):
        return link.title, whole
    if _is_bare(link):
        return title, after
    return (title if _is_form(link.title) else link.title), whole


def _is_good(part: Part) -> bool:
    return isinstance(part, Link) and fault_of(clean_address(part.address)) is None


def _is_bare(part: Part) -> bool:
    return isinstance(part, Link) and part.title == part.address


def _is_form(title: str) -> bool:
    """Whether most words are words for a form; a title of signs alone ("↗") says no more than that."""
    words = [word for word in _WORD.findall(title.casefold()) if not word.isdigit()]
    forms = sum(word in _FORMS for word in words)
    return 2 * forms > len(words) or _LETTER.search(title) is None


def _name_form(part: Part) -> Part:
    if isinstance(part, Link) and _is_form(part.title) and _is_good(part):
        return Words(f"{_without_brackets(part.title)} <{part.address}>")
    return part


def _says(parts: Iterable[Part]) -> bool:
    return _LETTER.search(words_of(part for part in parts if not isinstance(part, Column))) is not None


def _show(part: Part) -> str:
    match part:
        case Words():
            return part.text
        case Link():
            return part.title
        case LineEnd():
            return " "
        case Column():
            return f"; {part.name}: " if part.name else "; "
        case _:
            assert_never(part)


def _strip(text: str) -> str:
    return text.strip().lstrip(_SEPARATORS)


def _without_brackets(title: str) -> str:
    title = title.strip()
    return title[1:-1] if title.startswith("(") and title.find(")") == len(title) - 1 else title
