"""A run's report: as a page to read, as JSON for programs. It has no raw value (`pleo/documented/shape.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kontobro.core.dialect import spelled_answer
from kontobro.pleo.documented.shape import Shape
from kontobro.pleo.probe.asker import Evidence
from kontobro.pleo.probe.run import Report, Result

Json = dict[str, Any]

MOST_FIELDS: Final = 60
"""Fields of an answer that the page shows; the JSON has them all."""


def page(report: Report) -> str:
    """The report in Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    answered, rest = report.of(["answered"]), report.of(["unanswered", "not asked"])
    yield f"# What Pleo answers: {report.environment}"
    yield ""
    counts = f"{len(answered)} questions answered, {len(rest)} not."
    yield f"{report.at:%Y-%m-%d %H:%M} UTC, Kontobro {report.version}. {counts}"
    yield "Only GET was sent." if not report.writes else "With writes, as allowed."
    yield "Evidence shows calls, statuses and the shape of answers; no ID, name, amount or secret."
    if to_set := report.to_set():
        yield "\n## To set\n"
        yield from (f"- `{name} = {spelled_answer(value)}`" for name, value in to_set.items())
    yield "\n## Answered\n"
    for result in answered:
        yield from _section(result)
    yield "\n## Unanswered\n"
    yield from (f"- **{one.question.question}** {one.detail}. ({one.question.source})" for one in rest)
    yield "\n## Evidence of what is unanswered\n"
    for result in rest:
        if result.evidence:
            yield f"### {result.question.key}\n"
            yield from _evidence(result)


def _section(result: Result) -> Iterator[str]:
    question = result.question
    yield f"### {question.question}\n"
    detail = f" ({result.detail})" if result.detail else ""
    yield f"**{result.answer}**: {question.answers[result.answer]}{detail}.\n"
    yield f"- asked: {question.asked}"
    yield f"- open in: {question.source}"
    if question.switch:
        state = "set so" if not result.differs else f"set to {spelled_answer(result.now)}: change it"
        yield f"- switch: `{question.switch}` ({state})"
    yield ""
    yield from _evidence(result)


def _evidence(result: Result) -> Iterator[str]:
    for one in result.evidence:
        asked = f" ({', '.join(one.asked)})" if one.asked else ""
        entries = f", {one.entries} {'entry' if one.entries == 1 else 'entries'}" if one.entries is not None else ""
        headers = "".join(f", {name}: {value}" for name, value in one.headers.items())
        yield f"- `{one.call}`{asked} → {one.status}{entries}{headers}"
        yield from (f"    - sent `{path}`: {kinds}" for path, kinds in _fields(one.sent))
        yield from (f"    - `{path}`: {kinds}" for path, kinds in _fields(one.seen))
    yield ""


def _fields(shape: Shape) -> Iterator[tuple[str, str]]:
    named = [(path, " or ".join(sorted(kinds))) for path, kinds in shape.items() if path]
    yield from named[:MOST_FIELDS]
    if len(named) > MOST_FIELDS:
        yield "…", f"{len(named) - MOST_FIELDS} more fields"


def shape(report: Report) -> Json:
    """The report as JSON has it."""
    return {
        "environment": report.environment,
        "version": report.version,
        "at": report.at.isoformat(),
        "writes": report.writes,
        "to_set": dict(report.to_set()),
        "questions": [_result(one) for one in report.results],
    }


def _result(result: Result) -> Json:
    question = result.question
    return {
        "name": question.key,
        "question": question.question,
        "source": question.source,
        "asked": question.asked,
        "needs": question.needs,
        "state": result.state,
        "answer": result.answer or None,
        "meaning": question.answers.get(result.answer),
        "detail": result.detail,
        "switch": question.switch or None,
        "set_to": result.now,
        "sets": result.sets,
        "evidence": [evidence_shape(one) for one in result.evidence],
    }


def evidence_shape(one: Evidence) -> Json:
    return {
        "call": one.call,
        "asked": list(one.asked),
        "sent": _kinds(one.sent),
        "status": one.status,
        "headers": dict(one.headers),
        "entries": one.entries,
        "seen": _kinds(one.seen),
    }


def _kinds(shape: Shape) -> dict[str, list[str]]:
    return {path: sorted(kinds) for path, kinds in shape.items()}
