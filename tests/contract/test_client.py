"""Every request of the real client in a whole export is one that Pleo's documents allow: Prism is the judge.

A person's whole way, through the command line: connect, check, look, export until nothing waits, disconnect.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract.proxy import PRISM, REFUSED, Proxy, prism
from pleo_sandbox.demo.company import demo_company
from pleo_sandbox.demo.load import DemoSandbox
from pleo_sandbox.server import serve

pytestmark = pytest.mark.contract

FINE, SOME_FAILED = 0, 1
MOST_JOBS = 5

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sandbox() -> DemoSandbox:
    """The demo company with Export pressed; no rate limit, which is not what is looked at here."""
    known = DemoSandbox(demo_company(), rate_limit=None)
    known.press_export(known.company_id)
    return known


@pytest.fixture
def proxy(sandbox: DemoSandbox, document: dict[str, Any], tmp_path: Path) -> Iterator[Proxy]:
    if not PRISM.exists():
        pytest.skip("Prism is missing: install Node.js with npm, then `make contract` fetches it")
    with serve(sandbox) as url, prism(document, url, tmp_path) as running:
        yield running


@pytest.fixture
def kontobro(sandbox: DemoSandbox, tmp_path: Path) -> Run:
    """Run one command in a home of its own."""
    environment = {**os.environ, "KONTOBRO_HOME": str(tmp_path / "home"), "KONTOBRO_API_KEY": sandbox.api_key}

    def run(*arguments: str, expect: tuple[int, ...] = (FINE,)) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kontobro.cli", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode in expect, f"kontobro {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
        return done

    return run


def demo_ledger(folder: Path) -> Path:
    """A copy of the demo's ledger, and its settings."""
    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder)
    return folder / "ledger.beancount"


def export_all(kontobro: Run) -> list[dict[str, Any]]:
    """Export job by job until nothing waits."""
    results: list[dict[str, Any]] = []
    while len(results) < MOST_JOBS:
        result = json.loads(kontobro("export", "--json", expect=(FINE, SOME_FAILED)).stdout)
        if result["job"] is None:
            return results
        results.append(result)
    raise AssertionError(f"jobs don't end: {results}")


def test_a_whole_export_keeps_the_contract(proxy: Proxy, kontobro: Run, sandbox: DemoSandbox, tmp_path: Path) -> None:
    ledger = demo_ledger(tmp_path / "ledger")
    kontobro("connect", "--ledger", str(ledger), "--environment", "sandbox", "--url", proxy.url, "--level", "1")
    kontobro("settings", "import", str(ledger.with_name("settings.toml")))
    kontobro("check")
    jobs = json.loads(kontobro("jobs", "--json").stdout)
    kontobro("preview", jobs[0]["id"], "--json", expect=(FINE, SOME_FAILED))
    results = export_all(kontobro)
    kontobro("disconnect", "--yes")

    assert proxy.violations(until="delete /v1/installations/me") == []
    assert [result["event"] for result in results] == [str(job.status) for job in sandbox.jobs]
    assert sum(result["booked"] for result in results) > 50
    used = {endpoint for endpoint, count in sandbox.calls.items() if count}
    assert used >= {
        "GET /v1/introspect",
        "POST /v1/installations/me",
        "GET /v3/export-jobs",
        "POST /v3/export-job-events",
        "GET /v3/export-jobs/{jobId}/items",
        "GET /v3/export-items",
        "PUT /v3/export-jobs/{jobId}/items",
        "DELETE /v1/installations/me",
    }


def test_prism_refuses_a_wrong_request(proxy: Proxy, sandbox: DemoSandbox) -> None:
    """The judge is awake: what is against the contract does not reach the sandbox."""
    before = sum(sandbox.calls.values())
    answer = httpx2.put(
        f"{proxy.url}/v3/export-jobs/{sandbox.jobs[0].id}/items",
        auth=(sandbox.api_key, ""),
        json=[{"accountingEntryId": "not-a-uuid", "status": "booked"}],
    )
    assert answer.status_code == 422
    assert proxy.violations(until=REFUSED)
    assert sum(sandbox.calls.values()) == before


def test_prism_refuses_a_wrong_answer(proxy: Proxy, sandbox: DemoSandbox) -> None:
    sandbox.break_page("GET", "/v3/export-jobs", "malformed")
    answer = httpx2.get(
        f"{proxy.url}/v3/export-jobs", auth=(sandbox.api_key, ""), params={"company_id": sandbox.company_id}
    )
    assert answer.status_code == 500
    assert proxy.violations(until=REFUSED)
