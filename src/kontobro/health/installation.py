"""Whether an installation is healthy, and what to do where it is not. It looks only, and changes nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx2

from kontobro.bootstrap import App, SystemClock
from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock
from kontobro.core.words import told
from kontobro.health.data_folder import examine_data_folder
from kontobro.health.findings import Finding, Verdict
from kontobro.net.client import open_client, proxies_in_use
from kontobro.net.limits import Limits
from kontobro.pleo import Ways
from kontobro.service.config import ServiceConfig
from kontobro.service.metrics.vitals import Vitals
from kontobro.service.notices.mail import try_mail_server
from kontobro.service.reach import refusal

if TYPE_CHECKING:
    from kontobro.pleo.subscriptions import Subscriptions

MOST_ASKED: Final = 20
"""Connections whose webhooks are looked for: each is a call to Pleo."""
SHORT_SECRET: Final = 50
LIMITS: Final = Limits(seconds=20.0, most_bytes=64 * 1024)
CLOCK_WARN, CLOCK_BAD = timedelta(seconds=30), timedelta(minutes=4)
"""Webhooks are refused at five minutes; tokens expire early or late before."""

Look = Callable[[App], Vitals]


def examine(
    config: ServiceConfig,
    *,
    look: Look | None = None,
    clock: Clock | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> list[Finding]:
    """Everything that can be looked at, the database first: without it the rest has no meaning.

    `look` tells how the work goes (`kontobro.worker.vitals`); `transport` stands in for the network.
    """
    from kontobro.service.app import open_service_app

    settings = [*examine_settings(config), mail(config)]
    try:
        app = open_service_app(config, clock or SystemClock())
    except (KontobroError, OSError) as fault:
        message = fault if isinstance(fault, KontobroError) else KontobroError(*told("data_folder_unusable"))
        return [Finding("database", "bad", message.message, message.remedy), *settings]
    try:
        return [*examine_data_folder(app), *settings, *_at_work(config, app, look), *_outside(config, app, transport)]
    finally:
        app.close()


def examine_settings(config: ServiceConfig) -> list[Finding]:
    """What the configuration alone tells: address, session key, encryption key."""
    found = [public_url(config), sign_up(config), session_key(config), encryption_key(config), metrics_access(config)]
    found += proxy(config)
    return found if config.local else [*found, *map(ledger_folder, config.ledger_roots)]


def public_url(config: ServiceConfig) -> Finding:
    if fault := refusal(config):
        return Finding("public address", "bad", fault.message, fault.remedy)
    if urlsplit(config.public_url).scheme == "https":
        return Finding("public address", "ok", f"{config.public_url} is HTTPS.")
    if config.local:
        return Finding(
            "public address", "ok", f"{config.public_url}: this machine only. Pleo's webhooks can't reach it."
        )
    remedy = "Put a reverse proxy with TLS in front, and set KONTOBRO_PUBLIC_URL to https://…"
    return Finding(
        "public address", "bad", f"{config.public_url} is not HTTPS: passwords are sent unencrypted.", remedy
    )


def sign_up(config: ServiceConfig) -> Finding:
    """Who gets in."""
    if not config.signup_open:
        link = " The first visit needs a link." if config.local else ""
        return Finding("sign-up", "ok", f"Sign-up is by invitation only.{link}")
    if config.local:
        remedy = "Remove KONTOBRO_SIGNUP unless you trust every user of this machine."
        return Finding("sign-up", "warn", "Every user of this machine may sign up.", remedy)
    return Finding("sign-up", "ok", "Everyone who can open the public address may sign up.")


def ledger_folder(folder: Path) -> Finding:
    """Who can write into a folder of ledgers can run code as this service."""
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError as error:
        what = f"The ledger folder {folder} can't be read ({error.strerror})."
        return Finding("ledgers", "warn", what, "Create it, or correct KONTOBRO_LEDGER_FOLDERS.")
    if mode & 0o022:
        what = f"Other users may write to the ledger folder {folder} (mode {mode:o}), and a ledger can run code."
        return Finding("ledgers", "bad", what, f"chmod go-w {folder}")
    return Finding("ledgers", "ok", f"Ledgers are read from {folder}.")


def session_key(config: ServiceConfig) -> Finding:
    """Sessions are forged by who guesses it."""
    given = config.secret_key.get_secret_value()
    remedy = "Set KONTOBRO_SECRET_KEY to 50 random characters or more, the same on all machines."
    if not given:
        verdict: Verdict = "warn" if config.database_url.get_secret_value() else "ok"
        what = "Each machine creates its own session key and keeps it in its data folder."
        return Finding("session key", verdict, what, "" if verdict == "ok" else remedy)
    if len(given) < SHORT_SECRET or len(set(given)) < 10:
        return Finding("session key", "bad", f"The session key is weak: {len(given)} characters.", remedy)
    return Finding("session key", "ok", f"The session key has {len(given)} characters.")


def encryption_key(config: ServiceConfig) -> Finding:
    if config.key.get_secret_value():
        return Finding("encryption key", "ok", "Secrets are encrypted with KONTOBRO_KEY.")
    if config.database_url.get_secret_value():
        return Finding(
            "encryption key", "bad", "KONTOBRO_KEY is not set, and PostgreSQL needs it.", "Set KONTOBRO_KEY."
        )
    return Finding("encryption key", "ok", "Secrets are encrypted with the key file beside the database.")


def metrics_access(config: ServiceConfig) -> Finding:
    token = config.metrics_token.get_secret_value()
    if token and len(token) < 20:
        return Finding("metrics", "warn", "KONTOBRO_METRICS_TOKEN is too short.", "Use 20 random characters or more.")
    return Finding("metrics", "ok", "Metrics: with a token." if token else "Metrics: this machine only.")


def proxy(config: ServiceConfig, proxies: Sequence[str] | None = None) -> list[Finding]:
    """Through a proxy we connect to the proxy alone: what a name leads to is for its rules to say. Nothing without."""
    found = proxies_in_use() if proxies is None else proxies
    if not found:
        return []
    message = f"Calls go through the proxy {', '.join(found)}, which does its own DNS lookups."
    if config.local:
        return [Finding("proxy", "ok", message)]
    remedy = "Block private networks in the proxy: Kontobro itself can check only numeric addresses."
    return [Finding("proxy", "warn", message, remedy)]


def mail(config: ServiceConfig) -> Finding:
    """Reaches the server and logs in; no mail is sent."""
    try:
        if try_mail_server(config):
            return Finding("mail", "ok", "The mail server accepts the login.")
    except KontobroError as fault:
        return Finding("mail", "bad", fault.message, fault.remedy)
    remedy = "Set KONTOBRO_MAIL_URL. Without it there are no notifications, and passwords can't be reset."
    return Finding("mail", "ok" if config.local else "warn", "No mail server: emails are only logged.", remedy)


def _at_work(config: ServiceConfig, app: App, look: Look | None) -> list[Finding]:
    if look is None:
        return []
    try:
        return examine_work(look(app), timedelta(seconds=config.poll_seconds))
    except KontobroError as fault:
        return [Finding("worker", "bad", fault.message, fault.remedy)]


def examine_work(vitals: Vitals, poll: timedelta) -> list[Finding]:
    """Whether someone works, and keeps up."""
    return [_workers(vitals), _queue(vitals, poll), _looks(vitals, poll)]


def _workers(vitals: Vitals) -> Finding:
    if vitals.workers:
        return Finding("worker", "ok", f"Workers running: {vitals.workers}.")
    return Finding("worker", "bad", "No worker is running: nothing is exported.", "Start kontobro worker (or serve).")


def _queue(vitals: Vitals, poll: timedelta) -> Finding:
    message = f"{vitals.waiting} waiting, {vitals.running} running; the oldest has waited {_span(vitals.oldest_wait)}."
    late = vitals.oldest_wait > max(2 * poll, timedelta(minutes=5))
    remedy = "Start more workers, or raise KONTOBRO_WORKERS." if late else ""
    return Finding("queue", "warn" if late else "ok", message, remedy)


def _looks(vitals: Vitals, poll: timedelta) -> Finding:
    if vitals.since_look is None:
        return Finding("polling", "ok", "Pleo has not been checked for export jobs yet.")
    late = vitals.since_look > 5 * poll
    message = f"Pleo was last checked for export jobs {_span(vitals.since_look)} ago."
    return Finding("polling", "warn" if late else "ok", message, "Check that a worker is running." if late else "")


def _outside(config: ServiceConfig, app: App, transport: httpx2.BaseTransport | None) -> list[Finding]:
    alive = [each for each in app.store.connections() if each.status == "connected"]
    clocks = [database_clock(config, app.clock)] if config.database_url.get_secret_value() else []
    clocks += [pleo_clock(url, app.clock, transport) for url in sorted({each.api_url for each in alive})]
    return clocks if config.local else [*clocks, webhooks(config, alive[:MOST_ASKED], app, transport)]


def database_clock(config: ServiceConfig, clock: Clock) -> Finding:
    """PostgreSQL's time against this machine's."""
    import psycopg

    try:
        with psycopg.connect(config.database_url.get_secret_value(), connect_timeout=10) as session:
            row = session.execute("SELECT now()").fetchone()
    except psycopg.Error:
        return Finding("clock", "warn", "The database's time can't be read.", "See the database check.")
    there = row[0] if row else clock.now()
    return _clock("the database's", clock.now() - there)


def pleo_clock(api_url: str, clock: Clock, transport: httpx2.BaseTransport | None) -> Finding:
    """The Date header of whatever Pleo answers; no credential is sent."""
    try:
        with open_client(LIMITS, transport=transport, timeout=10, follow_redirects=False) as http:
            answer = http.head(api_url)
        there = parsedate_to_datetime(answer.headers["date"])
    except (httpx2.HTTPError, KeyError, ValueError) as error:
        what = f"Pleo at {urlsplit(api_url).netloc} can't be reached, or sends no time ({type(error).__name__})."
        return Finding("clock", "warn", what, "Check the network. status.pleo.io shows outages.")
    return _clock("Pleo's", clock.now() - (there if there.tzinfo else there.replace(tzinfo=UTC)))


def _clock(whose: str, off: timedelta) -> Finding:
    apart = abs(off)
    verdict: Verdict = "bad" if apart > CLOCK_BAD else "warn" if apart > CLOCK_WARN else "ok"
    remedy = (
        ""
        if verdict == "ok"
        else "Synchronise the clock with a time server. Beyond five minutes, Pleo's webhooks are refused."
    )
    return Finding("clock", verdict, f"This machine's clock and {whose} are {_span(apart)} apart.", remedy)


def webhooks(
    config: ServiceConfig, asked: Sequence[Connection], app: App, transport: httpx2.BaseTransport | None
) -> Finding:
    """Whether Pleo delivers to us. Without, polling does it: later, and still."""
    from kontobro.pleo.subscriptions import open_subscriptions

    missing, unknown = 0, 0
    for connection in asked:
        opened = open_subscriptions(
            connection, app.store, app.clock, Ways(transport=transport, dialect=app.dialect_for(connection.environment))
        )
        try:
            missing += not _is_watched(opened, config)
        except KontobroError:
            unknown += 1
        finally:
            opened.close()
    message = f"Webhooks: {len(asked) - missing - unknown} of {len(asked)} connections checked are subscribed"
    if not missing and not unknown:
        return Finding("webhooks", "ok", f"{message}.")
    remedy = "Open the connection's page and subscribe again. Until then, polling finds export jobs."
    return Finding(
        "webhooks", "warn", f"{message}; {unknown} could not be checked." if unknown else f"{message}.", remedy
    )


def _is_watched(opened: Subscriptions, config: ServiceConfig) -> bool:
    return opened.is_active_under(config.public_url)


def _span(span: timedelta) -> str:
    """A span in words: seconds, minutes or hours."""
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
