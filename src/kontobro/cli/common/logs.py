"""Structured logs on stderr: ids, states, counts and durations; our own loggers only."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from kontobro.service.logging.lines import LineFormatter


def log_to_stderr() -> Callable[[], None]:
    """Show the log of Kontobro, nothing of the libraries below: an HTTP client's own log has URLs of receipts, and
    those open without a password. Gives what undoes it.
    """
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(LineFormatter(as_json=False))
    ours = logging.getLogger("kontobro")
    before = (ours.level, ours.propagate)
    ours.addHandler(shown)
    ours.setLevel(logging.INFO)
    ours.propagate = False

    def undo() -> None:
        ours.removeHandler(shown)
        ours.setLevel(before[0])  # not by assignment: loggers remember what they may let through
        ours.propagate = before[1]

    return undo


def leave_news_to_doctor() -> None:
    """What Pleo's documents lack is no line between those of a verb: `kontobro doctor` tells it, and --verbose."""
    drift = logging.getLogger("kontobro.pleo.documented")
    if not drift.handlers:
        drift.addHandler(logging.NullHandler())  # with none at all, Python itself shows warnings


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
