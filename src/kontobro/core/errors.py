"""Faults are exceptions, data faults are values: everything that can go wrong, with its remedy.

KontobroError
├─ Unreachable · Timeout · RateLimited(retry_after)   patience, then the job fails
├─ LoginFailed · NotAllowed · Misconfigured           a person fixes it; the job fails
│  ├─ SeveralCompanies (of Misconfigured)             one has to be chosen
│  └─ NotUsable (of Misconfigured)                    never exported yet, and not ready to: the job waits in Pleo
├─ Uncertain                                          the outcome of a write is unknown: find first
├─ Conflict                                           a person decides
├─ UnsafePlan                                         a sync's plan that is not carried out
│  ├─ EmptySource                                     never: fixed in the accounting system first
│  ├─ TooManyChanges                                  not without approval: a person approves the plan by its digest
│  └─ NotApproved                                     the digest is missing, wrong or of another kind
├─ Busy                                               another run is in progress; nothing was done
│  └─ Taken                                           another installation has the export job
├─ JobGone                                            Pleo finished or expired the job under us
├─ BadAnswer                                          an answer that is not the contract's
│  └─ IncompleteList                                  a list that ends too early
├─ ReceiptUnavailable                                 one receipt can't be fetched; its item's problem alone
└─ ConnectorFault                                     a bug in a connector; carries our log id
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, Self

from kontobro.core.words import FAULTS, Fact, Noted, Phrase, Said, Show, fault_told, form_of, lacks, plain, said
from kontobro.core.words.facts import facts_from, facts_to

JobFailure = Literal[
    "invalid_configuration",
    "missing_configuration",
    "authentication_failure",
    "accounting_system_authentication_failure",
    "pleo_rate_limit",
    "accounting_system_rate_limit",
    "service_unreachable",
    "accounting_system_unreachable",
    "validation_failure",
    "authorization_failure",
    "integration_unusable",
    "job_expired",
    "service_timeout",
    "accounting_system_timeout",
    "canceled_by_user",
]
"""Why a whole job failed, in Pleo's words (`pleo/api.md` B3, request enum)."""

ItemFailure = Literal[
    "receipt_upload_failure",
    "receipt_download_failure",
    "receipt_file_size_limit_exceeded",
    "receipt_conversion_failure",
    "unexpected_failure",
    "invalid_configuration",
    "missing_configuration",
    "accounting_system_authentication_failure",
    "accounting_system_rate_limit",
    "accounting_system_unreachable",
    "validation_failure",
    "accounting_system_validation_failure",
    "authorization_failure",
    "accounting_system_timeout",
    "vendor_unknown",
    "account_unknown",
    "tax_code_unknown",
    "tag_unknown",
]
"""Why one item failed, in Pleo's words (`pleo/api.md` B3, request enum)."""


@dataclass(frozen=True, slots=True, init=False)
class Problem:
    """A data fault that a bookkeeper can fix: its code and facts. A value, never raised.

    `code` is ours and stable (documented in `docs/problems.md`); `field` is the field as Pleo or the
    settings name it; `value` is what it holds, shortened; `reason` is what Pleo is told. Message and remedy are the
    catalogue's (`core/words/english.toml`, under the code and its `form`), with `facts` in their placeholders.

    `Problem(code, field, value, message, remedy, reason)` is for what no catalogue knows: a company's own function,
    another connector. It is shown as it is, in every language.
    """

    code: str
    field: str
    value: str
    reason: ItemFailure
    form: str
    facts: Mapping[str, Fact] = dataclasses.field(hash=False)

    def __init__(
        self,
        code: str,
        field: str,
        value: str,
        message: str | None = None,
        remedy: str | None = None,
        reason: ItemFailure = "validation_failure",
        **kept: Any,
    ) -> None:
        """`kept`: form and facts, as `dataclasses.replace` hands them on."""
        form, facts = kept.get("form", OWN), dict(kept.get("facts", {}))
        if form == OWN:
            facts["message"] = facts.get("message", "") if message is None else message
            facts["remedy"] = facts.get("remedy", "") if remedy is None else remedy
        self._set(code, field, value, reason, form, facts)

    @classmethod
    def of(cls, name: str, field: str, value: object, reason: ItemFailure, facts: Mapping[str, Fact]) -> Self:
        """A problem of the catalogue: `name` is its code, or code and form (`period_closed.lock`). `value` and texts
        among the facts are shortened. Raises KeyError for what the catalogue does not have, or a fact it needs."""
        made, text = cls.__new__(cls), shown(value)
        name = form_of(name, text)
        if missing := lacks(name, facts):
            raise KeyError(f"{name}: {', '.join(sorted(missing))}")
        code, _, form = name.partition(".")
        made._set(code, field, text, reason, form, {key: _bounded(fact) for key, fact in facts.items()})
        return made

    def _set(self, *values: object) -> None:
        for slot, value in zip(Problem.__slots__, values, strict=True):
            object.__setattr__(self, slot, value)

    def said(self, language: str | None = None, show: Show = plain) -> Said:
        """Message and remedy in that language (`da`, `da_DK`), with numbers and days as `show` has them."""
        if self.form == OWN:
            return Said(str(self.facts["message"]), str(self.facts["remedy"]))
        name = f"{self.code}.{self.form}" if self.form else self.code
        return said(name, {"field": self.field, "value": self.value, **self.facts}, language, show)

    @property
    def message(self) -> str:
        return self.said().message

    @property
    def remedy(self) -> str:
        return self.said().remedy

    @property
    def fix(self) -> str:
        """The remedy as it is said before an export: without "then export it again"."""
        return _EXPORT_AGAIN.sub("", self.remedy).strip()

    def __str__(self) -> str:
        return str(self.said())

    def to_json(self) -> dict[str, Any]:
        """As it is stored: with the English that Pleo was told."""
        text = self.said()
        kept = {"code": self.code, "field": self.field, "value": self.value, **text._asdict(), "reason": self.reason}
        return kept if self.form == OWN else {**kept, "form": self.form, "facts": facts_to(self.facts)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` gave, of any version. Without facts, or where the catalogue has moved on, it is shown in the
        English that was stored."""
        code, form = stored["code"], stored.get("form", OWN)
        try:
            facts = facts_from(stored.get("facts", {}))
            if form != OWN and not lacks(f"{code}.{form}" if form else code, facts):
                made = cls.__new__(cls)
                made._set(code, stored["field"], stored["value"], stored["reason"], form, facts)
                made.said()
                return made
        except (KeyError, ValueError, TypeError, ArithmeticError):
            pass  # its stored English is shown
        return cls(**{name: stored[name] for name in ("code", "field", "value", "message", "remedy", "reason")})


OWN: Final = "own"
"""The form of a problem that brings its own words."""


def _bounded(fact: Fact) -> Fact:
    """A text is one line of at most 200 characters (in brackets with the blank before it), and so is a long number."""
    if isinstance(fact, tuple):
        return tuple(map(_bounded, fact))
    if isinstance(fact, Phrase):
        return Phrase(fact.name, {name: _bounded(part) for name, part in fact.facts.items()})
    if isinstance(fact, Decimal) and len(str(fact)) > 40:
        return shown(fact, 40)
    return (" " * fact.startswith(" (")) + shown(fact, 200) if type(fact) is str else fact


class Note(Problem):
    """Worth saying and stops nothing: a connector may answer it among the problems of an entry."""


def parted(found: Iterable[Problem]) -> tuple[list[Problem], list[str]]:
    """The problems, and the words of the notes."""
    everything = list(found)
    notes = [str(one) for one in everything if isinstance(one, Note)]
    return [one for one in everything if not isinstance(one, Note)], notes


_EXPORT_AGAIN = re.compile(
    r"([,;]? (then|and) export (it|them|the expenses?|those expenses) again( in Pleo)?(?=[.;:,]|$)"
    r"|(?:^| )Export (it|the expenses?) again( in Pleo)?\.(?= |$))"
)


def shown(value: object, limit: int = 60) -> str:
    """A value as it may be in a message: one line, no control characters, at most `limit` characters."""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def said_of(error: OSError) -> str:
    """What the system says of a file or a connection, as a part of a sentence: without what it does not say."""
    what = shown(error.strerror or str(error) or type(error).__name__, 200)
    return f"{what}: {error.filename}" if error.filename else what


class KontobroError(Exception):
    """What happened and where; `remedy`: what to do, true on every page; `command`: what a person types to do it."""

    job_failure: JobFailure = "integration_unusable"
    command: str = ""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def by(self, command: str) -> Self:
        self.command = command
        return self


def fault_in(fault: KontobroError, language: str | None) -> str:
    """What a fault says to a person in that language, with the English below it; the English alone for others."""
    return fault_told(fault_code(fault), str(fault), language)


def fault_code(fault: KontobroError) -> str:
    """What is kept of a fault beside its text, for `fault_told`: `fault.Busy`, else why the job fails, `job.…`."""
    kind = next((one.__name__ for one in type(fault).__mro__ if one.__name__ in FAULTS), None)
    return f"fault.{kind}" if kind else f"job.{fault.job_failure}"


class Unreachable(KontobroError):
    """The other side can't be reached. `side` is "pleo" or "accounting system"."""

    job_failure: JobFailure = "accounting_system_unreachable"


class Timeout(Unreachable):
    """The other side did not answer in time. Raised by reads and by writes that are safe to repeat."""

    job_failure: JobFailure = "accounting_system_timeout"


class RateLimited(Unreachable):
    """The other side asks for fewer calls. `retry_after` in seconds, when it was told."""

    job_failure: JobFailure = "accounting_system_rate_limit"

    def __init__(self, message: str, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class LoginFailed(KontobroError):
    """Credentials are refused, expired or revoked: connect again."""

    job_failure: JobFailure = "accounting_system_authentication_failure"


class NotAllowed(KontobroError):
    """Logged in, but a permission or scope is missing."""

    job_failure: JobFailure = "authorization_failure"


class Misconfigured(KontobroError):
    """A setting is missing or wrong: a person fixes it."""

    job_failure: JobFailure = "missing_configuration"

    def __init__(self, message: str, remedy: str = "", job_failure: JobFailure = "missing_configuration") -> None:
        super().__init__(message, remedy)
        self.job_failure = job_failure


class SeveralCompanies(Misconfigured):
    """The login sees several companies and none is chosen. `companies`: id and name of each, for the person."""

    def __init__(self, message: str, remedy: str = "", companies: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message, remedy)
        self.companies = tuple(companies)


class NotUsable(Misconfigured):
    """The connection is not set up far enough for its first export. The job `job_id` was left pending: it expires at
    `expires_at`."""

    def __init__(self, message: str, remedy: str, job_id: str, expires_at: datetime) -> None:
        super().__init__(message, remedy)
        self.job_id, self.expires_at = job_id, expires_at


class Uncertain(KontobroError):
    """A write was sent and its outcome is not known. Never repeat it: `find` first."""

    job_failure: JobFailure = "accounting_system_timeout"


class Conflict(KontobroError):
    """The same reference is with other content. A person decides."""

    job_failure: JobFailure = "validation_failure"


class UnsafePlan(KontobroError):
    """A sync's plan that is not carried out. Nothing was written."""


class EmptySource(UnsafePlan):
    """The accounting system has no record of a kind, and Pleo has: more likely a fault than the truth."""


class TooManyChanges(UnsafePlan):
    """More changes than a schedule may make without approval."""


class NotApproved(UnsafePlan):
    """The plan that a person saw is not the one that would be carried out now, or no one saw any."""


class Busy(KontobroError):
    """Another run holds the lock. Nothing was done."""


class Taken(Busy):
    """Another installation has the export job, or may have it. Nothing was done."""


class StoreUnreachable(KontobroError):
    """Our own database's server can't be reached: nothing can be remembered, so nothing may be done. Try later."""


class JobGone(KontobroError):
    """Pleo no longer takes anything for this job: finished, expired or cancelled."""

    job_failure: JobFailure = "job_expired"


class BadAnswer(KontobroError):
    """The other side answered something that is not its contract: no JSON, a page without data, a stuck cursor."""

    job_failure: JobFailure = "integration_unusable"


class IncompleteList(BadAnswer):
    """A list ended before it had as many entries as it says that there are (`total`)."""

    def __init__(self, message: str, remedy: str, total: int) -> None:
        super().__init__(message, remedy)
        self.total = total


class ReceiptUnavailable(KontobroError):
    """One receipt can't be fetched: its link is stale, refused or leads where we don't go. `why` is its message."""

    def __init__(self, why: Phrase, remedy: str = "") -> None:
        super().__init__(Noted(why), remedy)
        self.why = why


class ConnectorFault(KontobroError):
    """A connector raised what it should not. `log_id` finds the traceback in our log."""

    job_failure: JobFailure = "integration_unusable"

    def __init__(self, message: str, remedy: str = "", log_id: str = "") -> None:
        super().__init__(message, remedy)
        self.log_id = log_id


class TooLarge(Exception):
    """A download that passed its limit. `limit` in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class ImpossibleMove(Exception):
    """The database refused a move: a bug in the caller."""
