"""What people and time do to a simulated world while exporters work in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kontobro.core.errors import KontobroError
from kontobro.core.model.journal import Reference
from pleo_sandbox.company.jobs import Job
from proof.simulator.books.files.held import FileBooks
from proof.simulator.books.held import ByHand
from proof.simulator.company import Company
from proof.simulator.desk import Desk
from proof.simulator.exporters.worker import Exporters
from proof.simulator.plan import Act


class People:
    """Bookkeepers in Pleo and in the accounting system, and whoever looks after the server."""

    def __init__(self, company: Company, exporters: Exporters) -> None:
        self._company, self._exporters = company, exporters
        books = company.books
        self._desk = Desk(company, exporters, books) if isinstance(books, FileBooks) else None

    def do(self, act: Act) -> str:
        """Do it; what was done, in words. Nothing when there is nothing to do it to."""
        sandbox = self._company.sandbox
        match act.kind:
            case "expire the job" if job := self._open_job():
                sandbox.expire_job(job.id)
                return "Pleo gave it up"
            case "cancel the job" if job := self._open_job():
                sandbox.cancel_job(job.id)
                return "in Pleo"
            case "press Export again":
                numbers = self._some(act, sorted(self._company.items))
                return f"for expenses {numbers}" if self._company.press_again(*numbers) else ""
            case "expire receipt addresses":
                sandbox.expire_file_urls()
                return "all that Pleo gave so far"
            case "lose the webhook" | "repeat the webhook" | "delay the webhook" | "forge a webhook":
                self._exporters.mail.trouble(act)
                return "the next one"
        return self._at_home(act) or self._by_hand(act) or (self._desk.do(act) if self._desk else "")

    def look_after(self) -> None:
        """All is calm: a person answers what waits for one."""
        if self._desk is None:
            return
        with suppress(KontobroError):
            self._company.world.story.extend(f"a person {what}" for what in self._desk.look_after())

    def _at_home(self, act: Act) -> str:
        """What befalls an installation."""
        home = self._home(act)
        match act.kind:
            case "revoke the login":
                self._exporters.revoke(home)
            case "expire the token":
                self._exporters.expire_token(home)
            case "connect again" if self._exporters.connect_again([home]):
                pass
            case "delete our history":
                self._exporters.forget(home)
            case "copy our history" if self._company.is_done and not (self._desk and self._desk.is_delivering()):
                self._exporters.homes.copy(home)
            case _:
                return ""
        return f"of installation {home + 1}"

    def _by_hand(self, act: Act) -> str:
        books = self._company.books
        if not isinstance(books, ByHand):
            return ""
        there = [one for one in books.references() if books.status(one) in ("draft", "posted")]
        drafts = [one for one in there if books.status(one) == "draft"]
        match act.kind:
            case "void by hand" if there:
                books.void_by_hand(one := _one(act, there))
                self._company.voided_at[one] = self._company.world.crossings
            case "delete by hand" if drafts:
                books.delete_by_hand(one := _one(act, drafts))
            case "post by hand" if drafts:
                books.post_by_hand(one := _one(act, drafts))
            case "edit by hand" if there:
                books.edit_by_hand(one := _one(act, there), act.size)
            case _:
                return ""
        return str(one)

    def _open_job(self) -> Job | None:
        return next((job for job in self._company.sandbox.jobs if job.is_open), None)

    def _home(self, act: Act) -> int:
        homes = self._company.plan.homes
        return homes[int(act.size * len(homes))]

    def _some(self, act: Act, numbers: Sequence[int]) -> list[int]:
        """Any of them, by the digits of the act's size."""
        chosen = int(act.size * 2 ** len(numbers))
        return [number for place, number in enumerate(numbers) if chosen >> place & 1] or list(numbers)


def _one(act: Act, references: Sequence[Reference]) -> Reference:
    return references[int(act.size * len(references))]
