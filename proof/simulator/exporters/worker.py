"""An exporter in a simulated world: real engine, real client, real store, each behind its seam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kontobro.core.errors import Busy, KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN, ExportJob
from kontobro.core.model.journal import Entry
from kontobro.core.ports import Connector, Store
from kontobro.erp.kit.guard import guarded
from kontobro.export import Ports, next_job
from kontobro.export.documents.actions import DocumentsOf
from kontobro.export.documents.books import SealedBooks
from kontobro.export.job.ended import note_ends
from kontobro.export.job.run import DocumentPorts
from kontobro.pleo import Ways, open_pleo
from kontobro.store.django_store import DjangoStore
from kontobro.testing.faults import DOCUMENT_COMMITS, STORE_COMMITS
from proof.simulator.books.files.held import FileBooks
from proof.simulator.books.files.place import delivery_of
from proof.simulator.books.way import Way
from proof.simulator.company import Company
from proof.simulator.exporters.homes import Homes
from proof.simulator.exporters.lives import Life
from proof.simulator.pleo.box import Box, Line, Seen
from proof.simulator.pleo.logins import Logins
from proof.simulator.pleo.webhooks import Mail
from proof.simulator.schedule import Killed, Worker
from proof.simulator.world import World

ENDS = ("completed", "completed_with_errors", "failed")

OF_DOCUMENTS = (*DOCUMENT_COMMITS, "save_secret", "restore_document", "mark_imported")
"""What a store commits beside, where documents are delivered."""

POLL = 900.0
"""Virtual seconds between two looks for work."""


class WorkerClock:
    """Time as an exporter reads it: each look is a crossing, and sleeping lets others go on."""

    def __init__(self, world: World, worker: Worker) -> None:
        self._world, self._worker = world, worker

    def now(self) -> datetime:
        self._world.cross(self._worker, "clock.now", ("kill",))
        return self._world.clock.now()

    def sleep(self, seconds: float) -> None:
        self._world.cross(self._worker, "clock.sleep", ("kill",))
        self._world.schedule.pause(self._worker, seconds)


class StoreSeam:
    """A store whose commits cross the seam; a lock is waited for in virtual time."""

    def __init__(self, store: Store, world: World, worker: Worker, owner: Exporters) -> None:
        self._store, self._world, self._worker, self._owner = store, world, worker, owner
        self._commits = (*STORE_COMMITS, *OF_DOCUMENTS) if world.plan.erp == "files" else STORE_COMMITS

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if name not in self._commits:
            return attribute

        def committed(*args: Any, **kwargs: Any) -> Any:
            self._world.cross(self._worker, f"store.{name}:before", ("kill",))
            answer = attribute(*args, **kwargs)
            self._owner.committed(self._worker, name, args)
            self._world.cross(self._worker, f"store.{name}:after", ("kill",))
            return answer

        return committed

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        left = wait
        while True:
            held = self._store.lock(name, wait=0)
            try:
                held.__enter__()
            except Busy:
                if left <= 0:
                    raise
                self._world.schedule.pause(self._worker, 1)
                self._world.cross(self._worker, "store.lock", ("kill",))
                left -= 1
                continue
            break
        try:
            yield
        finally:
            held.__exit__(None, None, None)


class Export(Protocol):
    """What an exporter does with a job. `take_over`: a person says that no one else works on it."""

    def __call__(self, connection: Connection, job: ExportJob, ports: Ports, *, take_over: bool = False) -> object: ...


@dataclass
class Exporters:
    """All installations of a world, and the processes that work in them."""

    world: World
    company: Company
    box: Box
    homes: Homes
    logins: Logins
    seen: Seen
    export: Export
    wrong: list[str] = field(default_factory=list)
    """What no exporter may do, as it was done."""
    lives: list[Life] = field(default_factory=list)
    over: bool = False
    revoked: set[int] = field(default_factory=set)
    _forgotten: set[int] = field(default_factory=set)
    _mail: Mail | None = None

    def install(self, home: int) -> None:
        """An installation with a connection and a login of its own."""
        self.homes.make(home)
        with self.homes.open(home) as store:
            self._connect(store, home)
        if self.world.plan.webhooks:
            self.mail.subscribe(home, self.company.id)

    @property
    def mail(self) -> Mail:
        """Pleo's webhooks: each calls its installation."""
        if self._mail is None:
            self._mail = Mail(self.box.sandbox, self._call)
        return self._mail

    def live(self, worker: Worker) -> None:
        """One process after the other, until the world ends."""
        while not self.over:
            try:
                self._look_for_work(worker)
                rest = self._until_the_next()
            except Killed:
                rest = float(self.world.plan.restart_seconds) + worker.away
                worker.away = 0
                self._ended(worker)
            worker.fenced = False
            if not self.over:
                self.world.schedule.rest(worker, rest)

    def _until_the_next(self) -> float:
        """Seconds until an exporter that did what it could looks again."""
        if not self.world.plan.by_the_clock:
            return POLL
        return POLL - self.world.clock.now().timestamp() % POLL

    def connect_again(self, homes: Iterable[int]) -> bool:
        """A person gives a new login wherever it has ended. Whether that was anywhere; not while one is renewed there,
        as the product waits for that too."""
        ended = False
        for home in set(homes):
            with self.homes.open(home) as store, suppress(Busy), store.lock("refresh-simulated"):
                if store.connections()[0].status != "connected" or home in self.revoked:
                    self._connect(store, home)
                    ended = True
                self.revoked.discard(home)
        return ended

    def revoke(self, home: int) -> None:
        """Pleo lets this installation in no more."""
        self.revoked.add(home)
        with self.homes.open(home) as store:
            if held := store.tokens(store.connections()[0]):
                self.logins.revoke(home, held)

    def expire_token(self, home: int) -> None:
        """Its access token is worth nothing any more, and can be renewed."""
        with self.homes.open(home) as store:
            if held := store.tokens(store.connections()[0]):
                self.logins.expire(held)

    def lose(self, home: int) -> None:
        """Its machine is gone: a copy of its history is put back, where there is one; else it remembers nothing."""
        self.forget(home)
        if self.homes.put_back(home):
            self.world.story.append(f"{self.world.clock.now():%H:%M:%S} its copy of the history was put back")

    def forget(self, home: int) -> None:
        """All that an installation remembers of its work is gone; its processes were ended for it."""
        for worker in self.world.schedule.workers:
            if worker.home == home:
                worker.fenced = True
        for life in self.lives[-1:]:
            life.forgotten = life.worker.home == home
        self.homes.forget(home)
        if isinstance(self.company.books, FileBooks):
            self.company.books.forget_released()
        self._forgotten.add(home)

    def landing(self, entries: Sequence[Entry], since: int) -> None:
        """Entries are about to be booked by one who looked last, or sent it, at the crossing `since`: those that a
        person voided meanwhile come back by no exporter's doing (`docs/proof.md`, what it can't prove)."""
        voided_at, revived = self.company.voided_at, self.company.books.revived
        revived |= {entry.reference for entry in entries if voided_at.get(entry.reference, since) > since}

    def landed(self, entries: Sequence[Entry]) -> None:
        """Entries were booked late, within the time that an export waits for them."""
        if len(set(self.world.plan.homes)) > 1:  # one knows nothing of what another wrote, and need not
            return
        for entry in entries:
            number = self.company.number_of(entry.reference)
            is_touched = any(one.reference in self.company.books.touched for one in self.company.entries[number])
            if self.company.status(number) == "failed" and not is_touched:
                self.wrong.append(f"expense {number} was called absent, and its write was still under way")

    def committed(self, worker: Worker, name: str, given: Sequence[Any]) -> None:
        """Our store has taken something."""
        if name == "save_tokens":
            self.logins.stored(worker)
        if name == "end_job":
            self.wrong.extend(self._wrong_end(str(given[1]), str(given[2])))

    # ------------------------------------------------------------------------------------------------

    def _wrong_end(self, job_id: str, status: str) -> Iterator[str]:
        """What our history says of an export's end, and is not so."""
        if status in OPEN:
            yield f"our history says that an export ended, and that it is {status}"
        is_open = any(job.is_open and job.id == job_id for job in self.company.sandbox.jobs)
        if is_open and status in ENDS and job_id not in self.box.told_ends:
            yield f"our history says that an export ended as {status}, and Pleo was never told"

    def _ended(self, worker: Worker) -> None:
        """Its process was killed."""
        self.logins.died(worker)
        self._life(worker).end(has_written=worker.wrote == len(worker.crossed))
        worker.died_at = ""

    def _life(self, worker: Worker) -> Life:
        """Its present process."""
        return next(life for life in reversed(self.lives) if life.worker is worker)

    def _call(self, home: int, moment: datetime) -> None:
        for worker in self.world.schedule.workers:
            if worker.home == home:
                self.world.schedule.call(worker, moment)

    def _look_for_work(self, worker: Worker) -> None:
        """One process: look for a job, export it. A fault is a fault: told in the story."""
        self.lives.append(Life(worker))
        worker.began = self.world.crossings
        worker.crossed, worker.wrote = self.lives[-1].crossed, -1
        store = self.homes.open(worker.home)
        try:
            connection = store.connections()[0]
            if connection.status == "connected":
                self._export(worker, store, connection)
        except KontobroError as fault:
            told = f"{type(fault).__name__}: {fault.message}"
            self.world.tell(worker, f"ended its run: {told}")
        finally:
            store.close()

    def _export(self, worker: Worker, store: DjangoStore, connection: Connection) -> None:
        life, clock = self._life(worker), WorkerClock(self.world, worker)
        seam = StoreSeam(life.named(store, "store"), self.world, worker, self)
        line = Line(self.box, self.world, worker, self.seen, self.logins)
        pleo = open_pleo(connection, seam, clock, Ways(transport=line))
        try:
            connector, documents = self._books_of(worker, connection, seam, clock)
            ports = Ports(
                pleo=life.named(pleo, "pleo"),
                connector=connector,
                store=seam,
                clock=clock,
                documents=documents,
                guards=store,
            )
            self._look_after(connection, ports)
            note_ends(connection, ports)
            job = next_job(ports)
            if job is not None:
                life.takes_over = self._takes_over(worker.home)
                self.export(connection, job, ports, take_over=life.takes_over)
        finally:
            pleo.close()

    def _books_of(
        self, worker: Worker, connection: Connection, seam: Any, clock: WorkerClock
    ) -> tuple[Connector, DocumentPorts | None]:
        """An exporter's way to the accounting system; the store is a part of it where that takes files."""
        books = self.company.books
        if isinstance(books, FileBooks):
            delivery = delivery_of(books.folder, books, self.world, worker, self.lose)
            documents = DocumentPorts(books.target, seam, delivery)
            return SealedBooks(books.target, seam, connection.id, clock), documents
        way = Way(self._life(worker).named(books.connector(), "erp"), self.world, worker, self)
        return guarded(way), None

    def _look_after(self, connection: Connection, ports: Ports) -> None:
        """What the service does with documents at every look (`kontobro.worker.pieces`); the command line does not."""
        if ports.documents is None or not self.world.plan.webhooks:
            return
        desk = DocumentsOf(connection=connection, store=ports.store, documents=ports.documents, clock=ports.clock)
        with suppress(KontobroError):
            if ports.documents.store.open_documents(connection.id):
                desk.take_marks()
                desk.deliver()

    def _takes_over(self, home: int) -> bool:
        """Once after its history was deleted, where it is the only exporter: a person says so then."""
        said = home in self._forgotten and len(self.world.plan.homes) == 1
        self._forgotten.discard(home)
        return said

    def _connect(self, store: DjangoStore, home: int) -> None:
        tokens = self.logins.give(home, self.world.clock.now())
        store.save_connection(self._connection(home), tokens)

    def _connection(self, home: int) -> Connection:
        return Connection(
            id="simulated",
            name="simulated",
            environment="sandbox",
            api_url="http://127.0.0.1",
            auth_url="http://127.0.0.1",
            auth=self.logins.auth,
            client_id=self.logins.client_id(home),
            company_id=self.company.id,
            company_name="Fjord & Bro ApS",
            erp="simulated",
            settings=self.company.settings,
        )
