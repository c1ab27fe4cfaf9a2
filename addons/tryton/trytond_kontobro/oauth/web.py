"""The pages of connecting by OAuth. Tryton's clients lend no session to a browser that comes back from Pleo: a ticket
leads to the start page, whose button gives this very browser a cookie, and only with that the answer is taken.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from urllib.parse import urlsplit

from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.protocols.wrappers import HTTPStatus, Response, redirect, set_max_request_size
from trytond.transaction import Transaction
from trytond.url import is_secure

from kontobro.core.errors import KontobroError, NotAllowed
from kontobro.core.level import scopes_at, scopes_for
from kontobro.install.authorisation import (
    LIFE,
    LOOPBACK,
    OTHER_SPELLING,
    InvalidScope,
    code_of,
    consent_for,
)
from kontobro.pleo import Grant, authorize_url, exchange_code

from ..inside.app import opened, store_of, words_of
from ..series import Route, Router, Rule, config, is_administrator
from ..wizards.connect import changed_level, draft_of, joined, settings_of
from . import page, pending

log = logging.getLogger(__name__)

COOKIE = "kontobro_setup"
FORM_BYTES = 4096


def known_as(seen: str, hostname: str | None, *, secure: bool) -> str:
    """An address under the configured name: https, which Pleo asks for, but on this machine itself."""
    if not hostname:
        return seen
    local = urlsplit(f"//{hostname}").hostname in LOOPBACK and not secure
    return urlsplit(seen)._replace(scheme="http" if local else "https", netloc=hostname).geturl()


def errors_as_page(endpoint):
    """Kontobro's faults as a page."""

    @wraps(endpoint)
    def answer(request, database_name):
        try:
            return endpoint(request, database_name)
        except KontobroError as fault:
            log.warning("connecting by OAuth: %s", type(fault).__name__)
            return _failed(request, database_name, None, fault)

    return answer


class Pages(Router):
    "Kontobro's pages"

    __name__ = "kontobro"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        small = [set_max_request_size(FORM_BYTES), errors_as_page]
        cls.__routes__.update(
            {
                "start": Route(Rule("start", methods={"GET"}), decorators=small),
                "leave": Route(Rule("start", methods={"POST"}), decorators=small),
                "callback": Route(Rule("callback", methods={"GET"}), decorators=small),
            }
        )

    @classmethod
    def address_of(cls, endpoint):
        """A page's address as browsers know it: under `[web] hostname`, else where Tryton's client calls."""
        return known_as(cls.url_for(endpoint), config.get("web", "hostname"), secure=is_secure())

    @classmethod
    def start(cls, request, database_name):
        """Says who asked for what; looking at it uses nothing up."""
        ticket = request.args.get("ticket", "")
        with opened(database_name) as app:
            asked = pending.asked_by(store_of(app), ticket, app.clock.now())
        if asked is None:
            return _unknown(request, database_name)
        with speaking(request, database_name, asked.user) as language:
            names = {"user": _name("res.user", asked.user), "company": _name("company.company", asked.company)}
            shown_errors = [gettext("kontobro.msg_page_asked", **names), gettext("kontobro.msg_page_go_on")]
            form = page.button(ticket, gettext("kontobro.msg_page_button"))
            title = gettext("kontobro.msg_page_title")
        whole = page.page(language, title, [(language, words) for words in shown_errors], form)
        return _response(whole, HTTPStatus.OK, goes_to=_draft(asked).auth_url)

    @classmethod
    def leave(cls, request, database_name):
        """The button: on to Pleo, with a cookie that only this browser has."""
        left, consent = None, None
        if _is_own_form(request):
            with opened(database_name) as app:
                left = pending.leave(store_of(app), request.form.get("ticket", ""), app.clock.now())
                if left is not None:
                    consent = consent_of(app, left.asked)
        if left is None or consent is None:
            return _unknown(request, database_name)
        address = authorize_url(
            _draft(left.asked),
            redirect_uri=left.kept.redirect_uri,
            state=left.state,
            verifier=left.kept.verifier,
            scopes=consent.scopes,
            tag_scope=consent.spelling,
        )
        response = redirect(address, HTTPStatus.SEE_OTHER)
        response.headers.extend(page.headers())
        set_cookie(response, left.kept.redirect_uri, left.cookie, int(LIFE.total_seconds()))
        return response

    @classmethod
    def callback(cls, request, database_name):
        """Pleo sends the browser back: its code is exchanged once, for the browser that left."""
        state, cookie = request.args.get("state", ""), request.cookies.get(COOKIE, "")
        with opened(database_name) as app:
            found = pending.returned(store_of(app), state, cookie, app.clock.now())
            if found is None:
                return _unknown(request, database_name)
            asked, kept = found
            try:
                require_rights(database_name, asked)
                response = _done(request, database_name, asked, _connected(app, request, asked, kept))
            except InvalidScope as fault:
                ticket = asked_otherwise(app, asked, kept)
                response = _failed(request, database_name, asked.user, fault)
                if ticket is not None:
                    response = _once_more(request, database_name, asked, ticket)
            except KontobroError as fault:
                log.warning("connecting by OAuth: %s", type(fault).__name__)
                response = _failed(request, database_name, asked.user, fault)
        set_cookie(response, kept.redirect_uri, "", 0)
        return response


def require_rights(database, asked) -> None:
    """Who asked, and who books, may have lost the right while the browser was away. Raises NotAllowed."""
    with Transaction().start(database, asked.user, readonly=True, context={"company": asked.company}):
        pool = Pool()
        company = pool.get("company.company")(asked.company)
        users = [pool.get("res.user")(id) for id in (asked.user, asked.book_as)]
        lost = [user for user in users if not user.active or company not in user.companies]
        if is_administrator(users[1]) and not is_administrator(users[0]):
            lost.append(users[1])
        try:
            pool.get("kontobro.connect", type="wizard").check_access()
        except AccessError:
            lost.append(users[0])
    if lost:
        raise NotAllowed(
            "The user who started this, or the user who books, no longer has the right to do it.",
            "Nothing was connected.",
        )


def _connected(app, request, asked, kept):
    """Pleo's code into tokens, tokens into a connection."""
    draft = _draft(asked)
    tokens = exchange_code(
        draft,
        Grant(
            code=code_of(request.args.to_dict(), ""),
            redirect_uri=kept.redirect_uri,
            verifier=kept.verifier,
            client_secret=kept.client_secret,
        ),
        app.clock,
    )
    return joined(app, draft, tokens, asked.level)


def consent_of(app, asked):
    """What Pleo is asked for: otherwise than before, after it did not know a permission."""
    return consent_for(asked.environment, scopes_asked(app, asked), app.store.connections(), asked.tag_scope)


def scopes_asked(app, asked):
    """What the level needs, and what the company's connection keeps in sync besides."""
    connected_settings = settings_of(app, asked.environment, asked.company)
    level = changed_level(asked.level, connected_settings)
    return scopes_for(connected_settings) if level is None else scopes_at(level, connected_settings)


def asked_otherwise(app, asked, kept):
    """The same once more in another way, after Pleo did not know a permission: its ticket; None where none is left."""
    other = consent_of(app, asked).after
    if other is None:
        return None
    more = replace(asked, tag_scope=other, client_secret=kept.client_secret)
    return pending.begin(store_of(app), more, app.clock.now())


def _once_more(request, database, asked, ticket):
    """The button of one more consent: it is at the start page's address, and does what that page's does."""
    with speaking(request, database, asked.user) as language:
        form = page.button(ticket, gettext("kontobro.msg_page_button"))
        whole = page.page(language, gettext("kontobro.msg_page_title"), [(page.ENGLISH, OTHER_SPELLING)], form)
    return _response(whole, HTTPStatus.OK, goes_to=_draft(asked).auth_url)


def _draft(asked):
    return draft_of(asked.environment, asked.url, asked.company, asked.book_as, asked.client_id)


def _is_own_form(request) -> bool:
    """Browsers say where a form was. Tryton refuses other sites but those of its `cors`; those may not do this."""
    return urlsplit(request.headers.get("Origin", "")).netloc == request.headers.get("Host")


def set_cookie(response, redirect_uri, value, seconds):
    """For the callback alone. Lax: it has to come along when Pleo sends the browser back."""
    back = urlsplit(redirect_uri)
    response.set_cookie(
        COOKIE,
        value,
        max_age=seconds,
        path=back.path,
        secure=back.scheme == "https",
        httponly=True,
        samesite="Lax",
    )


# ------------------------------------------------------------------------------------------- the pages


def _unknown(request, database):
    """One page for all that can't be used, with no word about whose it is."""
    with speaking(request, database) as language:
        shown_errors = [
            (language, gettext("kontobro.msg_page_unknown")),
            (language, gettext("kontobro.msg_page_again")),
        ]
        whole = page.page(language, gettext("kontobro.msg_page_unknown_title"), shown_errors)
    return _response(whole, HTTPStatus.BAD_REQUEST)


def _failed(request, database, user, fault):
    with speaking(request, database, user) as language:
        message, more = words_of(fault)
        shown_errors = [(page.ENGLISH if message == fault.message else language, message), (page.ENGLISH, more)]
        if request.args.get("error") == "access_denied":
            shown_errors = [(language, gettext("kontobro.msg_page_denied"))]
        shown_errors = [one for one in shown_errors if one[1]] + [(language, gettext("kontobro.msg_page_again"))]
        whole = page.page(language, gettext("kontobro.msg_page_fault_title"), shown_errors)
    return _response(whole, HTTPStatus.BAD_REQUEST)


def _done(request, database, asked, connected):
    pleo = connected.connection.company_name or connected.connection.company_id
    with speaking(request, database, asked.user) as language:
        company = _name("company.company", asked.company)
        shown_errors = [(language, gettext("kontobro.msg_page_done", pleo=pleo, company=company))]
        whole = page.page(language, gettext("kontobro.msg_page_done_title"), shown_errors)
    return _response(whole, HTTPStatus.OK)


def _response(whole, status, goes_to=""):
    return Response(whole, status, dict(page.headers(goes_to)), content_type="text/html; charset=utf-8")


@contextmanager
def speaking(request, database, user=None) -> Iterator[str]:
    """A transaction in a language: the user's own, else the browser's, as far as this Tryton has it."""
    with Transaction().start(database, 0, readonly=True) as transaction:
        known = [one.code for one in Pool().get("ir.lang").search([("translatable", "=", True)])]
        wished = Pool().get("res.user")(user).language if user else None
        code = wished.code if wished else request.accept_languages.best_match(known, page.ENGLISH)
        with transaction.set_context(language=code):
            yield code.replace("_", "-")


def _name(model, number):
    return Pool().get(model)(number).rec_name
