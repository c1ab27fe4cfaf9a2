"""Figures for Prometheus. Labels are few and fixed: accounting systems, outcomes, states; no tenant, no id.

Two kinds. What happened in a process (counters, durations): of several gunicorn processes they are summed through
`PROMETHEUS_MULTIPROC_DIR`, which `metrics_folder.prepare` sets before this module is imported. What exists (queue,
connections, bookings): read at scrape time, so that every process tells the same and a restart forgets nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal, Protocol
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from kontobro.core.errors import Misconfigured
from kontobro.service.metrics.vitals import Vitals

if TYPE_CHECKING:
    from prometheus_client.core import Metric

WebhookOutcome = Literal["taken", "repeated", "bad_signature", "too_old", "unreadable", "unknown", "too_large"]

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_JOB_SECONDS: Final = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)
_PAGE_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

ITEMS: Final = Counter("kontobro_items", "Export items by result.", ["erp", "outcome"])
JOBS: Final = Counter("kontobro_jobs", "Export jobs by how they ended.", ["erp", "outcome"])
JOB_SECONDS: Final = Histogram("kontobro_job_seconds", "How long a job took.", ["erp"], buckets=_JOB_SECONDS)
PAGES: Final = Histogram("kontobro_page_seconds", "Server time of a page.", ["status"], buckets=_PAGE_SECONDS)
WEBHOOKS: Final = Counter("kontobro_webhooks", "Webhooks received, by what was done with them.", ["outcome"])
PLEO_CALLS: Final = Counter("kontobro_pleo_calls", "Requests that left for Pleo.", ["endpoint"])
PLEO_LIMITED: Final = Counter("kontobro_pleo_limited", "Requests that Pleo answered with 429.")

PLEO_NEWS: Final = Counter(
    "kontobro_pleo_news", "Answers of Pleo's that are not as documented, by what is not.", ["endpoint", "kind"]
)


class JobFacts(Protocol):
    """What is counted of a job's result (`export.engine.JobResult` has it)."""

    @property
    def event(self) -> str: ...

    @property
    def booked(self) -> int: ...

    @property
    def failed(self) -> int: ...

    @property
    def uncertain(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What exists. `connections` by status; `bookings` by accounting system and state."""

    connections: Mapping[str, int]
    bookings: Mapping[tuple[str, str], int]
    vitals: Vitals | None = None


class CurrentFigures:
    """Prometheus' collector over figures that were read already."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily("kontobro_connections", "Connections by status.", labels=["status"])
        for status, count in sorted(self._figures.connections.items()):
            connections.add_metric([status], count)
        bookings = GaugeMetricFamily("kontobro_bookings", "Bookings by state.", labels=["erp", "state"])
        for (erp, state), count in sorted(_merged(self._figures.bookings).items()):
            bookings.add_metric([erp, state], count)
        yield connections
        yield bookings
        if self._figures.vitals is not None:
            yield from _of_vitals(self._figures.vitals)


def _of_vitals(vitals: Vitals) -> Iterator[Metric]:
    yield GaugeMetricFamily("kontobro_workers", "Workers that are alive.", value=vitals.workers)
    work = GaugeMetricFamily("kontobro_work", "Tasks waiting or running.", labels=["state"])
    work.add_metric(["waiting"], vitals.waiting)
    work.add_metric(["running"], vitals.running)
    yield work
    wait = vitals.oldest_wait.total_seconds()
    yield GaugeMetricFamily("kontobro_oldest_wait_seconds", "How long the oldest task has waited.", value=wait)
    if vitals.since_look is not None:
        age = vitals.since_look.total_seconds()
        yield GaugeMetricFamily("kontobro_last_look_seconds", "Time since Pleo was last asked for jobs.", value=age)


def erp_label(erp: str) -> str:
    return "own" if ":" in erp else erp


def count_job(erp: str, result: JobFacts, seconds: float) -> None:
    """Count a job that ended, and its items."""
    label = erp_label(erp)
    JOBS.labels(label, result.event).inc()
    JOB_SECONDS.labels(label).observe(seconds)
    ITEMS.labels(label, "booked").inc(result.booked)
    ITEMS.labels(label, "failed").inc(result.failed)
    ITEMS.labels(label, "uncertain").inc(result.uncertain)


def count_webhook(outcome: WebhookOutcome) -> None:
    WEBHOOKS.labels(outcome).inc()


@contextmanager
def timed_page(status: Sequence[int]) -> Iterator[None]:
    """Measure a page; `status` is a list that has the status in it by the end."""
    began = monotonic()
    try:
        yield
    finally:
        code = status[-1] if status else 500
        PAGES.labels(f"{code // 100}xx").observe(monotonic() - began)


def metrics_page(figures: Figures | None = None) -> tuple[bytes, str]:
    """The page and its media type. Without figures only what happened in this process, or in all of gunicorn's."""
    standing = CollectorRegistry()
    if figures is not None:
        standing.register(CurrentFigures(figures))
    return generate_latest(_happened()) + generate_latest(standing), CONTENT_TYPE_LATEST


def _happened() -> CollectorRegistry:
    if not os.environ.get(FOLDER):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def serve_metrics(bind: str) -> tuple[WSGIServer, Thread]:
    """A worker's own page at `address:port`, in a thread. Raises Misconfigured; `shutdown()` the server to end."""
    host, _, port = bind.rpartition(":")
    try:
        return start_http_server(int(port), host.strip("[]") or "127.0.0.1", _happened())
    except (ValueError, OverflowError, OSError) as error:
        raise Misconfigured(
            f"Metrics can't be served at {bind} ({type(error).__name__}).", "Write it as ADDRESS:PORT."
        ) from None


def _merged(bookings: Mapping[tuple[str, str], int]) -> Mapping[tuple[str, str], int]:
    """Own connectors under one label."""
    merged: dict[tuple[str, str], int] = {}
    for (erp, state), count in bookings.items():
        key = (erp_label(erp), state)
        merged[key] = merged.get(key, 0) + count
    return merged
