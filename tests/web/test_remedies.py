"""Every remedy leads to a thing that exists: each target's page has its element, under its label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template import Context, Template

from kontobro.core.errors import KontobroError, LoginFailed, Misconfigured, Problem, TooManyChanges
from kontobro.core.level import KINDS_OF
from kontobro.core.model.settings import RowOverride
from kontobro.core.settings.catalogue import catalogue, row_catalogue
from kontobro.core.words import Phrase, placeholders, told
from kontobro.core.words import catalogue as words
from kontobro.web.site.remedies import PLACE_OF, SETTING_OF, SYNCED, Target, fault_targets, setting_target, targets_of
from kontobro.web.tenancy import Member
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite

FIELDS = [
    "",
    *(f"settings.{key}" for key in catalogue()),
    "settings.wallets.EUR",
    "settings.dimensions.TEAM",
    *(f"settings.rows[0].{key}" for key in row_catalogue()),
]
FIXES = [
    Phrase("fix_setting", {"setting": "wallets.SEK"}),
    Phrase("fix_row"),
    Phrase("fix_period_fail"),
    Phrase("fix_category"),
]


class PleoRefuses(LoginFailed):
    """Pleo's login, as its client raises it."""

    job_failure = "authentication_failure"


FAULTS: list[KontobroError] = [
    TooManyChanges("Too many.", "Look."),
    PleoRefuses("No.", "Again."),
    LoginFailed("No.", "Again."),
]
OF_DOCUMENTS = ("documents", "template")

NAMES_A_PLACE = re.compile(
    r"connect (it )?again|master data|list of documents|\b(the|this) (option|setting)s? |access|[Tt]emplates? are",
    re.IGNORECASE,
)
"""What an error's remedy says where it sends a person to a place of ours."""

STATES: dict[str, dict[str, Any]] = {
    "connected": {},
    "without its login": {"status": "reconnect"},
    "disconnected": {"status": "disconnected"},
    "a trial": {"trial": True},
}


def problems() -> Iterator[Problem]:
    """Every problem and every form of it, with each field and each remedy that it can have."""
    for name, said in words().problems.items():
        needed = set().union(*map(placeholders, said)) - {"field", "value"}
        plain: dict[str, Any] = dict.fromkeys(needed, "x") | ({"setting": "contra"} if "setting" in needed else {})
        for fix in FIXES if "fix" in needed else [None]:
            facts = plain | ({"fix": fix} if fix else {})
            for field in FIELDS:
                yield Problem.of(name, field, "v", "validation_failure", facts)


def errors() -> Iterator[tuple[str, Misconfigured]]:
    """Every error of the catalogue, by its name."""
    for name in (key.removesuffix(".remedy") for key in words().phrases if key.endswith(".remedy")):
        needed = set().union(*(placeholders(words().phrases[f"{name}.{part}"]) for part in ("message", "remedy")))
        yield name, Misconfigured(*told(name, **dict.fromkeys(needed, "x")))


@cache
def targets() -> list[Target]:
    found = [target for problem in problems() for target in targets_of(problem)]
    faults = [*FAULTS, *(fault for _, fault in errors())]
    return list(dict.fromkeys([*found, *(target for fault in faults for target in fault_targets(fault))]))


class Labels(HTMLParser):
    """The ids of a page, and the words that label each: its own, of its label, or of its legend or heading."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: dict[str, str] = {}
        self.open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.labels.setdefault(given["id"] or "", "")
        self.open.append((tag, given.get("for") or given.get("id") or ""))
        if tag in ("input", "meta", "link", "br"):
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _tag, owner in self.open:
            if owner:
                self.labels[owner] = f"{self.labels.get(owner, '')}{data}"


def labels(page: str) -> dict[str, str]:
    found = Labels()
    found.feed(page)
    return {key: " ".join(text.split()) for key, text in found.labels.items()}


@pytest.mark.parametrize("role", ["owner", "bookkeeper", "readonly"])
@pytest.mark.parametrize("state", STATES)
def test_each_target_is_on_its_page_under_its_label(connected: ConnectedSite, state: str, role: str) -> None:
    """In every state of a connection, for everyone who is shown the link."""
    settings = replace(connected.connection.settings, sync=KINDS_OF[4], rows=(RowOverride(type="cashback"),))
    connected.site.app.store.save_connection(replace(connected.connection, settings=settings, **STATES[state]))
    member = Member(connected.site.member(connected.organisation, role), connected.organisation, role)  # type: ignore[arg-type]
    here = [target for target in targets() if target.page not in OF_DOCUMENTS]
    assert {target.page for target in here} == {"settings", "sync", "connection", "change_access"}
    follow([target for target in here if member.may(target.role)], connected.connection.id, connected.site, member)


def follow(targets: Sequence[Target], connection_id: str, site: Site, member: Member) -> None:
    """Each link as this member follows it."""
    browser, pages = site.browser(member.user), dict[str, dict[str, str]]()
    for target in targets:
        address = target.url(connection_id).partition("#")[0]
        if address not in pages:
            answer = browser.get(address)
            assert answer.status_code == 200, address
            pages[address] = labels(answer.text)
        assert str(target.label) in pages[address].get(target.anchor, ""), target


def test_an_error_that_names_a_place_leads_there() -> None:
    """Whoever writes a new error finds this test: its place is in `PLACE_OF`."""
    ours = {name: fault for name, fault in errors() if not name.startswith("cli_")}  # those: the command line's alone
    naming = {name: fault_targets(fault) for name, fault in ours.items() if NAMES_A_PLACE.search(fault.remedy)}
    assert naming.keys() > {"document_unknown", "digest_differs", "connection_lost_login"}
    assert [name for name, places in naming.items() if not places] == []
    assert PLACE_OF.keys() <= {name for name, _ in errors()}


@pytest.mark.parametrize("role", ["owner", "bookkeeper", "readonly"])
@pytest.mark.parametrize("state", STATES)
def test_the_targets_of_documents_too(site: Site, state: str, role: str) -> None:
    organisation = site.organisation()
    options = {"template": "banana", "company_name": "Fjord & Bro"}
    made = site.connection(organisation, erp="csv", erp_options=options, **STATES[state])
    member = Member(site.member(organisation, role), organisation, role)  # type: ignore[arg-type]
    here = [target for target in targets() if target.page in OF_DOCUMENTS]
    assert {target.page for target in here} == set(OF_DOCUMENTS)
    follow([target for target in here if member.may(target.role)], made.id, site, member)


def test_a_remedy_that_names_a_setting_leads_to_it() -> None:
    """Whoever writes a new remedy with a setting in it finds this test."""
    for problem in problems():
        if problem.field.startswith("settings.") and problem.field != "settings.sync":
            assert targets_of(problem), problem
    named = {key for key in catalogue() if "_" in key}
    for name, said in words().problems.items():
        code, _dot, form = name.partition(".")
        if any(key in said.remedy for key in named) or "the settings" in said.remedy:
            facts = dict.fromkeys(set().union(*map(placeholders, said)) - {"field", "value"}, "x")
            facts |= {"setting": "contra"} if {"setting"} & facts.keys() or code.startswith("setting") else {}
            field = "settings.contra" if code.startswith("setting") else ""
            assert targets_of(Problem.of(name, field, "v", "validation_failure", facts)), f"{code} {form}"
    assert all(setting_target(key) for key in SETTING_OF.values())
    assert {name.partition(".")[0] for name in (*SETTING_OF, *SYNCED)} <= {
        name.partition(".")[0] for name in words().problems
    }


def shown(problem: Problem, connection: Any) -> str:
    return Template("{% remedy problem connection %}").render(Context({"problem": problem, "connection": connection}))


def test_a_remedy_names_the_field_by_its_label_and_links_to_it() -> None:
    facts = {"purpose": "contra", "setting": "contra"}
    problem = Problem.of("setting_missing", "settings.contra", "", "missing_configuration", facts)
    assert shown(problem, "c1") == (
        "<span>Provide it in the settings (“Money in transit”), then export it again.</span> "
        '<a class="remedy" href="/c/c1/settings/#id_contra">Money in transit</a>'
    )
    assert "href" not in shown(problem, None)
    evil = Problem("own", "f", "v", "m", "<script>", "validation_failure")
    assert shown(evil, "c1") == "<span>&lt;script&gt;</span>"


def test_a_wallet_without_a_line_gets_one(connected: ConnectedSite) -> None:
    page = connected.page("settings/?wallet=SEK")
    assert 'id="id_wallets-SEK"' in page
    assert "Pleo wallet in SEK" in page
    assert 'id="id_wallets-XXX' not in connected.page("settings/?wallet=XXXYZ")
