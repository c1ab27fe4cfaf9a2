"""What Odoo's versions call differently; `docs/connectors/odoo.md` says what was tried and what was read only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OLDEST: Final = 17


@dataclass(frozen=True, slots=True)
class Version:
    """`blocked`: the field of an account that is no longer used, empty where that is `active`. `locks`: the company's
    fields of each lock. `has_access`: records have that method, else the older `check_access_rights`. `page`: where an
    entry is shown, after the address."""

    blocked: str
    locks: Mapping[str, tuple[str, ...]]
    has_access: bool = True
    page: str = "/odoo/{page}/{id}"


_USERS: Final = {
    name: (f"user_{name}_lock_date",) for name in ("hard", "fiscalyear", "tax", "sale", "purchase")
}  # as they hold for the key's user: exceptions that were granted are taken into account by Odoo
_COMPANYS: Final = {"fiscalyear": ("fiscalyear_lock_date", "period_lock_date"), "tax": ("tax_lock_date",)}

NEWEST: Final = Version("", _USERS)

OLDER: Final[Mapping[int, Version]] = {
    18: Version("deprecated", _USERS),
    17: Version("deprecated", _COMPANYS, has_access=False, page="/web#id={id}&model=account.move&view_type=form"),
}


def major_of(version: str) -> int:
    """19 of 19.0, 18 of saas~18.2; 0 of what is no version."""
    found = re.match(r"(?:saas~)?([0-9]{1,4})(?![0-9])", version)
    return int(found[1]) if found else 0
