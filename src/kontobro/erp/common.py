"""What connectors over HTTP share: their refusals, how they read again, and the problems that are worded alike.

A connector imports this and nothing of another connector. `system` is the accounting system's name, for people.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from kontobro.core.errors import BadAnswer, ItemFailure, KontobroError, Problem, Timeout, Uncertain, Unreachable, shown
from kontobro.core.journal import Reference
from kontobro.core.masterdata import Vendor
from kontobro.core.ports import ReceiptRules

T = TypeVar("T")

READ_TRIES: Final = 4

RECEIPTS: Final = ReceiptRules(
    media_types=frozenset(
        [
            "application/pdf",
            "image/jpeg",
            "image/png",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ]
    ),
    max_bytes=30 * 1024 * 1024,
)
"""What Pleo lets people upload: a system that takes files takes these."""

_REFUSED: Final = "accounting_system_validation_failure"


class Refused(BadAnswer):
    """The system rolled the call back. `name` is its exception's name, `told` its words."""

    def __init__(self, system: str, name: str, told: str) -> None:
        super().__init__(f"{system} refused: {shown(told, 200)}", f"See what {system} says, then try again.")
        self.name = name
        self.told = told


# ------------------------------------------------------------------------------------------ calls over HTTP


def read_again(call: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """The answer of a call without effect: tried again while the system can't be reached."""
    retrying = Retrying(
        retry=retry_if_exception_type(Unreachable),
        wait=wait_exponential_jitter(multiplier=0.5, max=5),
        stop=stop_after_attempt(READ_TRIES),
        sleep=sleep,
        reraise=True,
    )
    return retrying(call)


def no_answer(lost: httpx2.RequestError, system: str, call: str, *, writes: bool) -> KontobroError:
    """A connection that was never made carried nothing; all else may have had its effect."""
    if isinstance(lost, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unreachable(f"{system} can't be reached.", "Check its address, and that it is running.")
    if writes:
        message = f"{system}'s answer to {call} was lost."
        return Uncertain(message, "What it did is looked up before anything is repeated.")
    if isinstance(lost, httpx2.TimeoutException):
        return Timeout(f"{system} did not answer {call} in time.", "Try again when it is less busy.")
    return Unreachable(f"The connection to {system} broke during {call}.", "Try again.")


def retry_after(answer: httpx2.Response) -> float | None:
    """Seconds that the system asks to wait, when it says so."""
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isdigit() else None


def is_safe(url: str) -> bool:
    """A key or a password leaves this machine only encrypted."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))


# ------------------------------------------------------------------------------------------------- problems


def refused(reference: Reference, told: str, system: str, reason: ItemFailure = _REFUSED) -> Problem:
    """What the system itself said no to."""
    return Problem(
        "refused_by_accounting_system",
        "entry",
        shown(reference),
        f"{system} refused the entry: {shown(told, 200)}",
        f"Mend what {system} names, there or in Pleo, then export it again.",
        reason,
    )


def not_posted(reference: Reference, told: str, system: str) -> Problem:
    """A draft that the system would not post."""
    return Problem(
        "not_posted",
        "entry",
        shown(reference),
        f"{system} keeps the entry a draft: {shown(told, 200)}",
        f"Mend what {system} names, post it there, then export it again.",
        _REFUSED,
    )


def booking_gone(reference: Reference, system: str) -> Problem:
    """Somebody deleted it there."""
    return Problem(
        "booking_gone",
        "reference",
        shown(reference),
        f"Entry {shown(reference)} is not in {system} any more.",
        "Export the expense again in Pleo, if it should be booked.",
        _REFUSED,
    )


def vendor_not_written(vendor: Vendor, system: str, remedy: str, told: str = "") -> Problem:
    """A vendor born in Pleo that the system does not have now; `told` is why."""
    return Problem(
        "vendor_not_written",
        "vendor",
        shown(vendor.code),
        f"Vendor {shown(vendor.name)} was not added to {system}{': ' if told else '.'}{shown(told, 200)}",
        remedy,
        "vendor_unknown",
    )
