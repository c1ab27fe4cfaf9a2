"""Structured logs on stderr: ids, states, counts and durations; our own loggers only."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any


def log_to_stderr() -> Callable[[], None]:
    """Show the log of Kontobro (structlog's and the standard library's), nothing of the libraries below:
    an HTTP client's own log has URLs of receipts, and those open without a password. Gives what undoes it.
    """
    import structlog

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    ours = logging.getLogger("kontobro")
    before = (ours.level, ours.propagate)
    ours.addHandler(shown)
    ours.setLevel(logging.INFO)
    ours.propagate = False

    def undo() -> None:
        ours.removeHandler(shown)
        ours.setLevel(before[0])  # not by assignment: loggers remember what they may let through
        ours.propagate = before[1]

    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return undo


def traces_to_stderr() -> Callable[[], None]:
    """Show the tracebacks of a company's own function (`core/rules/hook.py`), for --debug. Gives what undoes it."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(logging.Formatter("%(message)s"))
    ours = logging.getLogger("kontobro.core.rules.hook")
    before = ours.level
    ours.addHandler(shown)
    ours.setLevel(logging.DEBUG)

    def undo() -> None:
        ours.removeHandler(shown)
        ours.setLevel(before)

    return undo
