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
from kontobro.core.words import Fact, told, worded
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
        return Finding("public address", "ok", worded("found_https", url=config.public_url))
    if config.local:
        return Finding("public address", "ok", worded("found_address_local", url=config.public_url))
    return Finding("public address", "bad", worded("found_no_https", url=config.public_url), worded("found_use_proxy"))


def sign_up(config: ServiceConfig) -> Finding:
    """Who gets in."""
    if not config.signup_open:
        return Finding("sign-up", "ok", worded("found_invited_link") if config.local else worded("found_invited"))
    if config.local:
        return Finding("sign-up", "warn", worded("found_sign_up_local"), worded("found_remove_signup"))
    return Finding("sign-up", "ok", worded("found_sign_up_open"))


def ledger_folder(folder: Path) -> Finding:
    """Who can write into a folder of ledgers can run code as this service."""
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError as error:
        what = worded("found_ledgers_unreadable", folder=str(folder), why=error.strerror or "")
        return Finding("ledgers", "warn", what, worded("found_ledgers_correct"))
    if mode & 0o022:
        what = worded("found_ledgers_open", folder=str(folder), mode=f"{mode:o}")
        return Finding("ledgers", "bad", what, f"chmod go-w {folder}")
    return Finding("ledgers", "ok", worded("found_ledgers", folder=str(folder)))


def session_key(config: ServiceConfig) -> Finding:
    """Sessions are forged by who guesses it."""
    given = config.secret_key.get_secret_value()
    remedy = worded("found_set_session_key")
    if not given:
        verdict: Verdict = "warn" if config.database_url.get_secret_value() else "ok"
        return Finding("session key", verdict, worded("found_own_session_key"), "" if verdict == "ok" else remedy)
    if len(given) < SHORT_SECRET or len(set(given)) < 10:
        return Finding("session key", "bad", worded("found_session_key_weak", count=len(given)), remedy)
    return Finding("session key", "ok", worded("found_session_key", count=len(given)))


def encryption_key(config: ServiceConfig) -> Finding:
    if config.key.get_secret_value():
        return Finding("encryption key", "ok", worded("found_key"))
    if config.database_url.get_secret_value():
        return Finding("encryption key", "bad", worded("found_no_key"), worded("found_set_key"))
    return Finding("encryption key", "ok", worded("found_key_file"))


def metrics_access(config: ServiceConfig) -> Finding:
    token = config.metrics_token.get_secret_value()
    if token and len(token) < 20:
        return Finding("metrics", "warn", worded("found_token_short"), worded("found_token_longer"))
    return Finding("metrics", "ok", worded("found_metrics_token") if token else worded("found_metrics_local"))


def proxy(config: ServiceConfig, proxies: Sequence[str] | None = None) -> list[Finding]:
    """Through a proxy we connect to the proxy alone: what a name leads to is for its rules to say. Nothing without."""
    found = proxies_in_use() if proxies is None else proxies
    if not found:
        return []
    message = worded("found_proxy", names=tuple(found))
    if config.local:
        return [Finding("proxy", "ok", message)]
    return [Finding("proxy", "warn", message, worded("found_block_networks"))]


def mail(config: ServiceConfig) -> Finding:
    """Reaches the server and logs in; no mail is sent."""
    try:
        if try_mail_server(config):
            return Finding("mail", "ok", worded("found_mail"))
    except KontobroError as fault:
        return Finding("mail", "bad", fault.message, fault.remedy)
    return Finding("mail", "ok" if config.local else "warn", worded("found_no_mail"), worded("found_set_mail"))


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
        return Finding("worker", "ok", worded("found_workers", count=vitals.workers))
    return Finding("worker", "bad", worded("found_no_worker"), worded("operator_start_worker"))


def _queue(vitals: Vitals, poll: timedelta) -> Finding:
    oldest = _span(vitals.oldest_wait)
    message = worded("found_queue", waiting=vitals.waiting, running=vitals.running, oldest=oldest)
    late = vitals.oldest_wait > max(2 * poll, timedelta(minutes=5))
    return Finding("queue", "warn" if late else "ok", message, worded("found_more_workers") if late else "")


def _looks(vitals: Vitals, poll: timedelta) -> Finding:
    if vitals.since_look is None:
        return Finding("polling", "ok", worded("found_not_polled"))
    late = vitals.since_look > 5 * poll
    message = worded("found_polled", span=_span(vitals.since_look))
    return Finding("polling", "warn" if late else "ok", message, worded("found_check_worker") if late else "")


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
        return Finding("clock", "warn", worded("found_no_database_time"), worded("found_see_database"))
    there = row[0] if row else clock.now()
    return _clock("database", clock.now() - there)


def pleo_clock(api_url: str, clock: Clock, transport: httpx2.BaseTransport | None) -> Finding:
    """The Date header of whatever Pleo answers; no credential is sent."""
    try:
        with open_client(LIMITS, transport=transport, timeout=10, follow_redirects=False) as http:
            answer = http.head(api_url)
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except httpx2.HTTPError as error:
        what = worded("found_no_pleo", host=urlsplit(api_url).netloc, kind=type(error).__name__)
        return Finding("clock", "warn", what, worded("found_check_network"))
    except ValueError:
        what = worded("found_no_pleo_time", host=urlsplit(api_url).netloc)
        return Finding("clock", "warn", what, worded("found_compare_clock"))
    return _clock("pleo", clock.now() - (there if there.tzinfo else there.replace(tzinfo=UTC)))


def _clock(whose: str, off: timedelta) -> Finding:
    apart = abs(off)
    verdict: Verdict = "bad" if apart > CLOCK_BAD else "warn" if apart > CLOCK_WARN else "ok"
    message = worded(f"found_clock_{whose}", span=_span(apart))
    return Finding("clock", verdict, message, "" if verdict == "ok" else worded("found_set_clock"))


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
    counts: dict[str, Fact] = {"subscribed": len(asked) - missing - unknown, "asked": len(asked)}
    message = worded("found_webhooks", **counts)
    if not missing and not unknown:
        return Finding("webhooks", "ok", message)
    if unknown:
        message = worded("found_webhooks_unknown", unknown=unknown, **counts)
    return Finding("webhooks", "warn", message, worded("found_subscribe_again"))


def _is_watched(opened: Subscriptions, config: ServiceConfig) -> bool:
    return opened.is_active_under(config.public_url)


def _span(span: timedelta) -> str:
    """A span in words: seconds, minutes or hours."""
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
