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
        "Booking rules",
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
    ("Waiting times and privacy", ("patience_minutes", "retention_days")),
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
                raise forms.ValidationError(
                    f"“{line.strip()[:60]}” is not a valid line. Write EUR = 1920, for example."
                )
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

    wallet = account("Pleo wallet account", "The account of the wallet in your company's currency.")
    wallets = TableField(
        label="Wallets in other currencies",
        help_text="One line per currency: EUR = 1082. Used instead of the wallet account above.",
    )
    out_of_pocket = account("Owed to employees", "What employees paid themselves and are reimbursed for.")
    contra = account("Money in transit", "Transfers between your bank and the wallet.")
    external_reimbursement = account("Reimbursed outside Pleo", "Only if employees are reimbursed through payroll.")
    accounts_payable = account("Accounts payable", "For invoices and their payments.")
    journal = forms.CharField(
        label="Journal",
        help_text="The journal's code in your accounting system.",
        required=False,
        max_length=LONGEST_NAME,
    )
    posting = choice("Book entries as", "Drafts wait until you post them.", draft="Drafts", posted="Posted entries")
    closed_period = choice(
        "If the period is closed",
        "What to do with an expense dated in a closed period.",
        fail="Fail and show the reason",
        next_open="Book it on the first open day",
        today="Book it today",
    )
    method_when_null = choice(
        "Expenses without a bookkeeping method",
        "Older expenses in Pleo don't say how they are booked.",
        journal="As journal entries",
        accounts_payable="As bills",
    )
    unmatched_vendor = choice(
        "If the vendor is not in the accounting system",
        "",
        fail="Fail and show the reason",
        fallback="Book without the vendor",
    )
    employees_are_vendors = forms.BooleanField(label="Employees are vendors in our accounting system", required=False)
    reverse_tax_missing = choice(
        "Reverse charge without an amount",
        "Pleo sends no tax amount.",
        compute="Compute it from the rate",
        fail="Fail and show the reason",
        as_given="Book no tax",
    )
    zero_amount = choice(
        "Expenses with an amount of zero", "", fail="Fail and show the reason", skip="Skip them, and say so"
    )
    duplicate_invoice = choice(
        "Duplicate supplier invoices",
        "Same vendor, number, currency and amount as an invoice that is already booked.",
        note="Book it with a note",
        fail="Fail and show the reason",
    )
    voided = choice("If a voided entry is exported again", "", book="Book it again", ask="Fail and show the reason")
    description = forms.CharField(
        label="Entry text",
        help_text="Fields in braces, such as {supplier}, {note}.",
        max_length=LONGEST["description"],
    )
    time_zone = forms.CharField(
        label="Time zone",
        help_text="For example Europe/Copenhagen. Empty: the time zone of your accounting system.",
        required=False,
    )
    receipt_missing = choice(
        "If a receipt can't be fetched", "", fail="Fail before booking", book="Book without it and add a note"
    )
    receipt_upload_failed = choice(
        "If a receipt can't be attached",
        "After several attempts.",
        fail="Report the expense as failed",
        book="Report the expense as booked",
    )
    dimensions = TableField(
        label="Pleo's tag groups", help_text="One line per tag group: tag group code = dimension code."
    )
    dimensions_on = choice("Put dimensions on", "", expense_lines="Expense lines", all_lines="All lines")
    sync_dimensions = ListField(
        label="Synced dimensions", help_text="Codes, separated by commas; up to five.", required=False
    )
    create_vendors = forms.BooleanField(
        label="Create vendors in the accounting system",
        help_text="For vendors that were created in Pleo.",
        required=False,
    )
    sync_unknown = choice(
        "Records in Pleo that Kontobro did not create",
        "For records that your accounting system does not have. They are archived only after you approve the changes.",
        leave="Leave them",
        archive="Archive them",
    )
    sync_max_percent = number("sync_max_percent", label="Maximum changes without approval, in percent")
    sync_floor = number("sync_floor", label="Number of changes always allowed")
    patience_minutes = number(
        "patience_minutes",
        label="Waiting time, in minutes",
        help_text="How long an export waits if Pleo or the accounting system can't be reached.",
    )
    retention_days = number(
        "retention_days",
        label="Keep names, in days",
        help_text="After that, contents and names are erased. IDs and amounts are kept.",
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
