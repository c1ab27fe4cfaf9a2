"""A Pleo in a box with a history, and what the probe finds out about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from kontobro.core.dialect import Dialect
from kontobro.core.level import scopes_of
from kontobro.core.model.connection import Connection, Tokens
from kontobro.pleo import Grant, Ways, authorize_url, exchange_code
from kontobro.pleo.http import endpoints
from kontobro.pleo.probe.run import Result, Wanted, probe
from pleo_sandbox.company.jobs import ItemResult, ItemStatus, Job, JobEvent
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.model import Expense
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.export_harness import SandboxClock
from tests.support.pleo_answers import in_isk
from tests.support.pleo_company import COMPANY, a_company, a_receipt, an_item, entry_id
from tests.support.scripted_pleo import MemoryTokens, a_connection

REDIRECT = "http://127.0.0.1:8917/callback"
VERIFIER = "v" * 64
EXPENSES = 14
EXPORTED = 3


@dataclass
class Probed:
    """A sandbox that is served, and what a person may do with it."""

    sandbox: Sandbox
    url: str
    scopes: Iterable[str] | None = None
    tokens: MemoryTokens = field(default_factory=lambda: MemoryTokens(None))
    oauth: bool = False
    client_id: str | None = None

    def __post_init__(self) -> None:
        scopes = ALL_SCOPES if self.scopes is None else self.scopes
        key = self.sandbox.add_api_key(COMPANY, {self.sandbox.rules.scope(scope) for scope in scopes})
        self.tokens.held = Tokens(access=key)

    @property
    def clock(self) -> SandboxClock:
        return SandboxClock(self.sandbox)

    def connection(self, **changes: Any) -> Connection:
        auth = "oauth" if self.oauth else "api_key"
        facts: dict[str, Any] = {
            "environment": "sandbox",
            "api_url": self.url,
            "auth_url": self.url,
            "company_id": COMPANY,
            "auth": auth,
            "client_id": self.client_id,
        }
        return a_connection(**(facts | changes))

    def export(self, numbers: Iterable[int]) -> Job:
        """A job, still pending."""
        self.sandbox.press_export(COMPANY, [entry_id(number) for number in numbers])
        return self.sandbox.jobs[-1]

    def exported(self, numbers: Iterable[int]) -> Job:
        """A job that is over, its items booked elsewhere."""
        job, exports = self.export(numbers), self.sandbox.exports
        exports.apply(job, JobEvent.STARTED, None, None)
        for item in job.items:
            item.result = ItemResult(ItemStatus.SUCCESSFUL, external_id=f"E{item.expense.id[-3:]}")
        exports.apply(job, JobEvent.COMPLETED, None, None)
        return job

    def log_in(self, dialect: Dialect | None = None) -> None:
        """Connect by OAuth, as a person does in a browser."""
        app = self.sandbox.register_client([REDIRECT])
        self.oauth, self.client_id = True, app.client_id
        way = authorize_url(
            self.connection(),
            redirect_uri=REDIRECT,
            state="s",
            verifier=VERIFIER,
            scopes=scopes_of(4) | {endpoints.ACCOUNTING_ENTRY.scope},
            tag_scope=self.sandbox.rules.tag_scope,
        )
        grant = Grant(code=_consent(way), redirect_uri=REDIRECT, verifier=VERIFIER, client_secret=app.secret)
        self.tokens.held = exchange_code(self.connection(), grant, self.clock, Ways(dialect=dialect))

    def ask(
        self, *only: str, writes: bool = False, job: Job | None = None, dialect: Dialect | None = None
    ) -> dict[str, Result]:
        """The results by question."""
        wanted = Wanted(writes=writes, jobs=(job.id,) if job else (), only=frozenset(only))
        results = probe(self.connection(), self.tokens, self.clock, Ways(dialect=dialect), wanted)
        return {result.question.key: result for result in results}

    def sleep(self, minutes: int) -> None:
        self.sandbox.move_clock(timedelta(minutes=minutes))


@contextmanager
def probed(rules: Mapping[str, Any] | None = None, *, scopes: Iterable[str] | None = None) -> Iterator[Probed]:
    """`rules`: what this Pleo answers; the first answers without."""
    expenses = [Expense(an_item(number), (a_receipt(number),) if number == 1 else ()) for number in range(1, EXPENSES)]
    expenses[1] = Expense(an_item(2, **in_isk(1_500)))
    refund = an_item(EXPENSES, type="refund", minor=-5_000)
    sandbox = Sandbox(a_company(*expenses, Expense(refund)))
    sandbox.set_rules(dict(rules or {}))
    with serve(sandbox) as url:
        yield Probed(sandbox, url, scopes)


def _consent(url: str) -> str:
    """Press Allow on the consent page: the code that comes back."""
    with httpx2.Client(trust_env=False) as browser:
        page = browser.get(url)
        ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
        answer = {"ticket": ticket, "company_id": COMPANY, "decision": "approve"}
        back = browser.post(url.partition("?")[0], data=answer).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]
