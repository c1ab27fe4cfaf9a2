"""Structured logs of the service: one line for each thing that happened, with the ids of what it belongs to.

Everything that logs by the standard library (Kontobro's own parts, Django, gunicorn, DBOS) goes the same way. Our code
logs no names, tokens or payloads; what libraries say is scrubbed besides, and of an exception only its type and
frames are told: its text may hold anything.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, TextIO

import structlog

from kontobro.service.config import ServiceConfig
from kontobro.service.outage import causes, is_outage

Line = MutableMapping[str, Any]

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_HTTP: Final = ("httpx2", "httpcore2", "httpx", "httpcore", "urllib3", "asyncio")
"""Their own logs have addresses of receipts, and those open without a password."""

_SECRET: Final = re.compile(
    r"(?i)\b(?:bearer|basic)\s+\S+"
    r"|\b(?:plp|whsec)_\S+"
    r"|://[^/@\s]*@"  # a password in an address
    r"|\?\S+"  # a query: signed addresses, codes of a login
    r"|\b(?![0-9a-f]{32}\b)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"  # an IBAN
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # a mail address
    r"|(?<![\w-])(?![0-9a-f-]{32,36}(?![\w-]))[\w-]{32,}"  # a token; ids in hexadecimal stay
)
_CODE: Final = "at"
"""Where a fault happened: lines of code only, so it is left as it is."""
QUIET: Final = 60.0
"""Seconds between two lines that tell of the same outage."""
_OURS: Final = frozenset({"timestamp", "level", "logger", _CODE})


def set_up_logs(config: ServiceConfig, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (stderr). Called again, it replaces what it did before."""
    shown = logging.StreamHandler(stream or sys.stderr)
    shown.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[
                _told_fault,
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                scrubbed,
                _renderer(config),
            ],
        )
    )
    shown.addFilter(OncePerOutage())
    root = logging.getLogger()
    root.handlers[:] = [shown]
    root.setLevel(logging.WARNING)
    logging.getLogger("kontobro").setLevel(LEVELS[config.log_level])
    for name in _HTTP:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderer(config: ServiceConfig) -> structlog.typing.Processor:
    if config.log_format == "json":
        return structlog.processors.JSONRenderer(sort_keys=True, default=str)
    return structlog.dev.ConsoleRenderer(colors=False)


@contextmanager
def working_on(**ids: str) -> Iterator[str]:
    """Bind ids (`connection`, `job`, `work`, `request`) to every line logged within; gives the correlation id.

    An id from outside that is a correlation already is kept: work asked for by a request tells of both.
    """
    held = structlog.contextvars.get_contextvars()
    correlation = ids.pop("correlation", "") or str(held.get("correlation") or uuid.uuid4().hex)
    with structlog.contextvars.bound_contextvars(correlation=correlation, **ids):
        yield correlation


def correlation() -> str:
    """The correlation id of what this thread works on; empty outside of `working_on`."""
    return str(structlog.contextvars.get_contextvars().get("correlation", ""))


def scrubbed(logger: object, method: str, line: Line) -> Line:
    """Structlog's processor: no string value leaves with what looks like a secret."""
    return {name: value if name in _OURS else _scrub(value) for name, value in line.items()}


def _scrub(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _SECRET.sub("…", str(value))


def _told_fault(logger: object, method: str, line: Line) -> Line:
    """An exception as its types and frames, without its text."""
    record = line.get("_record")
    info = line.pop("exc_info", None) or (record.exc_info if record is not None else None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        line["fault"] = " from ".join(type(each).__name__ for each in causes(error))
        line[_CODE] = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return line


class OncePerOutage(logging.Filter):
    """While the database is away everything that touches it fails, and all of it is one line a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at = -QUIET

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) == 503:
            return False  # Django's own line of a page that was not to be had: the page's line tells it
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_outage(error):
            return True
        now = time.monotonic()
        if now - self._told_at < QUIET:
            return False
        self._told_at = now
        record.msg, record.args, record.exc_info = "the database can't be reached", (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
