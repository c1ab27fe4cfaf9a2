"""Where Pleo's documents contradict themselves or are silent: each of our answers is one switch here, and nowhere else.

A new switch needs a field of `Dialect` with both answers and their source, and a twin of the same name with the same
answers in `pleo_sandbox/rules.py`. `tests/export/test_dialect.py` then runs an export and a sync under each answer.

Not here: what needs no choice, because both answers are read (webhook bodies and event names, 404 or 400 for a missing
installation, a filter that is ignored); the hosts, which are in `pleo/http/environments.py` (`pleo/api.md` L2);
settings of a company (`rules.md` C2); and what Pleo can't see (C1: we check both sides before we claim, and again
after it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from kontobro.core.errors import ItemFailure, JobFailure, Misconfigured, shown
from kontobro.core.words import told

TagScope = Literal["tag-groups", "tag-group"]
ZeroDecimals = Literal["units", "hundredths"]
"""What 1500 is on an export item in a currency without decimals: 1,500 kr. or 15 kr. (ISK)."""

TAG_SCOPES: tuple[TagScope, TagScope] = ("tag-groups", "tag-group")
"""How Pleo's documents spell the scopes of tags (`pleo/api.md` A4). Within Kontobro it is always the first."""

READ_TAGS, WRITE_TAGS = "tag-groups:read", "tag-groups:write"

_BEFORE_V3: Mapping[str, ItemFailure] = {
    "account_unknown": "invalid_configuration",
    "tax_code_unknown": "invalid_configuration",
    "tag_unknown": "invalid_configuration",
    "vendor_unknown": "accounting_system_validation_failure",
}
"""What Pleo's design page says of these; the enum of v3 has words of their own (`rules.md` C8, `api.md` B7.9)."""


def _or(other: object, source: str) -> Mapping[str, object]:
    """Of a field: the answer that is not ours, and where Pleo's documents have both."""
    return {"other": other, "source": source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one environment of Pleo wants to be talked to.

    `tag_scope`: the name before `:read` and `:write` of the scopes of tags.
    `update_batch`: items in one update at most.
    `job_key`: the field of an event's body that names the job.
    `company_key`: the query parameter that names the company.
    `client_auth`: how an OAuth client shows its secret: HTTP Basic, or as fields of the form.
    `event_name`: under which name new export jobs are subscribed to; either is understood when it comes.
    `keep_alive_by_item`: an item update counts as an action on the job. If it does not, this costs a call every 10
    minutes and saves nothing: the job expires, and its bookings are recognised in the next one.
    `all_failed`: the event that ends a job of which no item succeeded.
    `reason_on_errors`: `completed_with_errors` carries a reason too, not `failed` alone.
    `unknown_reasons`: items fail with `account_unknown` and the like, not with `invalid_configuration`.
    `login_reason`: why a job fails when the accounting system refuses our login.
    `total_is_length`: a list's `pagination.total` is how many entries it has, so that fewer are too few. If it is
    not, only a job's `numberOfItems` tells that something is missing.
    `zero_decimal_amounts`: in what the amounts of export items are where the currency has no decimals: all of them, of
    the item, its lines and taxes, in the wallet's and the supplier's currency. Nothing else of Pleo's is meant:
    accounting entries have whole units (1500 ISK is 1500, `api.md` B6), and no other amount is read or sent.
    `longest_reason`: characters of a reason. Pleo states no limit; that 1,000 are taken is our assumption, 255 is what
    Pleo allows in the texts of accounts.
    """

    tag_scope: TagScope = field(default=TAG_SCOPES[0], metadata=_or(TAG_SCOPES[1], "api.md A4, L10"))
    update_batch: int = field(default=100, metadata=_or(10, "rules.md C3, api.md L5"))
    job_key: Literal["jobId", "exportJobId"] = field(
        default="jobId", metadata=_or("exportJobId", "rules.md C6, api.md L1")
    )
    company_key: Literal["company_id", "companyId"] = field(
        default="company_id", metadata=_or("companyId", "api.md A5, L3")
    )
    client_auth: Literal["basic", "form"] = field(default="basic", metadata=_or("form", "api.md A2, L8"))
    event_name: Literal["v1.export-job.created", "v1.export.job-created"] = field(
        default="v1.export-job.created", metadata=_or("v1.export.job-created", "rules.md C7, api.md L6")
    )
    keep_alive_by_item: bool = field(default=True, metadata=_or(other=False, source="api.md B7.7, rules.md 1.5"))
    all_failed: Literal["failed", "completed_with_errors"] = field(
        default="failed", metadata=_or("completed_with_errors", "rules.md C4")
    )
    reason_on_errors: bool = field(default=False, metadata=_or(other=True, source="rules.md C5, api.md L4"))
    unknown_reasons: bool = field(default=True, metadata=_or(other=False, source="rules.md C8, api.md L12"))
    login_reason: JobFailure = field(
        default="accounting_system_authentication_failure",
        metadata=_or("accounting_system_unreachable", "rules.md C9"),
    )
    total_is_length: bool = field(default=True, metadata=_or(other=False, source="api.md B0: nowhere defined"))
    zero_decimal_amounts: ZeroDecimals = field(
        default="units", metadata=_or("hundredths", "api.md B6: unknown on items; rules.md 2.2: value/100, GAP")
    )
    longest_reason: int = field(default=1000, metadata=_or(255, "stated nowhere; 255 as in api.md F"))

    def spelled(self, scopes: Iterable[str]) -> frozenset[str]:
        """The scopes as this environment spells them, whichever way they come."""
        return frozenset(_respelled(scope, self.tag_scope) for scope in scopes)

    def item_reason(self, reason: ItemFailure | None) -> ItemFailure | None:
        return reason if self.unknown_reasons or reason is None else _BEFORE_V3.get(reason, reason)

    def job_reason(self, reason: JobFailure | None) -> JobFailure | None:
        return self.login_reason if reason == "accounting_system_authentication_failure" else reason

    def shortened(self, text: str | None) -> str | None:
        """A reason as long as Pleo takes it; empty ones are none."""
        if not text or len(text) <= self.longest_reason:
            return str(text) if text else None
        return text[: self.longest_reason - 1] + "…"


SWITCHES: Mapping[str, tuple[object, object]] = {
    known.name: (known.default, known.metadata["other"]) for known in fields(Dialect)
}
"""Every switch with its two answers, ours first."""

DIALECTS: Mapping[str, Dialect] = {
    # The one client known to run in production registers `tag-group`, and in staging `tag-groups` (`api.md` A4).
    "production": Dialect(tag_scope="tag-group"),
    "staging": Dialect(),
    "sandbox": Dialect(),
}
"""By `Connection.environment`."""


def dialect_of(environment: str) -> Dialect:
    return DIALECTS[environment]


def with_answers(spoken: Dialect, answers: Mapping[str, object], place: str = "pleo.toml") -> Dialect:
    """The dialect with these switches set. Raises Misconfigured for a switch that there is not, or an answer to it;
    `place` is where a person finds them."""
    for name, answer in answers.items():
        if name not in SWITCHES:
            raise Misconfigured(*told("switch_unknown", place=place, name=shown(name, 40), known=", ".join(SWITCHES)))
        if not _is_answer(answer, SWITCHES[name]):
            known = ", ".join(map(spelled_answer, SWITCHES[name]))
            given = shown(str(answer), 40)
            raise Misconfigured(*told("switch_answer_unknown", place=place, name=name, answer=given, known=known))
    return replace(spoken, **dict(answers))  # type: ignore[arg-type]


def _is_answer(answer: object, known: tuple[object, object]) -> bool:
    """One of both; a number may also be any smaller one than the larger of the two."""
    if type(answer) is not type(known[0]):
        return False
    if isinstance(answer, int) and not isinstance(answer, bool):
        return 0 < answer <= max(number for number in known if isinstance(number, int))
    return answer in known


def spelled_answer(answer: object) -> str:
    """An answer in words: yes and no for true and false."""
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


def other_spelling(spelling: TagScope) -> TagScope:
    return TAG_SCOPES[1] if spelling == TAG_SCOPES[0] else TAG_SCOPES[0]


def canonical(scopes: Iterable[str]) -> frozenset[str]:
    """Scopes in the spelling that Kontobro uses within: either one of Pleo's counts."""
    return frozenset(_respelled(scope, TAG_SCOPES[0]) for scope in scopes)


def both_spellings(scope: str) -> str:
    """A scope of tags in words for a person, who has to find it at Pleo under either name."""
    return f"{_respelled(scope, TAG_SCOPES[0])} (elsewhere Pleo calls it {_respelled(scope, TAG_SCOPES[1])})"


def spelling_in(scopes: Iterable[str]) -> TagScope | None:
    """Which spelling these scopes use; None where no scope of tags is among them."""
    names = {scope.partition(":")[0] for scope in scopes}
    return next((spelling for spelling in TAG_SCOPES if spelling in names), None)


def _respelled(scope: str, spelling: TagScope) -> str:
    resource, colon, permission = scope.partition(":")
    return f"{spelling}{colon}{permission}" if resource in TAG_SCOPES else scope
