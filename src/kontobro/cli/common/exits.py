"""Exit codes: what a script can rely on (`docs/cli.md` says the same, a test holds them equal)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from kontobro.core.errors import (
    Busy,
    Conflict,
    JobGone,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    StoreUnreachable,
    Uncertain,
    Unreachable,
    UnsafePlan,
)
from kontobro.core.model.connection import AlreadyConnected

if TYPE_CHECKING:
    from kontobro.export.engine import JobResult


class Exit(IntEnum):
    OK = 0
    PROBLEMS = 1
    USAGE = 2
    NEEDS_FIX = 3
    UNREACHABLE = 4
    BUSY = 5
    UNFINISHED = 6
    FAULT = 7
    DECISION = 8


MEANINGS: dict[Exit, str] = {
    Exit.OK: "OK",
    Exit.PROBLEMS: "problems were found, or some expenses failed",
    Exit.USAGE: "the command or an option is wrong",
    Exit.NEEDS_FIX: "settings, login or permissions need fixing",
    Exit.UNREACHABLE: "Pleo, the accounting system or the database can't be reached; try again later",
    Exit.BUSY: "another run is in progress; nothing was done",
    Exit.UNFINISHED: "unfinished, or a booking is unconfirmed; run it again",
    Exit.FAULT: "an unexpected error in Kontobro, a connector or an answer; see --debug",
    Exit.DECISION: "a sync needs a person's decision; see kontobro sync plan",
}

SEVERITY = (
    Exit.FAULT, Exit.UNREACHABLE, Exit.NEEDS_FIX, Exit.BUSY, Exit.UNFINISHED, Exit.DECISION, Exit.PROBLEMS, Exit.USAGE,
    Exit.OK,
)  # fmt: skip
"""Which exit code wins when parts end differently."""


def worst_of(codes: Iterable[Exit]) -> Exit:
    return min(codes, key=SEVERITY.index, default=Exit.OK)


_OF_ERRORS: tuple[tuple[type[KontobroError], Exit], ...] = (
    (LoginFailed, Exit.NEEDS_FIX),
    (NotAllowed, Exit.NEEDS_FIX),
    (Misconfigured, Exit.NEEDS_FIX),
    (AlreadyConnected, Exit.NEEDS_FIX),
    (Unreachable, Exit.UNREACHABLE),
    (StoreUnreachable, Exit.UNREACHABLE),
    (Busy, Exit.BUSY),
    (Uncertain, Exit.UNFINISHED),
    (JobGone, Exit.UNFINISHED),
    (Conflict, Exit.PROBLEMS),
    (UnsafePlan, Exit.DECISION),
)

_PATIENCE = ("unreachable", "timeout", "rate_limit")


def exit_of(error: BaseException) -> Exit:
    """The exit code of a fault; anything that is not named here is a fault of ours."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), Exit.FAULT)


def exit_of_result(result: JobResult) -> Exit:
    """The exit code of a job's result."""
    if result.event == "unfinished" or result.uncertain:
        return Exit.UNFINISHED
    if result.event == "failed":
        return _of_failure(result.failure_type or "")
    return Exit.PROBLEMS if result.failed else Exit.OK


def _of_failure(failure_type: str) -> Exit:
    """A job that failed as a whole: the other side was away, no item could be booked, or settings need fixing."""
    if failure_type.endswith(_PATIENCE):
        return Exit.UNREACHABLE
    return Exit.PROBLEMS if failure_type == "validation_failure" else Exit.NEEDS_FIX


def epilog() -> str:
    """The exit codes as the last line of `kontobro --help`."""
    return "Exit codes: " + " · ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items())
