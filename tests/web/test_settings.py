"""Settings: the form in plain words, the file, taking over from another company. Nothing wrong is ever kept."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kontobro.core.model.settings import Settings
from kontobro.core.settings.toml import settings_to
from kontobro.web.connection.settings_form import SettingsForm, form_of
from kontobro.web.middleware import LARGEST_BODY
from kontobro.web.models import AuditEvent
from tests.web.connected_site import ConnectedSite


def kept(office: ConnectedSite) -> Settings:
    found = office.site.home.store.connection(office.connection.id)
    assert found
    return found.settings


def filled(office: ConnectedSite, **changes: str) -> dict[str, str]:
    """The form as a browser sends it back."""
    form = form_of(kept(office))
    values = {name: form[name].value() for name in form.fields}
    sent = {name: "on" if value is True else str(value) for name, value in values.items() if value not in (False, None)}
    return sent | changes


def take(office: ConnectedSite, text: str) -> str:
    file = SimpleUploadedFile("settings.toml", text.encode())
    return office.browser.post(f"/c/{office.connection.id}/settings/import/", {"file": file}, follow=True).text


def test_every_setting_is_in_the_form_or_says_where_else() -> None:
    elsewhere = {"rows", "hook", "sync"}
    assert set(SettingsForm().fields) | elsewhere == set(Settings.__dataclass_fields__)


def test_saving_the_form_unchanged_changes_nothing(office: ConnectedSite) -> None:
    before = kept(office)
    answer = office.browser.post(f"/c/{office.connection.id}/settings/", filled(office), follow=True)
    assert "Nothing was changed" in answer.text
    assert kept(office) == before


def test_a_change_is_kept_and_its_name_stands_in_the_trail(office: ConnectedSite) -> None:
    form = filled(office, posting="draft", wallets="DKK = 1081\nEUR = 1082")
    office.browser.post(f"/c/{office.connection.id}/settings/", form)
    assert kept(office).posting == "draft"
    assert kept(office).wallets == {"DKK": "1081", "EUR": "1082"}
    assert AuditEvent.objects.get().detail == "posting, wallets"


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
    office: ConnectedSite, field: str, value: str, said: str
) -> None:
    before = kept(office)
    answer = office.browser.post(f"/c/{office.connection.id}/settings/", filled(office, **{field: value}))
    assert answer.status_code == 400
    assert said in answer.text
    assert kept(office) == before


def test_the_books_say_whether_the_settings_fit(office: ConnectedSite) -> None:
    assert "complete and match" in office.page("settings/fitting/")
    office.site.home.store.save_connection(replace(office.connection, settings=replace(kept(office), contra="nope")))
    assert "nope" in office.page("settings/fitting/")
    lacking = replace(kept(office), contra=None, accounts_payable=None)
    office.site.home.store.save_connection(replace(office.connection, settings=lacking))
    assert "These types would fail: Invoice, Invoice payment" in office.page("settings/fitting/")


def test_a_file_goes_out_and_comes_back(office: ConnectedSite) -> None:
    path = f"/c/{office.connection.id}/settings/"
    text = office.browser.get(f"{path}file/").content.decode()
    assert tomllib.loads(text) == settings_to(kept(office))
    assert "Settings saved" in take(office, text.replace('posting = "posted"', 'posting = "draft"'))
    assert kept(office).posting == "draft"


@pytest.mark.parametrize("text", ["x = [", "wallet = 3\n", 'nonsense = "x"\n', 'time_zone = "X"\n', 'wallet = "\\0"\n'])
def test_a_wrong_file_changes_nothing(office: ConnectedSite, text: str) -> None:
    before = kept(office)
    assert "What to do:" in take(office, text)
    assert kept(office) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join(["a"] * 99_000) + " = 1", "nested too deep"),
        ("retention_days = " + "1" * 100_000, "digits"),
        ("# " + "x" * 250_000, "larger than"),
    ],
)
def test_a_small_file_can_t_hold_the_service(office: ConnectedSite, text: str, why: str) -> None:
    before = kept(office)
    assert why in take(office, text)
    assert kept(office) == before


@pytest.mark.parametrize("length", [str(LARGEST_BODY + 1), "9" * 50])
@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/hooks/pleo/none"])
def test_a_body_of_any_size_is_refused_before_it_is_kept_anywhere(
    office: ConnectedSite, path: str, length: str
) -> None:
    """By a stranger too: the form of a page is read before anybody asks who sent it."""
    answer = office.site.browser().post(path, b"x", "multipart/form-data; boundary=b", CONTENT_LENGTH=length)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "x"])
def test_a_length_that_is_none_is_a_body_that_is_none(office: ConnectedSite, length: str) -> None:
    """Nothing of it is read, so the form comes back as an empty one does."""
    body = f'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n{"x" * 999}\r\n--b--\r\n'.encode()
    answer = office.site.browser().post(
        "/accounts/login/", body, "multipart/form-data; boundary=b", CONTENT_LENGTH=length
    )
    assert answer.status_code in (200, 400)
    assert b"x" * 999 not in answer.content


def test_code_can_t_be_brought_in_by_a_page(office: ConnectedSite) -> None:
    before = kept(office)
    assert "hook can&#x27;t be set here" in take(office, 'hook = "os:system"\n')
    assert kept(office) == before


def test_settings_are_taken_over_from_another_company_of_mine_only(office: ConnectedSite) -> None:
    other = office.site.connection(office.organisation, "Sister", settings=Settings(contra="1000"))
    strange = office.site.connection(office.site.organisation("Theirs"), "Strange", settings=Settings(contra="666"))
    path = f"/c/{office.connection.id}/settings/clone/"
    assert office.browser.post(path, {"from": strange.id}).status_code == 404
    office.browser.post(path, {"from": other.id})
    assert kept(office).contra == "1000"


def test_a_reader_sees_and_changes_nothing(office: ConnectedSite) -> None:
    reader = office.site.browser(office.site.member(office.organisation, "readonly"))
    path = f"/c/{office.connection.id}/settings/"
    assert reader.get(path).status_code == 200
    assert reader.post(path, filled(office, posting="draft")).status_code == 403
    assert kept(office).posting == "posted"
