"""Where Pleo's documents contradict themselves or are silent: each answer that the sandbox can play is a switch here.

Two kinds. The first the client has to be told of as well: it has a switch of the same name and with the same answers.
The second it has to cope with, whatever the answer is. `STRICT` are those of the second kind that refuse more than Pleo
is known to refuse: they are on unless a test says otherwise, so that the sandbox is never friendlier than Pleo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

AccountMatch = Literal["identical", "identical_or_archived", "never"]
EventName = Literal["v1.export-job.created", "v1.export.job-created"]
EVENT_NAMES: tuple[EventName, EventName] = ("v1.export-job.created", "v1.export.job-created")
UnseenWord = Literal[
    "none",
    "type",
    "subType",
    "method",
    "taxType",
    "invoiceStatus",
    "itemStatus",
    "jobStatus",
    "installationStatus",
    "authMethod",
    "vendorState",
    "taxCodeType",
]
UNSEEN_WORDS: tuple[UnseenWord, ...] = get_args(UnseenWord)
"""Where a word may come that Pleo does not document (`http/undocumented.py`)."""


def _answers(*answers: object, source: str, strict: bool = False) -> Mapping[str, Any]:
    """Of a field: all that the sandbox can play, and where Pleo's documents leave it open."""
    return {"answers": answers, "source": source, "strict": strict}


def _flag(source: str, *, strict: bool = False) -> Mapping[str, Any]:
    return _answers(True, False, source=source, strict=strict)


@dataclass(slots=True)
class Rules:
    """What the sandbox does where Pleo says nothing, or two things. Tests turn each of them both ways.

    What the client has to be told of as well:

    `tag_scope`: the name before `:read` and `:write` of the scopes of tags. Scopes in the other one are unknown.
    `update_batch`: items in one update at most; more are a 413.
    `job_key`: the field of an event's body that names the job.
    `company_key`: the query parameter that names the company (`/v2/employees` has its own).
    `client_auth`: how OAuth clients show their secret: `basic` or as fields of the `form`; the other is refused.
    `event_name`: under which name new export jobs are subscribed to and announced.
    `keep_alive_by_item`: whether an item update moves `lastUpdatedAt`.
    `all_failed`: the event for a job of which no item succeeded, though all have a final status.
    `reason_on_errors`: `completed_with_errors` without a reason is refused, as the design page wants it.
    `unknown_reasons`: whether items may fail with `account_unknown` and the like.
    `login_reason`: what a job's event says when the accounting system refuses the login.
    `total_is_length`: `pagination.total` is how many entries the list has; else it is one more than that, as if it
    counted something that is not listed.
    `zero_decimal_amounts`: what the amounts of export items are in currencies without decimals. Those of accounting
    entries are whole units, as documented.
    `longest_reason`: characters of a failure reason, where texts are bounded at all.

    What it has to cope with:

    `max_active_tags`: in one group; Pleo refuses beyond a number that it does not state (api.md C).
    `account_match`: when POST of an account answers 200 (matched an existing one) instead of 409 (same externalId
    exists). `identical`: when all fields are the same. `identical_or_archived`: so does an archived one, which is
    replaced by what was sent. `never`: always 409.
    `batch_items_fail_alone`: an item of a batch with a text too long or empty fails alone, as Pleo's reasons say;
    else the whole batch is refused, as Pleo's schema says.
    `tax_code_must_be_known`: PUT of an account with a taxCodeExternalId that is the code of no tax code is a 400;
    Pleo lists that 400, and says elsewhere that the field is a mere reference.
    `exclusive_tax_codes`: whether exclusive ones are taken in. "Not currently supported", says Pleo, but its contract
    has the value.
    `starts_as`: the status of an installation by OAuth that needs activation.
    `webhook_body`: `event` is `{data, eventType, eventId}`, as Pleo's older pages part headers and body; `merged` has
    the same below `payload`, as its current pages print it.
    `keeps_external_id`: whether an expense that is exported again comes with the externalId of its last export.
    `successful_is_final`: a successful item refuses every other result. The same result again is no change.
    `missing_installation`: the status that says so; 400 is listed for every call but DELETE, which lists 404.
    `names_subject`: whose `subjectURN` introspection has; Pleo's schema does not require one.
    `lists_heed_filters`: whether the list of jobs heeds `company_id` and `statuses`.
    `largest_page`: entries a page.
    `unknown_job`: the status that says that there is no such job.
    `error_bodies`: whether a refusal has a body.
    `entries_scope`: what the search of accounting entries needs.
    `entries_need_scope`, `companies_need_scope`, `subscriptions_need_scope`: whether the search of accounting entries,
    the companies' names, and webhook subscriptions need a permission of their own, which no client has.
    `rotates_refresh`: whether a refresh gives a new refresh token, and ends the old one.
    `pending_takes_updates`: whether items may be updated before their job is started.
    `expires_in`: seconds that a job lasts without an action.
    `events_take`: seconds from the 202 of an event until it is true.
    `follows_cursors`: whether `after` leads to the next page; else the first one comes again.
    `lists_reversed`: whether lists have the other order; Pleo states none.
    `update_limit_status`: how an update of too many items is refused.
    `unseen_word`: the field in which one answer has a word that Pleo does not document; `none` of them.
    `unknown_fields`: whether every object has a field that Pleo does not document.
    `incoming_sign`: of refunds, chargebacks and cashback; `both`: of each second one negative.
    `amount_fractions`: whether an amount may be no whole minor units.
    `receipts_need_login`: whether the address of a receipt is not enough.
    `contra_accounts_needed`: whether a company without contra accounts can't export.
    `states_pauses`: whether a 429 says how long to wait.
    `signs_webhooks`, `repeats_webhooks`: whether deliveries are signed, and sent again when they were not taken.
    `refresh_days`: how long a refresh token lives.
    `pending_may_fail`: whether a job may be failed before it is started.
    `removal_ends_login`: whether the tokens of a login end with the installation, as Pleo's reference says; else only
    by an endpoint that its documents do not have.

    And the strict ones, which refuse what Pleo's pages forbid without naming a status:

    `refuses_large_pages`: a `limit` above the largest page is a 400; else it is cut, and the answer says so.
    `final_event_fits_items`: `completed` and `completed_with_errors` are for jobs whose items all have a final status,
    and for those whose items these are; `failed` may end a job at any time.
    `failed_needs_reason`: a job or an item fails with a reason and its type.
    `texts_are_bounded`: see `pleo_sandbox/company/strictness.py`.
    `external_url_is_checked`: an externalUrl is an address of the web.
    `twins_are_refused`: two tag groups or two tax codes of one code in one company are a 400, as Pleo lists no
    409 for them.
    """

    tag_scope: Literal["tag-groups", "tag-group"] = field(
        default="tag-groups", metadata=_answers("tag-groups", "tag-group", source="api.md A4, L10")
    )
    update_batch: int = field(default=100, metadata=_answers(100, 10, source="api.md B2, L5; rules.md C3"))
    job_key: Literal["jobId", "exportJobId"] = field(
        default="jobId", metadata=_answers("jobId", "exportJobId", source="api.md B2, L1; rules.md C6")
    )
    company_key: Literal["company_id", "companyId"] = field(
        default="company_id", metadata=_answers("company_id", "companyId", source="api.md A5, L3")
    )
    client_auth: Literal["basic", "form"] = field(
        default="basic", metadata=_answers("basic", "form", source="api.md A2, L8")
    )
    event_name: EventName = field(
        default="v1.export-job.created", metadata=_answers(*EVENT_NAMES, source="api.md H, L6; rules.md C7")
    )
    keep_alive_by_item: bool = field(default=True, metadata=_flag("api.md B7.7; rules.md 1.5 GAP"))
    all_failed: Literal["failed", "completed_with_errors"] = field(
        default="failed", metadata=_answers("failed", "completed_with_errors", source="rules.md C4")
    )
    reason_on_errors: bool = field(default=False, metadata=_answers(False, True, source="api.md B2, L4; rules.md C5"))
    unknown_reasons: bool = field(default=True, metadata=_flag("api.md B7.9, L12; rules.md C8"))
    login_reason: Literal["accounting_system_authentication_failure", "accounting_system_unreachable"] = field(
        default="accounting_system_authentication_failure",
        metadata=_answers(
            "accounting_system_authentication_failure", "accounting_system_unreachable", source="rules.md C9"
        ),
    )
    total_is_length: bool = field(default=True, metadata=_flag("api.md B0: nowhere defined"))
    zero_decimal_amounts: Literal["units", "hundredths"] = field(
        default="units", metadata=_answers("units", "hundredths", source="api.md B6; rules.md 2.2: GAP")
    )
    longest_reason: int = field(default=1000, metadata=_answers(1000, 255, source="assumed; 255 as in api.md F"))

    max_active_tags: int = field(default=5_000, metadata=_answers(5_000, 2, source="api.md C: stated nowhere"))
    account_match: AccountMatch = field(
        default="identical", metadata=_answers("identical", "identical_or_archived", "never", source="api.md F, L9")
    )
    batch_items_fail_alone: bool = field(default=True, metadata=_flag("api.md F"))
    tax_code_must_be_known: bool = field(default=True, metadata=_flag("api.md F; rules.md 4.1"))
    exclusive_tax_codes: bool = field(default=True, metadata=_flag("api.md D"))
    starts_as: Literal["AUTHORIZED", "PENDING_INTEGRATION"] = field(
        default="AUTHORIZED", metadata=_answers("AUTHORIZED", "PENDING_INTEGRATION", source="api.md I; rules.md C12")
    )
    webhook_body: Literal["event", "merged"] = field(
        default="event", metadata=_answers("event", "merged", source="api.md H, L7")
    )
    keeps_external_id: bool = field(
        default=False, metadata=_answers(False, True, source="api.md B5: null in a sample of a first export")
    )
    successful_is_final: bool = field(default=True, metadata=_flag("rules.md 1.9: not stated"))
    missing_installation: Literal[400, 404] = field(default=400, metadata=_answers(400, 404, source="api.md I"))
    names_subject: Literal["company", "organisation", "no"] = field(
        default="company", metadata=_answers("company", "organisation", "no", source="api.md I: subjectURN?")
    )
    lists_heed_filters: bool = field(default=True, metadata=_flag("api.md B1.1; rules.md 1.2"))
    largest_page: int = field(default=100, metadata=_answers(100, 20, 1000, source="api.md B0, J: of one list"))
    unknown_job: Literal[404, 400, 403, 410] = field(
        default=404, metadata=_answers(404, 400, 403, 410, source="api.md B1; rules.md 7")
    )
    error_bodies: bool = field(default=True, metadata=_flag("api.md B0, M"))
    entries_scope: Literal["accounting-entries:read", "export-items:read"] = field(
        default="accounting-entries:read",
        metadata=_answers("accounting-entries:read", "export-items:read", source="api.md J, M"),
    )
    subscriptions_need_scope: bool = field(default=False, metadata=_answers(False, True, source="api.md A4"))
    rotates_refresh: bool = field(default=True, metadata=_flag("api.md A2"))
    pending_takes_updates: bool = field(
        default=False, metadata=_answers(False, True, source="rules.md 1.9: not stated")
    )
    expires_in: int = field(default=3600, metadata=_answers(3600, 1800, source="rules.md 1.5: a sample"))
    entries_need_scope: bool = field(default=False, metadata=_answers(False, True, source="api.md J, M"))
    companies_need_scope: bool = field(default=False, metadata=_answers(False, True, source="api.md A4, G"))
    events_take: int = field(default=0, metadata=_answers(0, 2, source="api.md B1: 202"))
    follows_cursors: bool = field(default=True, metadata=_flag("api.md B0"))
    lists_reversed: bool = field(default=False, metadata=_answers(False, True, source="api.md B0: no order is stated"))
    update_limit_status: Literal[413, 400] = field(default=413, metadata=_answers(413, 400, source="api.md B1"))
    unseen_word: UnseenWord = field(default="none", metadata=_answers(*UNSEEN_WORDS, source="api.md B0, B3"))
    unknown_fields: bool = field(default=False, metadata=_answers(False, True, source="api.md B0"))
    incoming_sign: Literal["as given", "positive", "negative", "both"] = field(
        default="as given",
        metadata=_answers("as given", "positive", "negative", "both", source="api.md B6; rules.md 2.2: GAP"),
    )
    amount_fractions: bool = field(default=False, metadata=_answers(False, True, source="api.md B6"))
    receipts_need_login: bool = field(default=False, metadata=_answers(False, True, source="api.md K"))
    contra_accounts_needed: bool = field(default=True, metadata=_flag("api.md L11; rules.md C11"))
    states_pauses: bool = field(default=True, metadata=_flag("api.md K, M"))
    signs_webhooks: bool = field(default=True, metadata=_flag("api.md H, M"))
    repeats_webhooks: bool = field(default=True, metadata=_flag("api.md H, M: no schedule is stated"))
    refresh_days: int = field(default=60, metadata=_answers(60, 7, source="api.md A2: at least 60"))
    pending_may_fail: bool = field(default=False, metadata=_answers(False, True, source="rules.md 1.4 GAP"))
    removal_ends_login: bool = field(default=True, metadata=_flag("api.md A1, M: no other endpoint is documented"))

    refuses_large_pages: bool = field(default=True, metadata=_flag("api.md B0, J", strict=True))
    final_event_fits_items: bool = field(default=True, metadata=_flag("rules.md 1.10 [ED-COMP]", strict=True))
    failed_needs_reason: bool = field(default=True, metadata=_flag("rules.md 1.8 [ED-UPD], 1.10", strict=True))
    texts_are_bounded: bool = field(default=True, metadata=_flag("api.md F, H; else assumed", strict=True))
    external_url_is_checked: bool = field(default=True, metadata=_flag("rules.md 1.9 [ED-UPD]", strict=True))
    twins_are_refused: bool = field(default=True, metadata=_flag("api.md C; rules.md 3 [TAG-GRP]", strict=True))

    def scope(self, name: str) -> str:
        """The scope under the name that this Pleo uses for it."""
        if name == "accounting-entries:read":
            return self.entries_scope
        resource, _, permission = name.partition(":")
        return f"{self.tag_scope}:{permission}" if resource == "tag-groups" else name

    def withholds(self, name: str) -> bool:
        """Whether what usually needs this scope needs one that no client has."""
        withheld = {"accounting-entries:read": self.entries_need_scope, "companies:read": self.companies_need_scope}
        return withheld.get(name, False)

    def event_spelled(self, event_type: str) -> str:
        """The event type as this Pleo spells it."""
        return self.event_name if event_type in EVENT_NAMES else event_type


ANSWERS: Mapping[str, tuple[object, ...]] = {
    known.name: known.metadata["answers"] for known in fields(Rules) if "answers" in known.metadata
}
"""Every switch with all that it can be."""

STRICT: tuple[str, ...] = tuple(known.name for known in fields(Rules) if known.metadata.get("strict"))
LENIENT: Mapping[str, bool] = dict.fromkeys(STRICT, False)
"""For `set_rules`: a Pleo that takes whatever its schemas allow."""
