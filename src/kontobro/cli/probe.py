"""`kontobro probe`: ask Pleo what its documents leave open, and set what the answers say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.given import require_given_for
from kontobro.cli.common.tables import Column, Sheet
from kontobro.cli.common.words import _
from kontobro.cli.connect import KEY_VARIABLE, ApiKeyStdin, Company, Environment, api_key, draft_connection

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.ports import TokenStore
    from kontobro.pleo.documented.news import Counted
    from kontobro.pleo.probe.run import Report, Result, Wanted

Asked: TypeAlias = "tuple[Connection, TokenStore]"
"""Whose Pleo is asked, and where its credential is."""

FOLDER = "probe"
"""Where in the data folder reports are kept."""

Only = Annotated[list[str], typer.Option("--only", help="Ask this question only. Repeatable.", metavar="NAME")]
Jobs = Annotated[
    list[str], typer.Option("--job", help="A job that may be written about; it may end. Repeatable.", metavar="ID")
]

ReportPlace = Annotated[
    Path | None, typer.Option(help="Where the report goes; in the data folder unless given.", show_default=False)
]
RecordPlace = Annotated[
    Path | None,
    typer.Option(help="Keep the shapes of Pleo's answers here too, for replay and comparison.", show_default=False),
]
Before = Annotated[
    Environment | None,
    typer.Option(help="Before connecting: ask this Pleo with an API key, which is not kept.", show_default=False),
]


def run(
    context: typer.Context,
    write: Annotated[bool, typer.Option("--write", help="Ask what needs a write too. Never in production.")] = False,
    job: Jobs = [],  # noqa: B006 - typer takes the default from here
    only: Only = [],  # noqa: B006
    set_them: Annotated[bool, typer.Option("--set", help="Set the switches as Pleo answered.")] = False,
    report: ReportPlace = None,
    record: RecordPlace = None,
    environment: Before = None,
    url: Annotated[str | None, typer.Option(help="Address of Pleo-in-a-box (with --environment sandbox).")] = None,
    company: Company = "",
    api_key_stdin: ApiKeyStdin = False,
    only_list: Annotated[bool, typer.Option("--list", help="List the questions. Nothing is asked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask Pleo what its documents leave open, and say which switch to set. In production only GET is sent."""
    if only_list:
        _list(as_json=as_json)
        return
    from kontobro.pleo.probe.run import Wanted

    cli = cli_of(context)
    if environment:
        asked = _unconnected(cli, draft_connection(environment, url, "beancount", {}), company, api_key_stdin)
    else:
        asked = _connected(cli)
    connection = asked[0]
    wanted = Wanted(writes=write, jobs=tuple(job), only=frozenset(only), seen=_seen(cli))
    found = _ask(cli, asked, wanted, quietly=as_json)
    path = _keep(found, report or _usual_place(cli, found))
    if record:
        _record(found, record)
    chosen = _set(cli, connection, found) if set_them else {}
    if as_json:
        from kontobro.pleo.probe.report import shape

        show.emit({**shape(found), "report": str(path), "set": dict(chosen)})
    else:
        _say(found, path, chosen)
    raise typer.Exit(Exit.OK if chosen or not found.to_set() else Exit.NEEDS_FIX)


def _connected(cli: CliContext) -> Asked:
    connection = cli.connection()
    cli.require_alive(connection)
    return connection, cli.store


def _unconnected(cli: CliContext, draft: Connection, company: str, from_stdin: bool) -> Asked:
    """A company that is not connected yet, by its key: nothing of it is stored, and nothing installed."""
    from kontobro.core.model.connection import Tokens
    from kontobro.install.connect import TrialTokens, company_of

    key = Tokens(access=api_key(from_stdin=from_stdin))
    require_given_for(cli.store, draft, {} if from_stdin else {KEY_VARIABLE: "--api-key-stdin"}, ())
    tokens = TrialTokens(key)
    own = company_of(cli.app.pleo_for(draft, tokens).introspect(), company)
    return replace(draft, company_id=own), tokens


def _seen(cli: CliContext) -> tuple[Counted, ...]:
    """What was noted of Pleo's answers while Kontobro worked."""
    from kontobro.pleo.documented.news import NewsFile

    return tuple(NewsFile(cli.app.news).read()) if cli.app.news else ()


def _ask(cli: CliContext, asked: Asked, wanted: Wanted, *, quietly: bool) -> Report:
    """All questions; no export of ours runs beside what is asked of a job."""
    from kontobro import __version__
    from kontobro.pleo.probe.catalogue import questions
    from kontobro.pleo.probe.run import Report, probe

    app, (connection, tokens) = cli.app, asked
    total = len(wanted.only) or len(questions())
    results: list[Result] = []
    with ExitStack() as held:
        if wanted.jobs and connection.id:
            held.enter_context(app.store.lock(f"export-{connection.id}"))
        advance = held.enter_context(show.progress(quietly=quietly))
        for result in probe(connection, tokens, app.clock, app.ways(connection), wanted):
            results.append(result)
            advance(_("Questions"), len(results), total)
    return Report(
        environment=connection.environment,
        version=__version__,
        at=app.clock.now(),
        writes=wanted.writes,
        results=tuple(results),
    )


def _usual_place(cli: CliContext, report: Report) -> Path:
    return cli.home / FOLDER / f"{report.at:%Y-%m-%d-%H%M%S}-{report.environment}.md"


def _keep(report: Report, path: Path) -> Path:
    """The page, and the same as JSON beside it. Gives the page's place."""
    from kontobro.pleo.probe.report import page, shape

    path = path.with_suffix(".md")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(page(report), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(shape(report), indent=1) + "\n", encoding="utf-8")
    return path


def _record(report: Report, path: Path) -> None:
    from kontobro.pleo.probe.recording import recording

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(recording(report), indent=1) + "\n", encoding="utf-8")


def _set(cli: CliContext, connection: Connection, report: Report) -> Mapping[str, object]:
    """Keep the answers that differ: each client that is opened from now on heeds them."""
    from kontobro.pleo.documented.switches import keep_answers

    chosen = report.to_set()
    if chosen and cli.app.answers:
        keep_answers(cli.app.answers, connection.environment, chosen)
    return chosen


def _say(report: Report, path: Path, chosen: Mapping[str, object]) -> None:
    from kontobro.core.dialect import spelled_answer

    answered = Sheet([Column(_("Question")), Column(_("Answer"), whole=True), Column(_("Meaning"))])
    for one in report.of(["answered"]):
        answered.add_row(one.question.question, one.answer, one.question.answers[one.answer])
    if answered.rows:
        show.console().print(answered)
    _say_open(report.of(["unanswered", "not asked"]))
    for name, value in report.to_set().items():
        said = _("Set: {name} = {answer}") if chosen else _("To set: {name} = {answer}")
        show.say(said.format(name=name, answer=spelled_answer(value)), "bold")
    if report.to_set() and not chosen:
        show.say(_("Set them with --set."))
    elif not report.to_set():
        show.say(_("No switch has to be changed."))
    if left := report.open_switches():
        show.say(_("Unanswered, so as they are: {names}").format(names=", ".join(left)))
    show.say(_("Report: {path}").format(path=path))


def _say_open(results: Iterable[Result]) -> None:
    """A reason that several questions share is said once."""
    sheet, said = Sheet([Column(_("Unanswered")), Column(_("Why"))]), ""
    for one in results:
        sheet.add_row(one.question.question, "" if one.detail == said else one.detail)
        said = one.detail
    if sheet.rows:
        show.console().print(sheet)


def _list(*, as_json: bool) -> None:
    from kontobro.cli.common.shapes import named
    from kontobro.pleo.probe.catalogue import questions

    known = questions()
    if as_json:
        facts = "question source asked needs named switch answers"
        show.emit([{"name": one.key, **named(one, facts)} for one in known])
        return
    sheet = Sheet([Column(_("Name"), whole=True), Column(_("Question")), Column(_("Needs"), whole=True)])
    for one in known:
        sheet.add_row(one.key, one.question, one.needs)
    show.console().print(sheet)
