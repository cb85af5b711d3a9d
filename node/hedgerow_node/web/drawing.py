"""From values to HTML: the templates, and what they may call.

Everything is escaped where it is put in; a template never marks foreign text as safe. Foreign text stands in <bdi>
or in an element with dir="auto", so that neither its direction nor its signs reach beyond it.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from hedgerow_node.clock import Clock
from hedgerow_node.config import PRIVATE_FOLDER
from hedgerow_node.web import language, paths, wording

FOLDER = Path(__file__).parent
STATIC_FILES = {"hedgerow.css": "text/css", "hedgerow.svg": "image/svg+xml"}
LANGUAGE_TAG = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
VERSION_LETTERS = 12


class Drawing:
    """The pages as text."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        """`folder`: where to keep what was made of the templates."""
        self._clock = clock
        self.files = {name: (FOLDER / "static" / name).read_bytes() for name in STATIC_FILES}
        self._environment = _environment(folder)
        self._environment.globals |= {"static": self._static, "when": self._when}

    def draw(self, template: str, values: Mapping[str, object]) -> str:
        """The page of this template; raises what jinja2 raises for a value that is missing."""
        return self._environment.get_template(template).render(values)

    def _static(self, name: str) -> str:
        # The version is part of the address, so a browser may keep the file and still gets a new one.
        return f"/static/{name}?v={sha256(self.files[name]).hexdigest()[:VERSION_LETTERS]}"

    def _when(self, at: float) -> str:
        return wording.when(at, self._clock.now())


class Kept(jinja2.FileSystemBytecodeCache):
    """Templates as they were translated, for the next start; kept only where there is room."""

    @classmethod
    def at(cls, folder: Path) -> "Kept | None":
        """In this folder, made if it is not there; None where that cannot be."""
        try:
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError:
            return None
        return cls(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take one from there; a file that the disk damaged is made anew."""
        try:
            super().load_bytecode(bucket)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        bytecode_cache=Kept.at(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(language.CATALOGUE, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "language": language.LANGUAGE,
        "direction": language.DIRECTION,
        "thing_path": paths.thing_path,
        "trail_path": paths.trail_path,
        "path_with": paths.path_with,
        "is_open": paths.is_open,
        "is_disguised": paths.is_disguised,
        "host_of": paths.host_of,
        "readable": paths.readable,
        "way_of": wording.way_of,
        "role_of": wording.role_of,
        "finding": wording.finding,
        "day": wording.date_words,
        "moment": wording.moment,
        "number": wording.number_words,
        "size": wording.size_words,
        "words": wording,
    }
    environment.filters |= {"clean": paths.clean, "tongue": tongue}
    return environment


def tongue(tag: str) -> str:
    """A language tag that may stand in `lang`; empty for anything else."""
    return tag if LANGUAGE_TAG.fullmatch(tag) else ""
