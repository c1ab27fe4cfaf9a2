"""Where Pleo's documents on master data are silent or contradict themselves: each of our choices has a switch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AccountMatch = Literal["identical", "identical_or_archived", "never"]
OLD_NAMES = {"v1.export-job.created": "v1.export.job-created"}


@dataclass(slots=True)
class Rules:
    """What the sandbox does where Pleo says nothing. Tests turn each of them both ways.

    `tag_scope`: the name before `:read` and `:write` of the scopes of tags (api.md A4: `tag-groups` or `tag-group`).
    `max_active_tags`: in one group; Pleo refuses beyond a number that it does not state (api.md C).
    `account_match`: when POST of an account answers 200 (matched an existing one) instead of 409 (same externalId
    exists); Pleo lists both and no rule between them (api.md L9). `identical`: when all fields are the same.
    `identical_or_archived`: so does an archived one, which is replaced by what was sent. `never`: always 409.
    `batch_items_fail_alone`: an item of a batch with a text too long or empty fails alone, as Pleo's reasons say;
    else the whole batch is refused, as Pleo's schema says.
    `tax_code_must_be_known`: PUT of an account with a taxCodeExternalId that is the code of no tax code is a 400;
    Pleo lists that 400, and says elsewhere that the field is a mere reference (api.md F, rules.md §4.1).
    `exclusive_tax_codes`: whether exclusive ones are taken in. "Not currently supported", says Pleo, but its contract
    has the value (api.md D).
    `starts_as`: the status of an installation by OAuth that needs activation (api.md I).
    `webhook_body`: `event` is `{data, eventType, eventId}`, as Pleo's older pages part headers and body; `merged` has
    the same below `payload`, as its current pages print it (api.md H).
    `old_event_names`: jobs are announced as `v1.export.job-created`, the spelling of Pleo's prose (rules.md C7).
    """

    tag_scope: str = "tag-groups"
    max_active_tags: int = 5_000
    account_match: AccountMatch = "identical"
    batch_items_fail_alone: bool = True
    tax_code_must_be_known: bool = True
    exclusive_tax_codes: bool = True
    starts_as: Literal["AUTHORIZED", "PENDING_INTEGRATION"] = "AUTHORIZED"
    webhook_body: Literal["event", "merged"] = "event"
    old_event_names: bool = False

    def scope(self, name: str) -> str:
        """The scope under the name that this Pleo uses for it."""
        resource, _, permission = name.partition(":")
        return f"{self.tag_scope}:{permission}" if resource == "tag-groups" else name

    def event_name(self, event_type: str) -> str:
        """The event type as deliveries spell it."""
        return OLD_NAMES.get(event_type, event_type) if self.old_event_names else event_type
