"""Records of Tryton as settings name them, and back."""

from __future__ import annotations

from trytond.i18n import gettext

from .connection import pool
from .house import PleoError

LINES = [("type", "!=", None), ("closed", "!=", True)]
"""Accounts that take lines."""
ROOT = [("type", "=", "root")]


def key_of(index, record, label):
    """What a setting calls a record: its code where that means this very one, else its id; None for no record.

    The rules look for the code first: the id 512 alone would mean the account with the code 512.
    """
    if not record:
        return None
    number = str(record.id)
    for key in (record.code, number):
        if key and [one.id for one in index.find(key)] == [number]:
            return key
    raise PleoError(gettext("kontobro.msg_not_usable", field=label, record=record.rec_name))


def account_of(key, company):
    """The account that a setting names; None where it names none any more."""
    return _number_of("account.account", key, [("company", "=", company), *LINES])


def journal_of(key):
    return _number_of("account.journal", key, [])


def root_of(key, company):
    """The analytic root that a tag group stands for."""
    return _number_of("analytic_account.account", key, [("company", "=", company), *ROOT])


def sent_root_of(key, company):
    """The analytic root that is sent to Pleo: the sync looks for the id first."""
    return _with_id("analytic_account.account", key, [("company", "=", company), *ROOT]) or root_of(key, company)


def currency_of(code):
    """Currencies are named by their code alone."""
    return next((one.id for one in pool("currency.currency").search([("code", "=", code)])), None)


def _number_of(model, key, domain):
    if not key:
        return None
    found = pool(model).search([("code", "=", key), *domain])
    return found[0].id if len(found) == 1 else None if found else _with_id(model, key, domain)


def _with_id(model, key, domain):
    found = pool(model).search([("id", "=", int(key)), *domain]) if key.isdigit() else []
    return found[0].id if found else None
