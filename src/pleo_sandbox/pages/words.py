"""Pleo's terms in plain words."""

from __future__ import annotations

SCOPES = {
    "export-jobs:read": "See the company's exports and the expenses in them",
    "export-jobs:write": "Start exports and report the result of each expense",
    "export-items:read": "Read the expenses that are exported, with receipts",
    "accounts:read": "See the chart of accounts in Pleo",
    "accounts:write": "Change the chart of accounts in Pleo",
    "vendors:read": "See the vendors in Pleo",
    "vendors:write": "Create and change vendors in Pleo",
    "users:read": "See the company's employees",
    "companies:read": "See the company's name and address",
    "tax-codes:read": "See the tax codes in Pleo",
    "tax-codes:write": "Create and change tax codes in Pleo",
    "tag-groups:read": "See the tags in Pleo",
    "tag-groups:write": "Create and change tags in Pleo",
}
INSTALLATIONS = {
    "ACTIVATED": "Connected",
    "AUTHORIZED": "Allowed, not set up yet",
    "PENDING_INTEGRATION": "Allowed, not set up yet",
    "INACTIVE": "Inactive",
    "ERROR": "Not working",
}


def scope(name: str) -> str:
    return SCOPES.get(name.replace("tag-group:", "tag-groups:"), name)


def plain(term: str) -> str:
    """`account_unknown` → "Account unknown"."""
    return term.replace("_", " ").capitalize()


def count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
