"""HTML as a list of elements, read strictly: what is not closed, or closed twice, is a fault."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

INLINE = frozenset({"a", "bdi", "code", "span", "strong", "time"})
VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass
class Element:
    """One element; its text has that of all within it."""

    tag: str
    attributes: dict[str, str]
    within: tuple[str, ...]
    """The tags around it, outermost first."""
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(self.parts)

    @property
    def names(self) -> set[str]:
        """Its classes and its role."""
        return {*self.attributes.get("class", "").split(), self.attributes.get("role", "")}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {attrs}"
        element = Element(
            tag, {name: value or "" for name, value in attrs}, tuple(one.tag for one in self._open)
        )
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> stands where it should not"
        if tag not in INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.parts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def close(self) -> None:
        super().close()
        assert not self._open, f"not closed: {[one.tag for one in self._open]}"


def parse(html: str) -> list[Element]:
    """The elements of a page, in their order; raises `AssertionError` for a fault of its own making."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.elements
