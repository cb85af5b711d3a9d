"""A browser as the pages see it: cookies, the proof in each form, the headers that browsers add."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote, urlencode

from aiohttp import ClientSession, CookieJar, FormData
from yarl import URL

from node.web.markup import Element, parse

PROOF = re.compile(r'name="proof" value="([^"]+)"')
Fields = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    path: str
    """Where it was found, after having been sent on."""
    headers: Mapping[str, str]
    html: str

    @property
    def elements(self) -> list[Element]:
        """Everything on the page, in its order."""
        return parse(self.html)

    def texts(self, tag: str, name: str = "") -> list[str]:
        """The texts of the elements with this tag, and this class or role if one is named."""
        found = [one for one in self.elements if one.tag == tag and (not name or name in one.names)]
        return [" ".join(one.text.split()) for one in found]

    def text(self, tag: str = "main", name: str = "") -> str:
        """The text of the first such element; empty where there is none."""
        return (self.texts(tag, name) or [""])[0]

    def links(self) -> list[str]:
        """Where the links of the page itself lead, those of its head left out."""
        return [one.attributes["href"] for one in self.elements if one.tag == "a" and "main" in one.within]


class Visitor:
    """Make one with `Visitor.at`."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self.session = session
        self.base = base
        self.proof = ""

    @classmethod
    @asynccontextmanager
    async def at(cls, base: str, jar: CookieJar) -> AsyncIterator["Visitor"]:
        """A browser at this node, with these cookies."""
        async with ClientSession(cookie_jar=jar) as session:
            yield cls(session, base)

    async def get(self, path: str, headers: Mapping[str, str] = {}, *, goes_on: bool = True) -> Answer:
        """Open a page."""
        return await self.send("GET", path, headers=headers, goes_on=goes_on)

    async def post(self, path: str, fields: Fields, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form as these pages would."""
        if not self.proof:
            self.proof = (PROOF.search((await self.get("/you")).html) or ["", ""])[1]
        given = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return await self.send("POST", path, urlencode({"proof": self.proof, **fields}, doseq=True), given)

    async def upload(self, name: str, data: bytes) -> Answer:
        """Send a file in."""
        await self.post("/nowhere", {})
        form = FormData()
        form.add_field("proof", self.proof)
        form.add_field("file", data, filename=name)
        return await self._send("POST", "/import", form, {"Origin": self.base})

    async def send(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] = {},
        *,
        goes_on: bool = True,
    ) -> Answer:
        """Send anything."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        return await self._send(method, path, body, {**form, **headers}, goes_on=goes_on)

    async def _send(
        self,
        method: str,
        path: str,
        body: str | FormData | None,
        headers: Mapping[str, str],
        *,
        goes_on: bool = True,
    ) -> Answer:
        url = URL(self.base + path, encoded=True)
        data = BytesIO(body.encode()) if isinstance(body, str) else body
        async with self.session.request(
            method, url, data=data, headers=headers, allow_redirects=goes_on
        ) as response:
            html = (await response.read()).decode("utf-8", "replace")
            return Answer(response.status, response.url.raw_path_qs, dict(response.headers), html)


def thing_path(thing: str) -> str:
    """The page of a thing, written by another hand than the pages'."""
    return "/thing/" + quote(thing, safe="")
