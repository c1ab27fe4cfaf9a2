"""Figures: bounded labels, what exists read at scrape time, several processes summed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from kontobro.core.errors import Misconfigured
from kontobro.pleo import Ways, open_pleo
from kontobro.pleo.documented.news import Watch
from kontobro.service.app import PleoFigures
from kontobro.service.metrics.counters import (
    Figures,
    count_job,
    count_webhook,
    erp_label,
    metrics_page,
    serve_metrics,
    timed_page,
)
from kontobro.service.metrics.current import figures_of
from kontobro.service.metrics.folder import FOLDER, metrics_folder
from kontobro.service.metrics.vitals import Vitals
from kontobro.store import open_store
from tests.support.empty_store import put_empty_store
from tests.support.scripted_pleo import Stage, a_connection, a_job, page, refusal


@dataclass(frozen=True)
class Result:
    event: str = "completed"
    booked: int = 3
    failed: int = 2
    uncertain: int = 1


def figure(name: str, page: bytes | None = None, **labels: str) -> float:
    """One figure's value; 0 when it is not on the page."""
    text = (metrics_page()[0] if page is None else page).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return 0.0


def test_a_job_and_its_items_are_counted() -> None:
    before = figure("kontobro_items_total", erp="odoo", outcome="booked")
    took = figure("kontobro_job_seconds_sum", erp="odoo")
    count_job("odoo", Result(), 1.5)
    assert figure("kontobro_items_total", erp="odoo", outcome="booked") == before + 3
    assert figure("kontobro_job_seconds_sum", erp="odoo") == took + 1.5
    assert figure("kontobro_jobs_total", erp="odoo", outcome="completed") >= 1


def test_a_companys_own_connector_is_not_named() -> None:
    assert erp_label("acme.secret_project:connect") == "own"
    count_job("acme.secret_project:connect", Result(), 1)
    figures = Figures({}, {("acme.secret_project:connect", "posted"): 2, ("other.one:x", "posted"): 3})
    text = metrics_page(figures)[0]
    assert b"secret_project" not in text
    assert figure("kontobro_bookings", text, erp="own", state="posted") == 5


def test_what_stands_is_on_the_page() -> None:
    wait, look = timedelta(seconds=7), timedelta(seconds=90)
    vitals = Vitals(workers=2, waiting=5, running=1, oldest_wait=wait, since_look=look)
    text, media_type = metrics_page(Figures({"connected": 4, "reconnect": 1}, {("odoo", "uncertain"): 1}, vitals))
    assert media_type.startswith("text/plain")
    assert figure("kontobro_connections", text, status="reconnect") == 1
    assert figure("kontobro_bookings", text, erp="odoo", state="uncertain") == 1
    assert figure("kontobro_work", text, state="waiting") == 5
    assert figure("kontobro_oldest_wait_seconds", text) == 7
    assert figure("kontobro_last_look_seconds", text) == 90
    assert figure("kontobro_workers", text) == 2


def test_the_store_is_counted_by_the_database(tmp_path: Path) -> None:
    with open_store(put_empty_store(tmp_path / "kontobro.sqlite3")) as store:
        store.save_connection(a_connection(id="c1"))
        store.save_connection(a_connection(id="c2", status="reconnect", company_id="another"))
        assert figures_of(store).connections == {"connected": 1, "reconnect": 1}
        assert figures_of(store).bookings == {}


def test_pages_and_webhooks_are_counted() -> None:
    before = figure("kontobro_webhooks_total", outcome="bad_signature")
    slow = figure("kontobro_page_seconds_count", status="4xx")
    count_webhook("bad_signature")
    status: list[int] = []
    with timed_page(status):
        status.append(404)
    assert figure("kontobro_webhooks_total", outcome="bad_signature") == before + 1
    assert figure("kontobro_page_seconds_count", status="4xx") == slow + 1


def test_calls_to_pleo_its_429s_and_its_news_are_counted() -> None:
    """By the very object that the service gives its clients."""
    stage = Stage().on("GET /v3/export-jobs", refusal(429, retry_after="1"), page([a_job(giftCards=3)]))
    watch = Watch(None, stage.clock, PleoFigures())
    ways = Ways(transport=httpx2.MockTransport(stage), watch=watch)
    call = {"endpoint": "GET /v3/export-jobs"}
    names = ("kontobro_pleo_limited_total", "kontobro_pleo_calls_total", "kontobro_pleo_news_total")
    labels: tuple[dict[str, str], ...] = ({}, call, {**call, "kind": "field"})
    before = [figure(name, **label) for name, label in zip(names, labels, strict=True)]
    open_pleo(a_connection(), stage.tokens, stage.clock, ways).jobs(["pending"])
    after = [figure(name, **label) for name, label in zip(names, labels, strict=True)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2, 1]


COUNT = """
from kontobro.service.metrics.counters import count_webhook, metrics_page
count_webhook("taken")
print(metrics_page()[0].decode())
"""


def test_the_figures_of_several_processes_are_summed() -> None:
    with metrics_folder() as folder:
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", COUNT], env=os.environ, capture_output=True, text=True, check=True, timeout=60
            )
        assert figure("kontobro_webhooks_total", done.stdout.encode(), outcome="taken") == 3
    assert not Path(folder).exists()
    assert os.environ.get(FOLDER) != folder


def test_a_worker_serves_its_own_page() -> None:
    server, thread = serve_metrics("127.0.0.1:0")
    try:
        answer = httpx2.get(f"http://127.0.0.1:{server.server_port}/metrics", trust_env=False)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
    assert answer.status_code == 200
    assert "kontobro_jobs" in answer.text


@pytest.mark.parametrize("bind", ["", "nonsense", "127.0.0.1:99999", "127.0.0.1:x"])
def test_a_wrong_bind_is_one_clear_error(bind: str) -> None:
    with pytest.raises(Misconfigured, match="ADDRESS:PORT"):
        serve_metrics(bind)
