"""All questions, one after the other: what was answered, what was not and why, what an answer sets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from kontobro.core.dialect import Dialect, dialect_of
from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.words import told
from kontobro.pleo.documented.news import Counted
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.auth import Renewal
from kontobro.pleo.http.calls import Ways
from kontobro.pleo.http.files import open_files
from kontobro.pleo.http.oauth import introspect_token, renewer
from kontobro.pleo.probe import items, making, on_job, reading
from kontobro.pleo.probe.asker import Asker, Evidence, NoAnswer, open_asker
from kontobro.pleo.probe.catalogue import Question, questions
from kontobro.pleo.probe.ground import Found, Ground
from kontobro.pleo.probe.watched import seen_answer

State = Literal["answered", "unanswered", "not asked"]

MOST_OF_A_RECEIPT: Final = 30_000_000
"""Bytes: Pleo's own limit (`pleo/api.md` K)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a question. `detail`: what was seen, or why there is no answer. `sets`: what the answer sets its
    switch to, `now` how that is set."""

    question: Question
    state: State
    answer: str = ""
    detail: str = ""
    evidence: tuple[Evidence, ...] = ()
    sets: object = None
    now: object = None

    @property
    def differs(self) -> bool:
        """Whether a switch has to be set."""
        return self.sets is not None and self.sets != self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person allows. `only`: the questions, by name; all that need no name without it. `jobs`: may be written
    about, the first that is open first. `seen`: what was noted of Pleo's answers while Kontobro worked."""

    writes: bool = False
    jobs: tuple[str, ...] = ()
    only: frozenset[str] = field(default_factory=frozenset)
    seen: tuple[Counted, ...] = ()


Ask = Callable[[Ground], Found]
Progress = Callable[[int, int], None]


def ask_of(key: str) -> Ask:
    """The function of a question."""
    found: Ask = next(getattr(module, key) for module in (reading, items, making, on_job) if hasattr(module, key))
    return found


def probe(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways, wanted: Wanted) -> Iterator[Result]:
    """Each question's result as it comes. Raises LoginFailed, Misconfigured, Unreachable before the first.

    The caller holds the connection's export lock while jobs are named. What one answer says of how Pleo is talked to is
    heeded by the questions after it.
    """
    _check(wanted)
    set_now = ways.dialect or dialect_of(connection.environment)
    with _opened(connection, tokens, clock, ways, wanted) as ground:
        _require_login(ground.asker)
        for question in questions():
            if wanted.only and question.key not in wanted.only:
                continue
            result = _asked(question, ground, wanted, set_now)
            if result.sets is not None:
                ground.spoken = replace(ground.spoken, **{question.switch: result.sets})  # type: ignore[arg-type]
            yield result


def _check(wanted: Wanted) -> None:
    known = {question.key for question in questions()}
    if wrong := sorted(wanted.only - known):
        raise Misconfigured(*told("probe_question_unknown", name=wrong[0][:40], known=", ".join(sorted(known))))
    if wanted.jobs and not wanted.writes:
        raise Misconfigured(*told("probe_job_without_write")).by("kontobro probe --write --job ID")


@contextmanager
def _opened(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways, wanted: Wanted) -> Iterator[Ground]:
    asker = open_asker(connection, tokens, clock, ways, writes=wanted.writes)
    asker.permit(frozenset(wanted.jobs))
    spoken = ways.dialect or dialect_of(connection.environment)

    def renew() -> None:
        if held := tokens.tokens(connection):
            Renewal(connection, tokens, clock, renewer(connection, clock, ways)).renew(held.access)

    def introspects(way: str) -> bool:
        held = tokens.tokens(connection)
        try:
            shown = replace(ways, dialect=replace(spoken, client_auth=way))  # type: ignore[arg-type]
            return held is not None and introspect_token(connection, held, clock, shown).active
        except (LoginFailed, BadAnswer):
            return False

    def fetches(url: str) -> bool:
        files = open_files(connection.api_url, transport=ways.transport)
        try:
            files.fetch(url, MOST_OF_A_RECEIPT)
        except KontobroError:
            return False
        finally:
            files.close()
        return True

    try:
        yield Ground(
            asker,
            spoken,
            tokens=lambda: tokens.tokens(connection),
            renew=renew,
            introspects=introspects,
            fetches=fetches,
            writes=wanted.writes,
            before=tokens.tokens(connection),
        )
    finally:
        asker.close()


def _require_login(asker: Asker) -> None:
    """A login that Pleo refuses answers nothing. Raises LoginFailed, or why Pleo can't be asked at all."""
    try:
        asker.get(endpoints.INTROSPECT)
    except NoAnswer as none:
        raise BadAnswer(*told("probe_no_answer", why=str(none))) from none
    asker.take_evidence()


def _asked(question: Question, ground: Ground, wanted: Wanted, set_now: Dialect) -> Result:
    switch: dict[str, Any] = {"now": getattr(set_now, question.switch)} if question.switch else {}
    if question.needs == "watch" and (found := seen_answer(question.key, wanted.seen)):
        return Result(question=question, state="answered", answer=found.answer, detail=found.detail)
    if why := _barrier(question, wanted):
        return Result(question=question, state="not asked", detail=why, **switch)
    try:
        if question.needs in ("job", "ends") and ground.ended_by is None:
            ground.job = _next_job(ground, wanted)
        found = ask_of(question.key)(ground)
    except NoAnswer as none:
        return Result(
            question=question, state="unanswered", detail=str(none), evidence=ground.asker.take_evidence(), **switch
        )
    if question.switch:
        switch["sets"] = question.setting(found.answer)
    return Result(
        question=question,
        state="answered",
        answer=found.answer,
        detail=found.detail,
        evidence=ground.asker.take_evidence(),
        **switch,
    )


def _next_job(ground: Ground, wanted: Wanted) -> str:
    """The first of the named jobs that is not over yet. Raises NoAnswer."""
    for job in wanted.jobs:
        answer = ground.asker.get(endpoints.JOB, id=job)
        company = str(answer.data.get("companyId", "")).lower()
        if answer.good and company != ground.connection.company_id.lower():
            raise NoAnswer("the named job is another company's")
        if answer.good and answer.data.get("status") in OPEN:
            return job
    raise NoAnswer("no named job is open: press Export in Pleo and name the job with --job")


def _barrier(question: Question, wanted: Wanted) -> str:
    """Why a question is not asked; empty when it is."""
    match question.needs:
        case "watch":
            return question.asked
        case "person":
            return question.asked
        case "write" if not wanted.writes:
            return "asked with --write, on staging or the sandbox"
        case "job" | "ends" if not wanted.jobs:
            return "asked with --write and --job, on staging or the sandbox"
    if question.named and question.key not in wanted.only:
        return f"asked only when it is named: --only {question.key}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run, as it is kept and shown."""

    environment: str
    version: str
    at: datetime
    writes: bool
    results: tuple[Result, ...]

    def to_set(self) -> Mapping[str, object]:
        """The switches that an answer sets otherwise than they are."""
        return {one.question.switch: one.sets for one in self.results if one.differs}

    def open_switches(self) -> list[str]:
        """Switches that no answer of this run sets."""
        return [one.question.switch for one in self.results if one.question.switch and one.sets is None]

    def of(self, states: Collection[State]) -> list[Result]:
        return [one for one in self.results if one.state in states]
