"""A log record as one line of text: JSON for a log collector, or key=value for a person.

Our code logs no names, tokens or payloads; what libraries say is scrubbed besides, and of an exception only its types
and frames are shown: its text may hold anything.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from kontobro.service.outage import causes

_SECRET: Final = re.compile(
    r"(?i)\b(?:bearer|basic)\s+\S+"
    r"|\b(?:plp|whsec)_\S+"
    r"|://[^/@\s]*@"  # a password in an address
    r"|\?\S+"  # a query: signed addresses, codes of a login
    r"|\b(?![0-9a-f]{32}\b)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"  # an IBAN
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # a mail address
    r"|(?<![\w-])(?![0-9a-f-]{32,36}(?![\w-]))[\w-]{32,}"  # a token; ids in hexadecimal stay
)
_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_BOUND: ContextVar[Mapping[str, object]] = ContextVar("bound to every line", default={})  # noqa: B039 - never changed


class LineFormatter(logging.Formatter):
    """Event, level, logger and time of a record, its extras, and the values that are bound."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        line = line_of(record)
        return json.dumps(line, sort_keys=True) if self._as_json else _as_text(line)


@contextmanager
def bound(values: Mapping[str, object]) -> Iterator[None]:
    """Add these to every line that is logged within."""
    token = _BOUND.set({**_BOUND.get(), **values})
    try:
        yield
    finally:
        _BOUND.reset(token)


def bound_value(name: str) -> str:
    """A value that is bound here; empty where there is none."""
    return str(_BOUND.get().get(name, ""))


def line_of(record: logging.LogRecord) -> dict[str, object]:
    """What of a record is shown. No extra of a record replaces what is said about every record."""
    extras = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    return {
        **scrubbed({**_BOUND.get(), **extras, "event": record.getMessage()}),
        **_fault_of(record),
        "level": record.levelname.lower(),
        "logger": record.name,
        "timestamp": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def scrubbed(values: Mapping[str, object]) -> dict[str, object]:
    """The values as text, numbers and None, without what looks like a secret."""
    return {name: _scrub(value) for name, value in values.items()}


def _scrub(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _SECRET.sub("…", str(value))


def _fault_of(record: logging.LogRecord) -> dict[str, object]:
    """An exception as its types and frames (lines of code only), without its text."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "fault": " from ".join(type(each).__name__ for each in causes(error)),
        "at": [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _as_text(line: dict[str, object]) -> str:
    time, level, event, logger = (line.pop(name) for name in ("timestamp", "level", "event", "logger"))
    shown = "".join(f" {name}={_on_one_line(value)}" for name, value in sorted(line.items()))
    return f"{time} [{level:<8}] {_on_one_line(event, blanks=True)} [{logger}]{shown}"


def _on_one_line(value: object, *, blanks: bool = False) -> str:
    """As it is where a person can tell where it ends, else quoted as JSON: no text of others starts a line."""
    text = str(value)
    plain = text.isprintable() and (blanks or (text != "" and not {" ", '"'} & set(text)))
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
