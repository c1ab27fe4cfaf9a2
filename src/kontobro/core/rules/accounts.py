"""Which account: of a line, and of each role (`posting-rules.md` §1)."""

from __future__ import annotations

from functools import lru_cache

from kontobro.core.errors import shown
from kontobro.core.model.bindings import Meaning, meaning_of
from kontobro.core.model.export import AccountRef
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Account, is_open, span_of, within
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.settings import Role
from kontobro.core.rules.item import Item
from kontobro.core.words import Phrase

CHECK_CATEGORY = Phrase("fix_category")
CHECK_CONTRA = Phrase("fix_contra")

SETTINGS_OF: dict[Role, tuple[str, ...]] = {
    "employee": ("out_of_pocket",),
    "transit": ("contra",),
    "external": ("external_reimbursement", "contra"),
    "payable": ("accounts_payable",),
}
"""Where a role's account comes from, first hit wins. The wallet and expense roles have functions of their own."""


def pick_account(
    found: tuple[Account, ...], key: str, field: str, currency: str | None, remedy: Phrase, findings: Findings
) -> str | None:
    """The id of the one usable account among those found under `key`; else a problem and None.

    The account's own currencies are looked at when `currency` is one.
    """
    if len(found) == 1 and is_open(found[0], findings.day) and not found[0].currencies:
        return found[0].id
    key = shown(key)
    if not found:
        findings.fail("account_unknown", field, key, fix=remedy)
        return None
    found = tuple(one for one in found if is_open(one, findings.day)) or found
    if len(found) > 1:
        ids = tuple(account.id for account in found[:3])
        findings.fail("account_ambiguous", field, key, ids=ids)
        return None
    account = found[0]
    if not account.active:
        findings.fail("account_blocked", field, key, fix=remedy)
        return None
    if findings.day and not within(account, findings.day):
        findings.fail("account_closed", field, key, span=span_of(account), day=findings.day, fix=remedy)
        return None
    if account.currencies and currency in EXPONENTS and currency not in account.currencies:
        findings.fail("account_currency", field, key, currencies=account.currencies, currency=currency)
        return None
    return account.id


def account_named(
    ref: AccountRef, field: str, currency: str, remedy: Phrase, masters: Masters, findings: Findings
) -> str | None:
    """The id of an account that Pleo names: by an identifier that we gave, else by its code."""
    if not ref.identifier and (sure := masters.accounts.sure.get(ref.code or "")) and is_open(sure, findings.day):
        return sure.id
    identifier, code = (ref.identifier or "").strip(), (ref.code or "").strip()
    own, coded = masters.accounts.with_id(identifier), masters.accounts.find(code)
    meaning = meaning_of(identifier, code, own[0] if own else None, coded, masters.given_accounts)
    if meaning == "id":
        return pick_account(own, code or identifier, field, currency, remedy, findings)
    if meaning == "code" and code:
        return pick_account(coded, code, field, currency, remedy, findings)
    _identifier_unknown(ref, meaning, field, remedy, bool(coded), findings)
    return None


def _identifier_unknown(
    ref: AccountRef, meaning: Meaning, field: str, remedy: Phrase, code_exists: bool, findings: Findings
) -> None:
    """An identifier that names no account for certain. The code beside it may be another account's by now."""
    identifier, code = shown(ref.identifier or ""), shown(ref.code or "")
    why = Phrase(f"identifier_{meaning}")
    if not code:
        findings.fail("account_unknown.identifier", field, identifier, category=ref.name, why=why, fix=remedy)
        return
    findings.fail(
        "account_unknown.identifier_with_code",
        field,
        f"{identifier} ({code})",
        category=ref.name,
        identifier=identifier,
        why=why,
        beside=Phrase("code_exists" if code_exists else "code_missing", {"code": code}),
        fix=remedy,
    )


def line_account(item: Item, at: int) -> str | None:
    """The account of the expense line at index `at`: its own, else the row's fixed one."""
    ref, fixed, findings = item.given.lines[at].account, item.row.line_account, item.findings
    field = f"accountingEntryLines[{at}].account"
    if ref and ref.key:
        return account_named(ref, field, item.currency, CHECK_CATEGORY, item.masters, findings)
    if fixed:
        found = item.masters.accounts.find(fixed)
        return pick_account(found, fixed, "settings.rows.line_account", item.currency, Phrase("fix_row"), findings)
    findings.fail("account_missing", field, ref.name if ref else "")
    return None


def role_account(item: Item, role: Role) -> str | None:
    """The account of a role that is no vendor's and no line's."""
    return _wallet_account(item) if role == "wallet" else _account_of_settings(item, SETTINGS_OF[role])


def _wallet_account(item: Item) -> str | None:
    """Contra account, else the settings' wallet of that currency, else the one wallet for the base currency.

    A contra account that is not known fails: a silent fallback would book the money in another bank account.
    """
    contra, currency, settings, findings = item.given.contra_account, item.currency, item.settings, item.findings
    if contra and contra.key:
        return account_named(contra, "contraAccount", currency, CHECK_CONTRA, item.masters, findings)
    if contra:
        findings.note("contra_without_code", name=shown(contra.name))
    if currency not in EXPONENTS:
        return None
    if currency in settings.wallets:
        return _setting_account(item, f"wallets.{currency}", settings.wallets[currency])
    if settings.wallet and currency == item.masters.company.currency:
        return _setting_account(item, "wallet", settings.wallet)
    setting = f"wallets.{currency}"
    findings.fail("setting_missing.wallet", f"settings.{setting}", "", currency=currency, setting=setting)
    return None


def _account_of_settings(item: Item, names: tuple[str, ...]) -> str | None:
    for name in names:
        key: str | None = getattr(item.settings, name)
        if key:
            return _setting_account(item, name, key)
    setting = names[0]
    purpose = Phrase(f"purpose_{setting}")
    item.findings.fail("setting_missing", f"settings.{setting}", "", purpose=purpose, setting=setting)
    return None


def _setting_account(item: Item, name: str, key: str) -> str | None:
    found = item.masters.accounts.find(key)
    return pick_account(found, key, f"settings.{name}", item.currency, fix_setting(name), item.findings)


@lru_cache(maxsize=1024)
def fix_setting(name: str) -> Phrase:
    return Phrase("fix_setting", {"setting": name})
