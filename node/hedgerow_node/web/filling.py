"""What stands in the forms of a page when it is drawn: what is said already, or what was just refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hedgerow_node.exchange.items import ImportedLink
from hedgerow_node.store.records import Item, Statement
from hedgerow_node.web.visit import Refused

DESCRIPTION = ("title", "summary", "language", "type", "level", "audience", "licence")


@dataclass(frozen=True, slots=True)
class Filled:
    """The values of one form."""

    act: str
    values: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False
    """Whether it comes back to be mended."""

    def text(self, name: str) -> str:
        """The value of a field; empty where there is none."""
        return self.values.get(name, "")


def filled(act: str, before: Mapping[str, str], refused: Refused | None) -> Filled:
    """The form of `act`: as somebody just filled it in where it was refused, else with what was said before."""
    if refused is None or refused.act != act:
        return Filled(act, before)
    return Filled(act, {name: values[0] for name, values in refused.form.fields.items()}, is_refused=True)


def of_statement(statement: Statement | None) -> dict[str, str]:
    """The fields by which a statement could be said again."""
    if statement is None:
        return {}
    values = {name: getattr(statement, name) for name in DESCRIPTION}
    values |= {"reason": statement.reason, "text": statement.text, "topics": ", ".join(statement.topics)}
    values |= {"stance": statement.stance or "", "role": statement.role or ""}
    values |= {"teaches": ", ".join(statement.teaches), "authors": ", ".join(statement.authors)}
    values["value"] = _answer(statement.value)
    values["minutes"] = "" if statement.minutes is None else str(statement.minutes)
    return values


def _answer(value: bool | int | str | None) -> str:
    """What was found, as it would be typed."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def of_item(item: Item | ImportedLink | None) -> dict[str, str]:
    """The fields by which an item of the private library, or of the one that comes with Hedgerow, is described."""
    if item is None:
        return {}
    return {"title": item.title, "summary": item.summary, "topics": ", ".join(item.topics)}
