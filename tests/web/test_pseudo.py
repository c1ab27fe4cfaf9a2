"""Every page in a language made from the catalogue: what is not in ⟦brackets⟧ is data, or can't be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.model.masterdata import Account
from kontobro.erp.registry import load_connector
from tests.support.site import Site
from tests.web.pseudo import LANGUAGE, outside, pseudo
from tests.web.test_marked import EVERYWHERE, TO_MARK, WORD, Visible
from tests.web.test_walk import WholeSite, ask, path_of, patterns, whole

__all__ = ["whole"]

BETWEEN = "\x1f"
"""Between two pieces of a page: a sentence with a link in it is several."""

PLACES = ("login", "signup", "email", "password/change", "password/reset", "2fa", "2fa/totp/activate")
ALLAUTH = tuple(f"/accounts/{name}/" for name in PLACES)


@pytest.fixture
def bracketed(tmp_path: Path) -> Iterator[None]:
    with pseudo(tmp_path / "locale"):
        yield


def words_of(page: str, data: re.Pattern[str]) -> list[str]:
    """What a page says that is in no brackets, nor data."""
    said = outside(BETWEEN.join(text for _, text in Visible(page).said)).split(BETWEEN)
    return [" ".join(text.split()) for text in said if WORD.search(EVERYWHERE.sub(" ", data.sub(" ", text)))]


def test_words_outside_of_brackets_are_found() -> None:
    data = re.compile("Demo ApS")
    assert words_of("<p>⟦Hello ⟦you⟧⟧ Demo ApS</p><p title='Hint'>⟦a⟧ forgotten</p>", data) == ["Hint", "forgotten"]


@pytest.mark.usefixtures("bracketed")
def test_pages_of_the_account_say_nothing_that_can_t_be_translated(site: Site) -> None:
    user = site.member(site.organisation())
    for browser in (site.browser(), site.browser(user)):
        for path in ALLAUTH:
            answer = browser.get(path, headers={"accept-language": LANGUAGE})
            if answer.status_code == 302:
                continue  # for the other of the two browsers
            assert words_of(answer.text, re.compile(r"Demo ApS|\S+@\S+|otpauth\S+")) == [], path


@pytest.mark.usefixtures("bracketed")
def test_no_page_says_what_can_t_be_translated(whole: WholeSite) -> None:
    user = whole.site.member(whole.connected.organisation, "owner")
    browser = whole.site.browser(user)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = LANGUAGE
    data = data_of(whole)
    found: dict[str, list[str]] = {}
    for name, pattern in patterns().items():
        if group_of(pattern) in TO_MARK:
            continue
        answer: Any = ask(browser, "get", path_of(pattern, whole.ids))
        if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            found[name] = words_of(answer.text, data)
        answer.close()
    assert len(found) > 8
    assert {name: said for name, said in found.items() if said} == {}


def group_of(pattern: Any) -> str:
    """The folder of the view."""
    view = pattern.callback
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return str(view.__module__).split(".")[2]


def data_of(whole: WholeSite) -> re.Pattern[str]:
    """What is no text of ours: names that people gave, addresses, ids, currency codes, languages and time zones."""
    connection = whole.connected.connection
    ledger = load_connector("beancount", connection.erp_options)
    accounts = {account.name for account in ledger.read(Account)} | set(connection.erp_options.values())
    people = {"Anna Berg", "Kontor & Papir A/S", "for the surprise party"}
    companies = {connection.name, connection.pleo_name, connection.books_name, whole.connected.organisation.name}
    names = sorted(filter(None, {"Beancount", *companies, *people, *accounts}), key=len, reverse=True)
    others = (r"\S+@\S+", r"\b[A-Z]{3}\b", r"\b[A-Z][a-z]+/\w+(/\w+)?\b", r"https?://\S+", r"\b[\w-]*\d[\w-]*\b")
    languages = ("Dansk", "Deutsch", "English", "Français", "Svenska")
    return re.compile("|".join([*map(re.escape, [*names, *languages]), *others]))
