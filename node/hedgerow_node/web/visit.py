"""One request to a page: what its handler needs, and the answers it can give."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import hdrs, web

from hedgerow_node.commands.operation import Download, Json
from hedgerow_node.commands.reach import who_forgets, who_receives
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.network import Network
from hedgerow_node.node import Node, OnProgress, ignore_progress
from hedgerow_node.problems import Problem
from hedgerow_node.store.records import Statement
from hedgerow_node.web import wording
from hedgerow_node.web.drawing import Drawing
from hedgerow_node.web.forms import PROOF, Form
from hedgerow_node.web.guard import cookie_name
from hedgerow_node.web.sessions import Session, Sessions
from hedgerow_node.web.works import Works

SEE_OTHER = 303
TWO_ENDED = frozenset({"connect", "follow", "introduce", "vouch"})
SUPERSEDED_BY = "superseded by"
DONE = "done"
"""The field of an address that says what was just done."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not accepted: it comes back as it was filled in, with the reason."""

    act: str
    problem: Problem
    form: Form


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who was let in."""

    request: web.Request
    node: Node
    session: Session
    form: Form
    """Empty where nothing was sent."""
    drawing: Drawing
    works: Works
    sessions: Sessions

    @property
    def cursor(self) -> str | None:
        """From which place of a list to go on."""
        return self.request.query.get("cursor") or None

    @property
    def lets_in(self) -> bool:
        """Whether this node lets others in, so that somebody has to answer for what it gives to them."""
        network = self.node.network
        return isinstance(network, Network) and network.address is not None

    @property
    def is_seed(self) -> bool:
        """Whether the home is that of a seed."""
        return self.node.home.seed.exists()

    async def do(
        self, name: str, values: Mapping[str, object], on_progress: OnProgress = ignore_progress
    ) -> Json:
        """Run the operation of this name; raises `Problem`."""
        operation = BY_NAME[name]
        answer = await operation(self.node, operation.request_of(values), on_progress)
        if isinstance(answer, Download):
            raise TypeError(f"{name} answers with a file")
        return answer

    def page(
        self, template: str, values: Mapping[str, object], refused: Refused | None = None
    ) -> web.StreamResponse:
        """The page of this template."""
        common = {
            "path": self.request.path,
            "proof": self.session.proof,
            "proof_name": PROOF,
            "outcome": self._outcome() if refused is None else None,
            "problem": refused.problem if refused is not None else None,
            "refused": refused,
            "lets_in": self.lets_in,
            "is_seed": self.is_seed,
            "who_receives": who_receives(self.node),
            "who_forgets": who_forgets(self.node),
        }
        text = self.drawing.draw(template, {**common, **values})
        status = refused.problem.status if refused is not None else 200
        return web.Response(text=text, status=status, content_type="text/html")

    def go(self, path: str) -> web.StreamResponse:
        """Go on at another page, so that loading it again does not send the form again."""
        return web.Response(status=SEE_OTHER, headers={hdrs.LOCATION: path})

    async def titles(self, statements: Iterable[Statement]) -> dict[str, str]:
        """What to call the things that these name beside the one that they are about."""
        ends = {end for one in statements if one.kind in TWO_ENDED for end in (one.thing, one.to) if end}
        ends |= {one.value for one in statements if one.claim == SUPERSEDED_BY and isinstance(one.value, str)}
        return await self.node.store.views.titles(ends)

    def end_session(self) -> None:
        """Let this browser in no more."""
        self.sessions.end(self.request.cookies.get(cookie_name(self.request), ""))

    def _outcome(self) -> dict[str, str] | None:
        found = wording.OUTCOMES.get(self.request.query.get(DONE, ""))
        if found is None:
            return None
        reach = {wording.PUBLIC: who_receives, wording.TAKEN_BACK: who_forgets}.get(found[0])
        return {"words": found[1], "who": reach(self.node) if reach else ""}


Handle: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]
