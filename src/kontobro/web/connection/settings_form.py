"""The settings of a connection as a form in plain words. What it makes goes through `core/settings/toml.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from kontobro.core.model.settings import Settings
from kontobro.core.settings.toml import LIMITS, LONGEST, LONGEST_NAME, settings_to

ACCOUNT_LIST = "accounts"
"""The id of the page's datalist of accounts."""

GROUPS: Final = (
    (
        "Accounts",
        (
            "wallet",
            "wallets",
            "out_of_pocket",
            "contra",
            "external_reimbursement",
            "accounts_payable",
            "journal",
        ),
    ),
    (
        "How it is booked",
        (
            "posting",
            "closed_period",
            "method_when_null",
            "unmatched_vendor",
            "employees_are_vendors",
            "reverse_tax_missing",
            "zero_amount",
            "duplicate_invoice",
            "voided",
            "description",
            "time_zone",
        ),
    ),
    ("Receipts", ("receipt_missing", "receipt_upload_failed")),
    ("Dimensions", ("dimensions", "dimensions_on", "sync_dimensions")),
    ("Master data", ("create_vendors", "sync_unknown", "sync_max_percent", "sync_floor")),
    ("Patience and privacy", ("patience_minutes", "retention_days")),
)
"""The form's sections. Not here: the level (its own page), and `rows` and `hook` (only from a file)."""


class TableField(forms.CharField):
    """A table of texts, a line each: `EUR = 1920`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), required=False, **options)

    def prepare_value(self, value: Any) -> str:
        return "\n".join(f"{key} = {to}" for key, to in value.items()) if isinstance(value, Mapping) else value or ""

    def clean(self, value: Any) -> dict[str, str]:
        table: dict[str, str] = {}
        for line in super().clean(value).splitlines():
            key, sign, to = (part.strip() for part in line.partition("="))
            if line.strip() and not (key and sign and to):
                raise forms.ValidationError(f"“{line.strip()[:60]}” is no line like EUR = 1920.")
            if line.strip():
                table[key] = to
        return table


class ListField(forms.CharField):
    """Some texts parted by commas."""

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list | tuple) else value or ""

    def clean(self, value: Any) -> list[str]:
        return [part.strip() for part in super().clean(value).split(",") if part.strip()]


def account(label: str, help_text: str) -> forms.CharField:
    """A field that names an account by its code; the page offers the chart's."""
    box = forms.TextInput(attrs={"list": ACCOUNT_LIST, "autocomplete": "off"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=LONGEST_NAME, widget=box)


def choice(label: str, help_text: str, **choices: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, help_text=help_text, choices=list(choices.items()))


def number(name: str, label: str, help_text: str = "") -> forms.IntegerField:
    low, high = LIMITS[name]
    return forms.IntegerField(label=label, help_text=help_text, min_value=low, max_value=high)


class SettingsForm(forms.Form):
    """Every field is named as its setting."""

    wallet = account("Pleo wallet account", "The account of the wallet in your own currency.")
    wallets = TableField(label="Wallets in other currencies", help_text="A line each: EUR = 1082. Wins over the above.")
    out_of_pocket = account("Owed to employees", "What employees paid themselves and get back.")
    contra = account("Money in transit", "Between your bank and the wallet.")
    external_reimbursement = account("Reimbursed outside Pleo", "Only when employees are paid by your payroll.")
    accounts_payable = account("Accounts payable", "Invoices and their payments.")
    journal = forms.CharField(
        label="Journal", help_text="Its code in your books.", required=False, max_length=LONGEST_NAME
    )
    posting = choice("Entries become", "Drafts wait for you to post them.", draft="Drafts", posted="Posted at once")
    closed_period = choice(
        "When the period is closed",
        "What becomes of an item whose date lies in a closed period.",
        fail="Tell me: the item fails with the reason",
        next_open="Book it on the first open day",
        today="Book it today",
    )
    method_when_null = choice(
        "Items without a method",
        "Old items of Pleo's don't say how they are booked.",
        journal="As journal entries",
        accounts_payable="As bills",
    )
    unmatched_vendor = choice(
        "A vendor that your books don't know", "", fail="The item fails", fallback="Book it without the vendor"
    )
    employees_are_vendors = forms.BooleanField(label="Employees are vendors in our books", required=False)
    reverse_tax_missing = choice(
        "Reverse charge without an amount",
        "Pleo leaves the tax out.",
        compute="Compute it from the rate",
        fail="The item fails",
        as_given="Book no tax",
    )
    zero_amount = choice("An amount of zero", "", fail="The item fails", skip="Nothing is booked, and said so")
    duplicate_invoice = choice(
        "The same supplier invoice again",
        "Vendor, number, currency and amount are those of an invoice that is already booked.",
        note="It is booked, with a note",
        fail="The item fails",
    )
    voided = choice(
        "An entry that was voided and is exported again", "", book="Book it anew", ask="Tell me: the item fails"
    )
    description = forms.CharField(
        label="Text of an entry",
        help_text="Fields in braces, such as {supplier}, {note}.",
        max_length=LONGEST["description"],
    )
    time_zone = forms.CharField(
        label="Time zone", help_text="Such as Europe/Copenhagen; empty: that of your books.", required=False
    )
    receipt_missing = choice(
        "A receipt that can't be had", "", fail="The item fails before it is booked", book="Book without it, and say so"
    )
    receipt_upload_failed = choice(
        "A receipt that can't be attached", "After several tries.", fail="Report the item failed", book="Report success"
    )
    dimensions = TableField(label="Pleo's tag groups", help_text="A line each: tag group's code = dimension's code.")
    dimensions_on = choice("Dimensions stand on", "", expense_lines="Expense lines", all_lines="All lines")
    sync_dimensions = ListField(
        label="Dimensions kept in step", help_text="Codes parted by commas, five at most.", required=False
    )
    create_vendors = forms.BooleanField(
        label="Create vendors in our books", help_text="Those that were made in Pleo.", required=False
    )
    sync_unknown = choice(
        "Records in Pleo that Kontobro did not create",
        "Those that your accounting system does not have. They are archived only when you approve the plan.",
        leave="Leave them",
        archive="Archive them",
    )
    sync_max_percent = number("sync_max_percent", label="Most changes unasked, per cent")
    sync_floor = number("sync_floor", label="Always allowed, changes")
    patience_minutes = number(
        "patience_minutes", label="Patience, minutes", help_text="How long a job waits for books that can't be reached."
    )
    retention_days = number(
        "retention_days", label="Names are kept, days", help_text="Then payloads and names go; ids and amounts stay."
    )


def form_of(settings: Settings) -> SettingsForm:
    """The form, filled with what is set now."""
    usual = settings_to(Settings())
    return SettingsForm(initial={**usual, **settings_to(settings)})


def settings_wanted(settings: Settings, given: Mapping[str, Any]) -> dict[str, object]:
    """A cleaned form as settings of a file; what the form does not have stays as it is."""
    kept = settings_to(settings)
    wanted = {**kept, **given}
    return {name: value for name, value in wanted.items() if value not in ("", None)}
