"""`kontobro serve` over a longer time: exports by webhook, pages, polling; its memory and descriptors stay flat."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from bench.load.companies import FIRM, Service, a_service, a_worker, named, settle
from bench.load.processes import children, descriptors, load, resident
from bench.result import Result
from bench.service.__main__ import an_item, answers, free_port, subscribe_to, wait
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

MINUTES, COMPANIES, ITEMS = 15, 20, 5
EVERY = 10.0
"""Seconds between two samples."""
BEAT = 2.0
"""Seconds between two exports; with each the pages below are asked for."""
MOST, FLAT = 200.0, 1.05
"""MB of all processes of `kontobro serve`; and times the first third, at most."""
PAGES = ("", "jobs/", "problems/", "month-end/")
OF_CONNECTION = ("", "jobs/", "settings/", "bookings/?first=")


@dataclass(frozen=True, slots=True)
class Sample:
    """MB in memory and descriptors, of all processes of the service; exports that were done."""

    memory: float
    descriptors: int
    exports: int


def measure(minutes: int = MINUTES) -> list[Result]:
    command = [sys.executable, "-m", "bench.load.soak", str(minutes)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    samples = [Sample(*each) for each in json.loads(output)]
    early, late = thirds(samples)
    work = f"{samples[-1].exports:,} exports of {ITEMS} items and {8 * samples[-1].exports:,} pages in {minutes} min"
    memory, files = ([getattr(each, name) for each in samples] for name in ("memory", "descriptors"))
    grown = f"{_median(early, 'memory'):.0f} MB in the second third, {_median(late, 'memory'):.0f} in the last"
    return [
        Result("load_soak_memory", max(memory), MOST, "MB", f"the most; {memory[-1]:.0f} at the end; {work}"),
        Result("load_soak_growth", _median(late, "memory") / _median(early, "memory"), FLAT, "times", grown),
        Result(
            "load_soak_descriptors",
            _median(late, "descriptors") / _median(early, "descriptors"),
            FLAT,
            "times",
            f"{min(files)} to {max(files)}; {load()}",
        ),
    ]


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """The second and the last: in the first a process still loads what it needs."""
    third = len(samples) // 3
    return samples[third : 2 * third], samples[-third:]


def _median(samples: Sequence[Sample], name: str) -> float:
    return statistics.median(getattr(each, name) for each in samples)


def soaked(minutes: float) -> Iterator[Sample]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        sandbox = Sandbox(rate_limit=None)
        pleo = stack.enter_context(serve(sandbox))
        service = a_service(home, bind=f"127.0.0.1:{free_port()}", poll_seconds="5", reconcile_seconds="5")
        connections = [named(sandbox, pleo, number, quick=True) for number in range(COMPANIES)]
        settle(service, sandbox, connections)
        browser, firm = stack.enter_context(signed_in(service))
        for one in connections:
            subscribe_to(service.config, one.id)
        process = stack.enter_context(a_worker(service, "-m", "kontobro.cli", "serve"))
        wait(lambda: answers(f"{service.config.public_url}/readyz"))
        end, sampled = time.monotonic() + 60 * minutes, time.monotonic()
        number = 0
        while time.monotonic() < end:
            began = time.monotonic()
            one = connections[number % COMPANIES]
            _export(sandbox, one.company_id)
            for page in (*(firm + page for page in PAGES), *(f"/c/{one.id}/{page}" for page in OF_CONNECTION)):
                browser.get(page).raise_for_status()
            number += 1
            if time.monotonic() - sampled >= EVERY:
                sampled = time.monotonic()
                yield _sample(process.pid, sum(str(job.status) == "completed" for job in sandbox.jobs))
            time.sleep(max(0.0, began + BEAT - time.monotonic()))


def _export(sandbox: Sandbox, company_id: str) -> None:
    """Pressed at Pleo, unless the company's last one is under way."""
    if any(str(job.status) != "completed" for job in sandbox.jobs if job.company_id == company_id):
        return
    for _ in range(ITEMS):
        sandbox.add_expense(company_id, an_item(company_id))
    sandbox.press_export(company_id)


@contextmanager
def signed_in(service: Service) -> Iterator[tuple[httpx2.Client, str]]:
    """A browser of an owner, and where the organisation's pages are."""
    from django.conf import settings
    from django.test import Client

    from kontobro.web.models import Membership, Organisation, User

    firm = Organisation.objects.get()
    person = User.objects.create_user(email="owner@example.com", password=None)
    Membership.objects.create(organisation=firm, user=person, role="owner")
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: cookie}
    with httpx2.Client(base_url=service.config.public_url, cookies=cookies, trust_env=False, timeout=60) as browser:
        yield browser, f"/o/{firm.id}/"


def _sample(pid: int, exports: int) -> Sample:
    """All processes of it: gunicorn's first, and the one that serves and works."""
    memory, files = 0.0, 0
    for each in (pid, *children(pid)):
        with suppress(FileNotFoundError, ProcessLookupError, StopIteration):  # one that ended just now
            memory, files = memory + resident(each), files + descriptors(each)
    print(f"{memory:.0f} MB, {files} descriptors, {exports:,} exports", file=sys.stderr, flush=True)
    return Sample(memory, files, exports)


assert COMPANIES <= FIRM, "they are of one organisation"

if __name__ == "__main__":
    print(json.dumps([astuple(each) for each in soaked(float(sys.argv[1]))]))
