"""Every request of the real target, for each kind of master data, is one that Pleo's documents allow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract.proxy import PRISM, Proxy, prism
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.plan.make import Desired, Existing
from kontobro.pleo import SCOPES, PleoTarget, open_target
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.scripted_pleo import MemoryTokens, a_connection

pytestmark = pytest.mark.contract

FIELDS: dict[MasterKind, dict[str, str]] = {
    "tax_codes": {"rate": "0.07125", "type": "reverse", "ingoing_account": "6900"},
    "vendors": {"currency": "DKK", "country": "DK", "tax_registration_number": "DK12345678"},
}


class Now:
    """Real time; nothing here may have to wait."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"Pleo was not well: it made the target wait {seconds} s")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(SandboxCompany(name="Acme", currency="DKK", country="DK"), rate_limit=None)


@pytest.fixture
def proxy(sandbox: Sandbox, document: dict[str, Any], tmp_path: Path) -> Iterator[Proxy]:
    if not PRISM.exists():
        pytest.skip("Prism is missing: install Node.js with npm, then `make contract` fetches it")
    with serve(sandbox) as url, prism(document, url, tmp_path) as running:
        yield running


@pytest.fixture
def target(proxy: Proxy, sandbox: Sandbox) -> Iterator[PleoTarget]:
    [company_id] = sandbox.exports.companies
    connection: Connection = a_connection(api_url=proxy.url, auth_url=proxy.url, company_id=company_id)
    tokens = MemoryTokens(Tokens(access=sandbox.add_api_key(company_id, SCOPES[4])))
    target = open_target(connection, tokens, Now())
    yield target
    target.close()


def wanted(kind: MasterKind, name: str, code: str = "C1") -> Desired:
    parent = "dim" if kind == "tags" else None
    return Desired(f"erp-{code}", code, name, parent, tuple(sorted(FIELDS.get(kind, {}).items())))


def there_and_back(target: PleoTarget, kind: MasterKind, parents: dict[str, str]) -> Existing:
    """Created, changed, archived, unarchived, read: what the last answer says is what Pleo has."""
    first, _ = target.create(kind, [wanted(kind, "First"), wanted(kind, "Other", "C2")], parents)
    assert isinstance(first, Existing)
    [changed] = target.update(kind, [(first, wanted(kind, "Second"))])
    assert isinstance(changed, Existing)
    [archived] = target.archive(kind, [changed])
    assert isinstance(archived, Existing)
    [back] = target.update(kind, [(archived, wanted(kind, "Second"))])
    assert [found for found in target.read(kind) if found.id == first.id] == [back] == [changed]
    return first


def test_every_kind_keeps_the_contract(proxy: Proxy, target: PleoTarget, sandbox: Sandbox) -> None:
    group = there_and_back(target, "tag_groups", {})
    for kind in ("accounts", "tax_codes", "tags", "vendors"):
        there_and_back(target, kind, {"dim": group.id})
    [company_id] = sandbox.exports.companies
    sandbox.create_draft_vendor(company_id, "Draft", "DKK")
    [draft] = [vendor for vendor in target.read("vendors") if vendor.draft]
    [active] = target.update("vendors", [(draft, wanted("vendors", "Draft", "C3"))])
    assert isinstance(active, Existing)
    assert proxy.violations(until=f"put /v1/vendors/{draft.id}") == []
