"""Nothing that is told says a secret or a name. The fixture `discreet_log` listens to every other test here too."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import KontobroError
from pleo_sandbox.model import Expense
from tests.support.export_harness import CONTROL, EVENTS, ITEMS, JOBS, ExportHarness, an_export_harness
from tests.support.pleo_company import KNOWN_ONLY_TO_PLEO, a_company, a_receipt, an_item, kill_company


def assert_discreet(told: str, harness: ExportHarness) -> None:
    assert [secret for secret in (*KNOWN_ONLY_TO_PLEO, harness.connected.key) if secret in told] == []


def test_the_log_is_heard_at_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.export()
        assert {record.name.partition(".")[0] for record in caplog.records} >= {"kontobro"}
        assert {record.levelno for record in caplog.records} >= {logging.DEBUG, logging.INFO}
        assert any("export-items" in record.getMessage() for record in caplog.records)
        assert_discreet(caplog.text, harness)


@pytest.mark.parametrize(("method", "path"), [("GET", JOBS), ("GET", CONTROL), ("GET", ITEMS), ("PUT", CONTROL)])
@pytest.mark.parametrize("how", ["truncated", "html", "content_type"])
def test_errors_of_bad_answers(tmp_path: Path, method: str, path: str, how: Any) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.break_page(method, path, how, times=9)
        with pytest.raises(KontobroError) as fault:
            harness.export()
        assert_discreet(f"{fault.value} {fault.value!r} {fault.value.__cause__!r}", harness)


@pytest.mark.parametrize(("method", "path"), [("POST", EVENTS), ("GET", ITEMS)])
@pytest.mark.parametrize("status", [401, 403, 400])
def test_errors_of_refusals(tmp_path: Path, method: str, path: str, status: int) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.storm(method, path, status, times=5)
        with pytest.raises(KontobroError) as fault:
            harness.export()
        assert_discreet(f"{fault.value} {fault.value!r}", harness)


@pytest.mark.parametrize("method", ["check", "read", "validate", "find", "book", "attach", "post"])
def test_a_connector_that_shouts_what_it_saw(tmp_path: Path, method: str) -> None:
    with an_export_harness(tmp_path, a_company(Expense(an_item(1), (a_receipt(1),)))) as harness:

        def shout(behind: Any, *args: Any) -> Any:
            raise ValueError(f"{KNOWN_ONLY_TO_PLEO} {args}")

        harness.alter(**{method: shout})
        result = harness.export()
        assert result.event == "failed"
        assert_discreet(json.dumps(asdict(result)), harness)
        told = [str(job.failure_reason) for job in harness.sandbox.jobs]
        told += [str(item.result) for job in harness.sandbox.jobs for item in job.items]
        assert "log id" in str(told) or "connector failed" in str(told)
        assert_discreet(str(told), harness)


def test_ports_and_results_show_no_secret(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        result = harness.export()
        assert_discreet(
            f"{harness.ports!r} {harness.connection!r} {result!r} {harness.store.tokens(harness.connection)!r}", harness
        )
