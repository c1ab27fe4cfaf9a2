"""Structured logs of the service: one line for each thing that happened, with the ids of what it belongs to.

Everything that logs by the standard library (Kontobro's own parts, Django, gunicorn, DBOS) goes the same way.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from kontobro.service.config import ServiceConfig
from kontobro.service.logging.lines import LineFormatter, bound, bound_value
from kontobro.service.outage import is_outage

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_HTTP: Final = ("httpx2", "httpcore2", "httpx", "httpcore", "urllib3", "asyncio")
"""Their own logs have addresses of receipts, and those open without a password."""

QUIET: Final = 60.0
"""Seconds between two lines that tell of the same outage."""


def set_up_logs(config: ServiceConfig, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (stderr). Called again, it replaces what it did before."""
    shown = logging.StreamHandler(stream or sys.stderr)
    shown.setFormatter(LineFormatter(as_json=config.log_format == "json"))
    shown.addFilter(OncePerOutage())
    root = logging.getLogger()
    root.handlers[:] = [shown]
    root.setLevel(logging.WARNING)
    logging.getLogger("kontobro").setLevel(LEVELS[config.log_level])
    for name in _HTTP:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


@contextmanager
def working_on(**ids: str) -> Iterator[str]:
    """Bind ids (`connection`, `job`, `work`, `request`) to every line logged within; gives the correlation id.

    An id from outside that is a correlation already is kept: work asked for by a request tells of both.
    """
    id = ids.pop("correlation", "") or correlation() or uuid.uuid4().hex
    with bound({"correlation": id, **ids}):
        yield id


def correlation() -> str:
    """The correlation id of what this thread works on; empty outside of `working_on`."""
    return bound_value("correlation")


class OncePerOutage(logging.Filter):
    """While the database is away everything that touches it fails, and all of it is one line a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at = -QUIET

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) == 503:
            return False  # Django's own line of a page that was not to be had: the page's line tells it
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_outage(error):
            return True
        now = time.monotonic()
        if now - self._logged_at < QUIET:
            return False
        self._logged_at = now
        record.msg, record.args, record.exc_info = "the database can't be reached", (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
