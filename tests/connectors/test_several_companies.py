"""A login that sees several companies: each is named, so that a person can choose; none at all says what to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kontobro.core.errors import Misconfigured, NotAllowed, SeveralCompanies
from kontobro.erp.odoo import access as odoo
from kontobro.erp.tryton import access as tryton


def an_odoo(*companies: dict[str, Any]) -> Any:
    return SimpleNamespace(oldest=19, company=None, version=lambda: "19.0", rows=lambda *_: companies)


def a_tryton(*ids: int) -> Any:
    return SimpleNamespace(company=None, version=lambda: "8.2.1", read=lambda *_: {"companies": list(ids)})


def test_odoo_names_each() -> None:
    with pytest.raises(SeveralCompanies) as caught:
        odoo.find_company(an_odoo({"id": 1, "name": "Fjord ApS"}, {"id": 3, "name": "Bro ApS"}))
    assert caught.value.companies == (("1", "Fjord ApS"), ("3", "Bro ApS"))


def test_tryton_names_each() -> None:
    with pytest.raises(SeveralCompanies) as caught:
        tryton.find_company(a_tryton(1, 4))
    assert [id for id, _ in caught.value.companies] == ["1", "4"]


def test_the_only_one_is_taken() -> None:
    one, other = an_odoo({"id": 7, "name": "Fjord ApS"}), a_tryton(4)
    odoo.find_company(one)
    tryton.find_company(other)
    assert (one.company, other.company) == (7, 4)


def test_none_at_all_says_what_to_do() -> None:
    with pytest.raises(NotAllowed, match="sees no company"):
        odoo.find_company(an_odoo())
    with pytest.raises(Misconfigured, match="no company"):
        tryton.find_company(a_tryton())
