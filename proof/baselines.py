"""The field's usual ways to export, under the same seeds as ours: what they lose and double.

Each goes through a job item by item, with the same client, connector and rules as ours. They differ in what they do
when a write was not answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from kontobro.core.errors import KontobroError, Uncertain, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, ExportJob, ItemReport, JobOutcome
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.ports import Connector
from kontobro.core.rules.post import post_item
from kontobro.export import Ports, run_job
from kontobro.export.job.masters import load_masters
from kontobro.export.receipts.fetch import fetch_all
from proof.simulator.exporters.worker import Export
from proof.simulator.plan import plan_of
from proof.simulator.run import simulate

TRIES: Final = 3
Write = Callable[[Ports, Sequence[Entry]], Sequence[Booking]]


def retry_blindly(ports: Ports, entries: Sequence[Entry]) -> Sequence[Booking]:
    """An answer that does not come is asked for again, at once: what most HTTP clients are set to."""
    return _insisting(ports, 2, lambda: ports.connector.book(entries))


def repost_by_timer(ports: Ports, entries: Sequence[Entry]) -> Sequence[Booking]:
    """What was not confirmed in five minutes is sent again."""
    return _insisting(ports, 300, lambda: ports.connector.book(entries))


def find_first(ports: Ports, entries: Sequence[Entry]) -> Sequence[Booking]:
    """Looks before each write, and believes at once what it does not see."""

    def write() -> Sequence[object]:
        found = ports.connector.find([entry.reference for entry in entries])
        absent = [entry for entry in entries if entry.reference not in found]
        return [*found.values(), *(ports.connector.book(absent) if absent else ())]

    return _insisting(ports, 2, write)


def _insisting(ports: Ports, pause: float, write: Callable[[], Sequence[object]]) -> Sequence[Booking]:
    for number in range(TRIES):
        try:
            return [answer for answer in write() if isinstance(answer, Booking)]
        except (Unreachable, Uncertain):
            if number == TRIES - 1:
                raise
            ports.clock.sleep(pause)
    return ()


def exporter(write: Write) -> Export:
    """An exporter that writes in this way. It asks no one whether a job is its own."""

    def export(connection: Connection, job: ExportJob, ports: Ports, *, take_over: bool = False) -> None:
        if job.status == "pending":
            ports.pleo.start(job.id)
        masters = load_masters(ports.connector, ports.connector.check())
        reports = []
        for page in ports.pleo.items(job.id):
            for item in page:
                posted = post_item(
                    item,
                    connection.settings,
                    masters,
                    ports.clock.now().date(),
                    bills=ports.connector.capabilities.bills,
                )
                if posted.problems or not isinstance(item, ExportItem):
                    reports.append(_failed(item.entry_id, "; ".join(map(str, posted.problems))))
                else:
                    reports.append(_booked(ports, item, posted.entries, write, connection.settings.posting == "posted"))
        ports.pleo.report(job.id, reports)
        failed = any(report.status == "failed" for report in reports)
        ports.pleo.complete(job.id, JobOutcome("completed_with_errors" if failed else "completed"))

    return export


def _booked(ports: Ports, item: ExportItem, entries: Sequence[Entry], write: Write, post: bool) -> ItemReport:
    try:
        bookings = write(ports, entries)
        _attach(ports.connector, ports, item, bookings[:1])
        if post:
            ports.connector.post(bookings)
    except KontobroError as fault:
        return _failed(item.entry_id, fault.message)
    return ItemReport(
        entry_id=item.entry_id, status="successful", exported_at=ports.clock.now(), external_id=bookings[0].id
    )


def _attach(connector: Connector, ports: Ports, item: ExportItem, bookings: Sequence[Booking]) -> None:
    rules = connector.capabilities.receipts
    if rules is None or not item.receipts:
        return
    (fetched,) = fetch_all(ports.pleo, [item], rules, lambda: None)
    for booking in bookings:
        connector.attach(booking, fetched.receipts)


def _failed(entry_id: str | None, why: str) -> ItemReport:
    return ItemReport(
        entry_id=entry_id or "", status="failed", failure=why[:200] or "failed", failure_type="unexpected_failure"
    )


BASELINES: Final[Mapping[str, Export]] = {
    "retry at once": exporter(retry_blindly),
    "send again after five minutes": exporter(repost_by_timer),
    "look first, believe what is not seen": exporter(find_first),
    "Kontobro": run_job,
}


@dataclass(frozen=True, slots=True)
class Harm:
    """In how many runs what went wrong."""

    runs: int = 0
    doubled: int = 0
    lost: int = 0
    """Pleo shows it as exported, and it is not in the books."""
    otherwise: int = 0
    """Booked, and not as Pleo says; a receipt missing among it."""
    left: int = 0
    """Never ended, however often Export was pressed; or the exporter broke."""

    def __add__(self, other: Harm) -> Harm:
        return Harm(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Harm)))

    def __str__(self) -> str:
        return (
            f"{self.runs} runs: doubled in {self.doubled}, lost in {self.lost}, booked otherwise in {self.otherwise}, "
            f"left in {self.left}"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "doubled": (" times", "is no expense's", "again without a word"),
    "lost": ("Pleo is told", "in the books under"),
    "otherwise": ("otherwise than Pleo says", "receipts, not its", "without its fingerprint"),
    "left": ("is left", "Pleo's status of it is", "an exporter broke", "is in a log"),
}
"""By what the judge says (`simulator/judge.py`)."""


def harm_of(name: str, seed: int) -> Harm:
    """One seed, exported in this way."""
    kinds = {kind for wrong in simulate(plan_of(seed), BASELINES[name]).wrong for kind in kinds_of(wrong)}
    return Harm(1, **{kind: int(kind in kinds) for kind in KINDS})


def kinds_of(wrong: str) -> set[str]:
    """Which kinds of harm a sentence of the judge's is."""
    return {kind for kind, parts in KINDS.items() if any(part in wrong for part in parts)}
