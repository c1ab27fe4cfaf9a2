"""Settings: the form in plain words, the file, taking over from another company. Nothing wrong is ever kept."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.settings.catalogue import catalogue
from kontobro.core.settings.toml import settings_to
from kontobro.core.words import setting_in
from kontobro.web.connection.settings_form import SettingsForm, form_of
from kontobro.web.middleware import LARGEST_BODY
from kontobro.web.models import AuditEvent
from tests.web.connected_site import ConnectedSite


def kept(connected: ConnectedSite) -> Settings:
    found = connected.site.app.store.connection(connected.connection.id)
    assert found
    return found.settings


def filled(connected: ConnectedSite, **changes: str) -> dict[str, str]:
    """The form as a browser sends it back."""
    form = form_of(kept(connected))
    values = {name: form[name].value() for name in form.fields}
    sent = {name: "on" if value is True else str(value) for name, value in values.items() if value not in (False, None)}
    return sent | changes


def take(connected: ConnectedSite, text: str) -> str:
    file = SimpleUploadedFile("settings.toml", text.encode())
    return connected.browser.post(f"/c/{connected.connection.id}/settings/import/", {"file": file}, follow=True).text


def test_every_setting_is_in_the_form_or_says_where_else() -> None:
    elsewhere = {"rows", "hook", "sync", "sync_choice"}
    assert set(SettingsForm().fields) | elsewhere == set(Settings.__dataclass_fields__)


def test_saving_the_form_unchanged_changes_nothing(connected: ConnectedSite) -> None:
    before = kept(connected)
    answer = connected.browser.post(f"/c/{connected.connection.id}/settings/", filled(connected), follow=True)
    assert "Nothing was changed" in answer.text
    assert kept(connected) == before


def test_a_change_is_kept_and_the_trail_says_from_what_to_what(connected: ConnectedSite) -> None:
    form = filled(connected, posting="draft", wallets="DKK = 1081\nEUR = 1082")
    connected.browser.post(f"/c/{connected.connection.id}/settings/", form)
    assert kept(connected).posting == "draft"
    assert kept(connected).wallets == {"DKK": "1081", "EUR": "1082"}
    detail = AuditEvent.objects.get().detail
    words = catalogue()["posting"].choices
    assert f"{catalogue()['posting'].label}: {words['posted']} → {words['draft']}" in detail
    assert "→ DKK = 1081, EUR = 1082" in detail
    trail = f"/o/{connected.organisation.id}/audit/"
    german = unescape(connected.browser.get(trail, headers={"accept-language": "de"}).text)
    for text in (catalogue()["posting"].label, words["posted"], words["draft"]):
        assert setting_in(text, "de") in german
        assert text not in german


def test_what_another_tab_saved_meanwhile_is_not_overwritten_unseen(connected: ConnectedSite) -> None:
    url = f"/c/{connected.connection.id}/settings/"
    seen = re.search(r'name="seen" value="(\w+)"', connected.page("settings/"))
    assert seen
    first, second = filled(connected, posting="draft"), filled(connected, description="{note}")
    assert "Settings saved" in connected.browser.post(url, first | {"seen": seen[1]}, follow=True).text
    answer = connected.browser.post(url, second | {"seen": seen[1]})
    assert answer.status_code == 400
    assert "changed after you opened this page" in answer.text
    words = catalogue()["posting"].choices
    assert f"{words['draft']} → {words['posted']}" in unescape(answer.text)
    assert kept(connected).posting == "draft"
    again = re.search(r'name="seen" value="(\w+)"', answer.text)
    assert again
    connected.browser.post(url, second | {"seen": again[1]})
    assert (kept(connected).posting, kept(connected).description) == ("posted", "{note}")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("wallets", "EUR 1082", "is not a line such as"),
        ("wallets", "EURO = 1082", "is not a currency code"),
        ("description", "{nonsense}", "contains an unknown field"),
        ("retention_days", "-1", "greater than or equal to 0"),
        ("posting", "maybe", "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    connected: ConnectedSite, field: str, value: str, said: str
) -> None:
    before = kept(connected)
    answer = connected.browser.post(f"/c/{connected.connection.id}/settings/", filled(connected, **{field: value}))
    assert answer.status_code == 400
    assert said in answer.text
    assert kept(connected) == before


def test_the_books_say_whether_the_settings_fit(connected: ConnectedSite) -> None:
    assert "complete and match" in connected.page("settings/fitting/")
    connected.site.app.store.save_connection(
        replace(connected.connection, settings=replace(kept(connected), contra="nope"))
    )
    assert "nope" in connected.page("settings/fitting/")
    lacking = replace(kept(connected), contra=None, accounts_payable=None)
    connected.site.app.store.save_connection(replace(connected.connection, settings=lacking))
    assert "These types would fail: Invoice, Invoice payment" in connected.page("settings/fitting/")


def test_a_file_goes_out_and_comes_back(connected: ConnectedSite) -> None:
    path = f"/c/{connected.connection.id}/settings/"
    text = connected.browser.get(f"{path}file/").content.decode()
    assert tomllib.loads(text) == settings_to(kept(connected))
    assert "Settings saved" in take(connected, text.replace('posting = "posted"', 'posting = "draft"'))
    assert kept(connected).posting == "draft"


@pytest.mark.parametrize("text", ["x = [", "wallet = 3\n", 'nonsense = "x"\n', 'time_zone = "X"\n', 'wallet = "\\0"\n'])
def test_a_wrong_file_changes_nothing(connected: ConnectedSite, text: str) -> None:
    before = kept(connected)
    assert "What to do:" in take(connected, text)
    assert kept(connected) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join(["a"] * 99_000) + " = 1", "nested too deep"),
        ("retention_days = " + "1" * 100_000, "digits"),
        ("# " + "x" * 250_000, "larger than"),
    ],
)
def test_a_small_file_can_t_hold_the_service(connected: ConnectedSite, text: str, why: str) -> None:
    before = kept(connected)
    assert why in take(connected, text)
    assert kept(connected) == before


@pytest.mark.parametrize("length", [str(LARGEST_BODY + 1), "9" * 50])
@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/hooks/pleo/none"])
def test_a_body_of_any_size_is_refused_before_it_is_kept_anywhere(
    connected: ConnectedSite, path: str, length: str
) -> None:
    """By a stranger too: the form of a page is read before anybody asks who sent it."""
    answer = connected.site.browser().post(path, b"x", "multipart/form-data; boundary=b", CONTENT_LENGTH=length)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "x"])
def test_a_length_that_is_none_is_a_body_that_is_none(connected: ConnectedSite, length: str) -> None:
    """Nothing of it is read, so the form comes back as an empty one does."""
    body = f'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n{"x" * 999}\r\n--b--\r\n'.encode()
    answer = connected.site.browser().post(
        "/accounts/login/", body, "multipart/form-data; boundary=b", CONTENT_LENGTH=length
    )
    assert answer.status_code in (200, 400)
    assert b"x" * 999 not in answer.content


def test_code_can_t_be_brought_in_by_a_page(connected: ConnectedSite) -> None:
    before = kept(connected)
    assert "hook can&#x27;t be set here" in take(connected, 'hook = "os:system"\n')
    assert kept(connected) == before


def test_settings_are_taken_over_from_another_company_of_mine_only(connected: ConnectedSite) -> None:
    other = connected.site.connection(connected.organisation, "Sister", settings=Settings(contra="1000"))
    strange = connected.site.connection(
        connected.site.organisation("Theirs"), "Strange", settings=Settings(contra="666")
    )
    path = f"/c/{connected.connection.id}/settings/clone/"
    assert connected.browser.post(path, {"from": strange.id}).status_code == 404
    connected.browser.post(path, {"from": other.id})
    assert kept(connected).contra == "1000"


def test_a_reader_sees_and_changes_nothing(connected: ConnectedSite) -> None:
    reader = connected.site.browser(connected.site.member(connected.organisation, "readonly"))
    path = f"/c/{connected.connection.id}/settings/"
    assert reader.get(path).status_code == 200
    assert reader.post(path, filled(connected, posting="draft")).status_code == 403
    assert kept(connected).posting == "posted"


# --------------------------------------------------------------------------------- what the books don't know


def post(connected: ConnectedSite, **changes: object) -> Any:
    return connected.browser.post(f"/c/{connected.connection.id}/settings/", filled(connected) | changes)


def test_what_the_books_do_not_know_is_said_at_its_field_and_not_kept(connected: ConnectedSite) -> None:
    before = kept(connected)
    answer = post(connected, contra="1098")
    assert answer.status_code == 400
    assert 'id="id_contra_error">Account 1098 does not exist in the accounting system.' in answer.text
    assert "Suggestion: 1089 Money in transit to and from Pleo." in answer.text
    assert "Save these settings all the same" in answer.text
    assert kept(connected) == before


def test_after_a_plain_confirmation_it_is_kept(connected: ConnectedSite) -> None:
    answer = post(connected, contra="1098", confirm="1")
    assert answer.status_code == 302
    assert kept(connected).contra == "1098"
    assert post(connected, posting="draft").status_code == 302, "what was wrong before stops no other change"


def test_books_that_do_not_answer_are_not_taken_for_a_yes(connected: ConnectedSite) -> None:
    connected.connected.ledger.rename(connected.connected.ledger.with_name("away.beancount"))
    before = kept(connected)
    answer = post(connected, posting="draft")
    assert "could not be checked" in answer.text
    assert kept(connected) == before
    assert post(connected, posting="draft", confirm="1").status_code == 302


def test_wallets_are_fields_by_currency(connected: ConnectedSite) -> None:
    post(connected, **{"wallets-currency": ["dkk", "EUR", ""], "wallets-account": ["1081", "1082", ""]})
    assert kept(connected).wallets == {"DKK": "1081", "EUR": "1082"}
    page = connected.page("settings/")
    assert 'id="id_wallets-EUR" name="wallets-account" value="1082"' in page
    post(connected, **{"wallets-currency": ["DKK", "EUR"], "wallets-account": ["1081", ""]})
    assert kept(connected).wallets == {"DKK": "1081"}
    assert (
        "is not a currency code" in post(connected, **{"wallets-currency": ["EURO"], "wallets-account": ["1082"]}).text
    )


def rows(*given: dict[str, str]) -> dict[str, str]:
    named = {f"rows-{at}-{key}": value for at, row in enumerate(given) for key, value in row.items()}
    return {"rows-TOTAL_FORMS": str(len(given)), "rows-INITIAL_FORMS": "0", **named}


def test_posting_rows_are_fields_too(connected: ConnectedSite) -> None:
    row = {"type": "cashback", "line_account": "7520", "use_line_account": "yes"}
    assert post(connected, **rows(row, {})).status_code == 302
    assert kept(connected).rows == (RowOverride(type="cashback", line_account="7520", use_line_account=True),)
    page = connected.page("settings/")
    assert 'name="rows-0-type" value="cashback"' in page
    assert 'name="rows-1-type"' in page
    assert post(connected).status_code == 302
    assert len(kept(connected).rows) == 1, "a form without rows leaves them"
    answer = post(connected, **rows(row | {"line_account": "nothing"}))
    assert "Account nothing does not exist" in answer.text
    assert post(connected, **rows(row | {"DELETE": "on"})).status_code == 302
    assert kept(connected).rows == ()


def test_a_hook_is_the_operators_to_set(connected: ConnectedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    post(connected, hook="os:getcwd")
    assert kept(connected).hook is None, "a bookkeeper's is not read"
    assert "readonly" in connected.page("settings/").partition('id="hook"')[2][:300]
    monkeypatch.setattr("kontobro.web.connection.settings.is_operator", lambda _user: True)
    assert "readonly" not in connected.page("settings/").partition('id="hook"')[2][:300]
    post(connected, hook="os:getcwd", confirm="1")
    assert kept(connected).hook == "os:getcwd"


def test_the_page_says_what_the_chart_suggests_and_why(connected: ConnectedSite) -> None:
    lacking = replace(kept(connected), contra=None)
    connected.site.app.store.save_connection(replace(connected.connection, settings=lacking))
    page = connected.page("settings/fitting/")
    assert (
        f'<a href="/c/{connected.connection.id}/settings/#id_contra">Money in transit</a>: <strong>1089</strong>'
        in page
    )
    assert "after Pleo and its purpose" in page
