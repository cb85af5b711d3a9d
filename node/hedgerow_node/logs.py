"""Logging: a constant event text plus fields, on one line each.

Nothing that names what a person reads or writes belongs into a log: no bodies, no addresses of learners, no
whole keys; ids are shortened by `short`.
"""

import json
import logging
from typing import IO

from hedgerow_protocol import base58

ROOT = "hedgerow"
SHORT = 8
"""Letters of an id in a log: enough to tell messages apart, too few to look one up elsewhere by chance."""


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        words = [f"{name}={json.dumps(value, ensure_ascii=True)}" for name, value in fields.items()]
        line = " ".join([f"{record.levelname.lower():<7} {record.getMessage()}", *words])
        if record.exc_info and record.exc_info[1] is not None:
            line += f" error={json.dumps(type(record.exc_info[1]).__name__)}"
        return line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        line = {
            "time": record.created,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
        return json.dumps(line, ensure_ascii=True)


class Log:
    """The log of one part of the node."""

    def __init__(self, part: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{part}")

    def debug(self, event: str, **fields: object) -> None:
        """Only for whoever looks for a fault."""
        self._logger.debug(event, extra={"fields": fields})

    def info(self, event: str, **fields: object) -> None:
        """Something an operator wants to know happened."""
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, **fields: object) -> None:
        """Something is not as it should be; the node goes on."""
        self._logger.warning(event, extra={"fields": fields})

    def failure(self, event: str, error: BaseException, **fields: object) -> None:
        """Something failed that should not; only the kind of `error` is logged, for its text may quote bodies."""
        self._logger.error(event, extra={"fields": fields}, exc_info=error)


def configure(stream: IO[str], *, level: int = logging.INFO, as_json: bool = False) -> None:
    """Send the node's log to `stream` as lines of text or of JSON; replaces what was configured before."""
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [_handler(stream, as_json)]
    logger.setLevel(level)
    logger.propagate = False


def also(stream: IO[str], *, as_json: bool) -> None:
    """Send the log to this stream as well."""
    logging.getLogger(ROOT).addHandler(_handler(stream, as_json))


def _handler(stream: IO[str], as_json: bool) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json() if as_json else _Lines())
    return handler


def short(identifier: bytes) -> str:
    """The first letters of an id or key in base58."""
    return base58.encode(identifier)[:SHORT]
