"""`kontobro connect`: one Pleo company with one company of an accounting system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.erp_options import (
    ErpOptions,
    ErpSecret,
    ErpSecretStdin,
    asked_secret,
    erp_options,
    erp_secrets,
    variable_of,
    with_company,
    with_erp_flags,
)
from kontobro.cli.common.given import require_given_for
from kontobro.cli.common.whose import CompanyName, Move, SameCompany, Trial, books_confirmed, with_name
from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.erp.registry import Registry

if TYPE_CHECKING:
    from kontobro.core.level import Level
    from kontobro.core.model.connection import Connection, Tokens
    from kontobro.install.authorisation import Consent
    from kontobro.install.connect import Connected, Connecting

KEY_VARIABLE = "KONTOBRO_API_KEY"
SECRET_VARIABLE = "KONTOBRO_CLIENT_SECRET"  # noqa: S105 - the variable's name, not a secret
BROWSER_SECONDS = 300.0

Environment = Literal["production", "staging", "sandbox"]


Company = Annotated[str, typer.Option(metavar="ID", help="Pleo company ID, if the key belongs to an organisation.")]
ApiKeyStdin = Annotated[
    bool,
    typer.Option(
        "--api-key-stdin", help=f"Read the API key from stdin (otherwise from {KEY_VARIABLE}, or you are asked)."
    ),
]
ClientSecretStdin = Annotated[
    bool, typer.Option("--client-secret-stdin", help=f"Read the secret from stdin (otherwise from {SECRET_VARIABLE}).")
]
WantedLevel = Annotated[
    int | None,
    typer.Option("--level", min=1, max=4, show_default=False, help="What is synced; by default all that is possible."),
]


@with_erp_flags
def run(
    context: typer.Context,
    erp: Annotated[str, typer.Option(help="The accounting system.")] = "beancount",
    erp_option: ErpOptions = None,
    erp_secret: ErpSecret = None,
    erp_secret_stdin: ErpSecretStdin = False,
    environment: Annotated[Environment, typer.Option(help="Pleo environment.")] = "production",
    url: Annotated[str | None, typer.Option(help="Address of Pleo-in-a-box (with --environment sandbox).")] = None,
    company: Company = "",
    name: Annotated[str, typer.Option(help="Name of this connection; the company's name unless given.")] = "",
    api_key_stdin: ApiKeyStdin = False,
    oauth: Annotated[bool, typer.Option("--oauth", help="Log in with a browser (staging and sandbox).")] = False,
    client_id: Annotated[str | None, typer.Option(help="OAuth: ID of the registered client.")] = None,
    client_secret_stdin: ClientSecretStdin = False,
    level: WantedLevel = None,
    move: Move = False,
    trial: Trial = False,
    company_name: CompanyName = "",
    same_company: SameCompany = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="OAuth: print the address, don't open a browser.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **flags: str | Path | None,
) -> None:
    """Connect a Pleo company to an accounting system: test both, choose the level, install."""
    from kontobro.core.level import level_named

    cli, options = cli_of(context), erp_options(erp, erp_option or [], flags)
    draft = draft_connection(environment, url, erp, options, oauth=oauth, client_id=client_id)
    draft = replace(draft, company_id=company, company_name=company_name.strip(), name=name, trial=trial)
    Registry().get(erp).require(options)
    key = None if oauth else _of_key(from_stdin=api_key_stdin)
    client_secret = _client_secret(from_stdin=client_secret_stdin) if oauth else None
    secrets = erp_secrets(erp, options, erp_secret or [], from_stdin=erp_secret_stdin)
    typed = client_secret_stdin if oauth else api_key_stdin
    require_given_for(cli.app.store, draft, _variables(secrets, oauth, not typed, not erp_secret_stdin), secrets)
    draft, wanted = with_company(cli, draft, secrets), level_named(level)
    tokens = key or _authorise(draft, cli, client_secret, _asked_level(cli, draft, secrets, wanted), not no_browser)
    both = connecting_with(cli, draft, secrets, claim=books_confirmed(cli, sure=same_company), moving=move)
    _tell_connected(with_name(cli, both.connect(draft, tokens, wanted, secrets)), as_json=as_json)


def _variables(secrets: Mapping[str, str], oauth: bool, pleo: bool, erp: bool) -> dict[str, str]:
    """The environment variables that these secrets may come from, each with the option that gives it by hand."""
    credential = {SECRET_VARIABLE: "--client-secret-stdin"} if oauth else {KEY_VARIABLE: "--api-key-stdin"}
    named = {variable_of(name): "--erp-secret-stdin" for name in secrets}
    return (credential if pleo else {}) | (named if erp else {})


def _tell_connected(connected: Connected, *, as_json: bool) -> None:
    if as_json:
        from kontobro.cli.common.shapes import connection_shape

        told = {"level": connected.level, "installation": connected.installation.status}
        show.emit({**connection_shape(connected.connection), **told})
    else:
        _say_connected(connected)


def connect_with(
    cli: CliContext,
    draft: Connection,
    tokens: Tokens,
    level: Level | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Connected:
    """Look, install, store, and ask nothing."""
    return connecting_with(cli, draft, secrets or {}).connect(draft, tokens, level, secrets)


def connecting_with(cli: CliContext, draft: Connection, secrets: Mapping[str, str], **more: Any) -> Connecting:
    """Both sides: the same for a person's command and for the demo."""
    from kontobro.install.connect import Connecting

    app = cli.app
    connector = app.connector_for(draft, secrets)
    return Connecting(pleo_for=app.pleo_for, connector=connector, store=app.store, **more)


def draft_connection(
    environment: Environment,
    url: str | None,
    erp: str,
    options: Mapping[str, str],
    *,
    oauth: bool = False,
    client_id: str | None = None,
) -> Connection:
    """The connection as the person asked for it; both sides have still to agree."""
    from kontobro.core.model.connection import Connection

    api_url, auth_url = _addresses(environment, url)
    if oauth and environment == "production":
        raise Misconfigured(*told("cli_production_oauth"))
    if oauth and not client_id:
        raise typer.BadParameter(_("--oauth needs the ID of the registered client."), param_hint="--client-id")
    return Connection(
        id="",
        name="",
        environment=environment,
        api_url=api_url,
        auth_url=auth_url,
        auth="oauth" if oauth else "api_key",
        company_id="",
        company_name="",
        erp=erp,
        erp_options=options,
        client_id=client_id,
    )


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _addresses(environment: Environment, url: str | None) -> tuple[str, str]:
    """API and authorisation address. Only the sandbox's is a choice: a key never goes to an address by mistake."""
    from kontobro.pleo import ENVIRONMENTS

    if url and environment != "sandbox":
        raise typer.BadParameter(_("only for --environment sandbox."), param_hint="--url")
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.query:
            raise typer.BadParameter(_("must be an address such as http://127.0.0.1:8764."), param_hint="--url")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise typer.BadParameter(_("must use https: the API key is sent over it."), param_hint="--url")
        return url.rstrip("/"), url.rstrip("/")
    return ENVIRONMENTS[environment].api_url, ENVIRONMENTS[environment].auth_url


def api_key(*, from_stdin: bool) -> str:
    """The key: from stdin, from the environment, or asked without echo. Never an argument: those are public."""
    key = sys.stdin.readline() if from_stdin else os.environ.get(KEY_VARIABLE, "")
    if not key and not from_stdin:
        key = asked_secret(_("Pleo API key (not shown)"))
    if not key.strip():
        raise Misconfigured(*told("cli_api_key", variable=KEY_VARIABLE))
    return key.strip()


def _of_key(*, from_stdin: bool) -> Tokens:
    from kontobro.core.model.connection import Tokens

    return Tokens(access=api_key(from_stdin=from_stdin))


def _client_secret(*, from_stdin: bool) -> str | None:
    secret = sys.stdin.readline() if from_stdin else os.environ.get(SECRET_VARIABLE, "")
    return secret.strip() or None


def _authorise(draft: Connection, cli: CliContext, client_secret: str | None, level: Level, open_it: bool) -> Tokens:
    """Ask Pleo for consent and exchange the code; once more, otherwise, where Pleo does not know a scope."""
    from kontobro.core.level import scopes_at
    from kontobro.install.authorisation import OTHER_SPELLING, InvalidScope, consent_for
    from kontobro.install.loopback import REDIRECT_URI
    from kontobro.pleo import Grant, exchange_code

    app = cli.app
    known = app.store.connections()
    books = (draft.environment, draft.erp, dict(draft.erp_options))
    connected_settings = next(
        (it.settings for it in known if (it.environment, it.erp, dict(it.erp_options)) == books), None
    )
    needed, spoken = scopes_at(level, connected_settings), app.dialect_for(draft.environment)
    consent = consent_for(draft.environment, needed, known, None, spoken)
    while True:
        try:
            code, verifier = _consent(draft, consent, open_it)
            break
        except InvalidScope:
            other = consent.after
            if other is None:
                raise
            show.tell(OTHER_SPELLING, "yellow")
            consent = consent_for(draft.environment, needed, known, other, spoken)
    return exchange_code(
        draft,
        Grant(code=code, redirect_uri=REDIRECT_URI, verifier=verifier, client_secret=client_secret),
        app.clock,
        app.ways(draft),
    )


def _consent(draft: Connection, asked: Consent, open_it: bool) -> tuple[str, str]:
    """Send the person to Pleo's consent page and wait for the way back: the code, and the verifier it goes with."""
    import secrets
    import webbrowser

    from kontobro.install.loopback import REDIRECT_URI, listening
    from kontobro.pleo import authorize_url

    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    address = authorize_url(
        draft,
        redirect_uri=REDIRECT_URI,
        state=state,
        verifier=verifier,
        scopes=asked.scopes,
        tag_scope=asked.spelling,
    )
    with listening(state) as loopback:
        show.tell(_("Allow the access in your browser:"))
        show.tell(address)
        if open_it:
            webbrowser.open(address)
        return loopback.wait(BROWSER_SECONDS), verifier


def _asked_level(cli: CliContext, draft: Connection, secrets: Mapping[str, str], level: Level | None) -> Level:
    """The level to ask consent for: the chosen one, else the highest that the accounting system can supply."""
    from kontobro.install.level import highest_supplied

    asked = level or highest_supplied(cli.app.connector_for(draft, secrets).capabilities)
    show.tell(
        _("Asking Pleo for the permissions of Level {asked} (choose another level with --level).").format(asked=asked),
        "dim",
    )
    return asked


def _say_connected(connected: Connected) -> None:
    from kontobro.install.connect import PENDING
    from kontobro.install.level import meaning_of

    connection, company = connected.connection, connected.company
    pleo = connection.pleo_name
    show.say(
        _("✓ {pleo} (Pleo) is connected with {name} ({erp}).").format(pleo=pleo, name=company.name, erp=connection.erp),
        "bold green",
    )
    if connected.again:
        show.say("  " + _("Connected again: its settings and history were kept."))
    meaning = meaning_of(connection.settings, _)
    show.say("  " + _("Level {level}: {meaning}.").format(level=connected.level, meaning=meaning))
    if connection.trial:
        show.say("  " + _("This is a trial: kontobro preview shows what exports would book, and nothing is booked."))
        return
    if connected.level == 1:
        show.say("  " + _("Pleo recommends Level 2 or higher: kontobro check shows what it needs."), "yellow")
    status = connected.installation.status
    show.say(
        "  "
        + _('The connection\'s name is "{name}"; its status in Pleo is {status}.').format(
            name=connection.name, status=status
        )
    )
    if connected.installation.status == PENDING:
        show.say(
            "  "
            + _("Pleo is waiting for the first sync: kontobro dimensions, kontobro sync plan, kontobro sync apply.")
        )
    if not (connection.settings.wallet or connection.settings.wallets):
        show.say(
            "  " + _("Next, set the account of the Pleo wallet: kontobro settings suggest proposes one from the chart,")
        )
        show.say("  " + _("kontobro settings set wallet CODE sets it. Exports need this account."))
    show.say("  " + _("Then: kontobro check (are the settings complete?), kontobro jobs, kontobro export."))
