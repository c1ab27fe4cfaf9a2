"""A sandbox with one company of three queued expenses, and a caller with a key for everything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories


@pytest.fixture
def acme() -> SandboxCompany:
    return factories.company()


@pytest.fixture
def sandbox(acme: SandboxCompany) -> Sandbox:
    return Sandbox(acme)


@pytest.fixture
def pleo(sandbox: Sandbox, acme: SandboxCompany) -> Iterator[TestClient]:
    with factories.client(sandbox, sandbox.add_api_key(acme.id)) as caller:
        yield caller


@pytest.fixture
def job_id(sandbox: Sandbox, acme: SandboxCompany) -> str:
    return sandbox.press_export(acme.id)


@pytest.fixture
def running(pleo: TestClient, job_id: str) -> str:
    """A job that was started."""
    assert pleo.post("/v3/export-job-events", json={"jobId": job_id, "event": "started"}).status_code == 202
    return job_id
