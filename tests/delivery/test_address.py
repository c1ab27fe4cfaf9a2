"""`deliver_to` as people type it: read, or one clear error; never with a password in an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.ports.delivery import is_path
from kontobro.delivery.address import Address, address_of, recipients_of
from kontobro.delivery.opening import open_delivery
from kontobro.erp.kit.registration import DELIVER_TO, DELIVERY, Option, Registration
from kontobro.erp.registry import FILES, Registry
from tests.delivery.places import WAYS


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("sftp://me@h.example/a/b/", Address(scheme="sftp", host="h.example", user="me", path="/a/b")),
        ("SFTP://me@H.example:2222", Address(scheme="sftp", host="h.example", port=2222, user="me")),
        ("sftp://m%40e@[::1]:22/a%20b", Address(scheme="sftp", host="::1", port=22, user="m@e", path="/a b")),
        ("webdav+https://me@h/x", Address(scheme="webdav+https", host="h", user="me", path="/x")),
        (
            "s3://AKIA@b/p?region=eu-north-1",
            Address(scheme="s3", host="b", user="AKIA", path="/p", options={"region": "eu-north-1"}),
        ),
    ],
)
def test_addresses(place: str, address: Address) -> None:
    assert address_of(place) == address
    assert not is_path(place)
    assert (address.user or "none") not in str(address)


@pytest.mark.parametrize(
    "place",
    [
        "sftp",
        "mailto",
        "sftp:",
        "sftp:///path",
        "sftp://me@h/../x",
        "sftp://me@h/a/%2e%2e/x",
        "sftp://me@h:0/x",
        "sftp://me@h:99999/x",
        "sftp://me@h/a#b",
        "sftp://me@h/a?x=1",
        "s3://k@b/p?acl=public",
        "s3://k@b:9000/p",
        "webdav+http://me@h.example/x",
        "sftp://me@h/a%0ab",
        "sftp://me@h/%ff",
        "sftp://me@[h/x",
    ],
)
def test_what_can_not_be_read_is_told(place: str) -> None:
    with pytest.raises(Misconfigured) as told:
        address_of(place)
    assert told.value.remedy


@pytest.mark.parametrize("place", ["sftp://me:hunter2@h/x", "sftp://me:hunter2@h:99999/x", "sftp://me:hunter2@[h/x"])
def test_a_password_in_the_address_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(Misconfigured) as told:
        address_of(place)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("place", ["mailto:", "mailto:a", "mailto:a@b,", "mailto:a@b\nBcc: c@d", "mailto:a@b?cc=c@d"])
def test_mail_addresses(place: str) -> None:
    with pytest.raises(Misconfigured, match="email addresses"):
        recipients_of(place)
    assert recipients_of("mailto:a@example.com, b@example.com") == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    "end", ["endpoint=http://h.example", "endpoint=https://u@h", "endpoint=x", "region=a/b", "region="]
)
def test_endpoints_of_s3(end: str) -> None:
    with pytest.raises(Misconfigured, match="S3 endpoint"):
        open_delivery({"deliver_to": f"s3://k@b/p?{end}"}, lambda name: "secret", WAYS)


def test_without_a_place_documents_are_downloaded() -> None:
    assert open_delivery({}, lambda name: None, WAYS) is None
    assert open_delivery({"deliver_to": " "}, lambda name: None, WAYS) is None


def test_mail_needs_a_mail_server() -> None:
    with pytest.raises(Misconfigured, match="mail server"):
        open_delivery({"deliver_to": "mailto:a@example.com"}, lambda name: None, replace(WAYS, mailer=None))


@pytest.mark.parametrize("place", ["/srv/in", "in", "C:\\in", "file:///etc", "sftpx://h/a", "~/in"])
def test_whoever_guards_paths_guards_folders_of_deliveries(place: str) -> None:
    """The service confines the paths of connections (`service/ledgers.py`): what is no known address is a path."""
    registered = Registration(label="X", factory="a:b", install="-", options=DELIVERY)
    assert is_path(place)
    assert registered.values_of("path", {"deliver_to": place}) == {"deliver_to": place}
    assert registered.values_of("path", {"deliver_to": "sftp://me@h/x"}) == {}
    assert registered.values_of("address", {"deliver_to": "sftp://me@h/x"}) == {}
    assert DELIVER_TO in registered.settings
    assert [option.name for option in registered.secrets] == ["delivery_secret"]


def test_every_document_target_has_the_options_of_a_delivery_once() -> None:
    masters = Option("masters", "master data", "path")
    made = Registration(label="X", factory="a:b", install="-", documents=True, options=(masters,))
    assert made.options == (masters, *DELIVERY)
    assert replace(made, label="Y").options == made.options
    assert Registration(label="X", factory="a:b", install="-", options=(masters,)).options == (masters,)
    for name in FILES:
        assert DELIVER_TO in Registry().get(name).options
    with pytest.raises(ValueError, match="deliver_to is declared twice"):
        replace(made, options=(Option("deliver_to", "a path that no one guards"),))


@pytest.mark.parametrize(
    ("place", "asked"),
    [("", []), ("/srv/in", []), ("sftp://me@h/x", ["delivery_secret"]), ("mailto:a@example.com", ["delivery_secret"])],
)
def test_a_secret_is_asked_for_where_the_place_has_a_login(place: str, asked: list[str]) -> None:
    made = Registration(label="X", factory="a:b", install="-", documents=True)
    found = made.secrets_for({"deliver_to": place})
    assert [option.name for option in found if option.required] == asked
    assert [option.name for option in found] == asked
