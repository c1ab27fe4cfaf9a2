"""Documents by mail: encrypted, or as a link; sent once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
import pyzipper

from kontobro.core.errors import Conflict, Misconfigured, Uncertain
from kontobro.core.ports.delivery import Delivery
from kontobro.delivery.mail import MOST_BYTES
from kontobro.delivery.opening import open_delivery
from tests.delivery.places import WAYS, a_file

PASSPHRASE = "four words and more"
Sent = tuple[tuple[str, ...], str, str, tuple[str, bytes] | None]


@dataclass
class RecordingMailer:
    page: str = "https://books.example/documents/"
    sent: list[Sent] = field(default_factory=list)
    fault: Exception | None = None

    def check(self) -> None:
        if self.fault:
            raise self.fault

    def send(self, to: Sequence[str], subject: str, text: str, attachment: tuple[str, bytes] | None) -> None:
        self.sent.append((tuple(to), subject, text, attachment))
        if self.fault:
            raise self.fault

    def link(self, name: str) -> str:
        return f"{self.page}{name}" if self.page else ""


def by_mail(mailer: RecordingMailer, passphrase: str | None) -> Delivery:
    options = {"deliver_to": "mailto:a@example.com,b@example.com"}
    return open_delivery(options, lambda name: passphrase, replace(WAYS, mailer=mailer))


def test_all_files_of_a_document_are_in_one_encrypted_attachment() -> None:
    mailer = RecordingMailer()
    delivery = by_mail(mailer, PASSPHRASE)
    delivery.deliver([a_file("0001.csv"), a_file("0001/r.pdf", b"%PDF secret")])
    ((to, subject, text, attachment),) = mailer.sent
    assert to == ("a@example.com", "b@example.com")
    assert "0001.csv" in subject
    assert PASSPHRASE not in text
    assert attachment is not None
    assert attachment[0] == "0001.csv.zip"
    assert b"secret" not in attachment[1]
    with pyzipper.AESZipFile(io.BytesIO(attachment[1])) as archive:
        with pytest.raises(RuntimeError):
            archive.read("0001.csv", pwd=b"another one")
        assert archive.read("0001.csv", pwd=PASSPHRASE.encode()) == b"1,2\r\n"
        assert archive.read("0001/r.pdf", pwd=PASSPHRASE.encode()) == b"%PDF secret"
        assert {info.wz_aes_strength for info in archive.infolist()} == {3}  # AES-256


def test_without_a_passphrase_the_mail_has_a_link_and_no_content() -> None:
    mailer = RecordingMailer()
    by_mail(mailer, None).deliver([a_file("0001.csv")])
    ((_, _, text, attachment),) = mailer.sent
    assert attachment is None
    assert "https://books.example/documents/0001.csv" in text
    assert "1,2" not in text


def test_its_link_is_made_of_the_name_that_has_the_documents_number() -> None:
    mailer = RecordingMailer()
    by_mail(mailer, None).deliver([a_file("kontobro-00001.manifest.json"), a_file("0001.csv")])
    ((_, subject, text, _),) = mailer.sent
    assert "https://books.example/documents/kontobro-00001.manifest.json" in text
    assert "0001.csv" in subject


def test_a_mail_that_may_have_been_sent_is_not_sent_again() -> None:
    mailer = RecordingMailer(fault=Uncertain("The answer was lost."))
    with pytest.raises(Uncertain):
        by_mail(mailer, PASSPHRASE).deliver([a_file("0001.csv")])
    assert len(mailer.sent) == 1


def test_nothing_can_be_read_back_or_withdrawn() -> None:
    delivery = by_mail(RecordingMailer(), PASSPHRASE)
    assert not delivery.readable
    assert list(delivery.names()) == []
    assert not delivery.withdraw("0001.csv", a_file("0001.csv").sha256)
    with pytest.raises(FileNotFoundError):
        delivery.read("0001.csv")


def test_check_reaches_the_server_and_sends_nothing() -> None:
    mailer = RecordingMailer()
    assert by_mail(mailer, PASSPHRASE).check() == "mail to a@example.com, b@example.com"
    assert mailer.sent == []
    with pytest.raises(Misconfigured, match="refused"):
        by_mail(RecordingMailer(fault=Misconfigured("refused")), PASSPHRASE).check()


def test_without_a_page_and_a_passphrase_nothing_is_sent() -> None:
    mailer = RecordingMailer(page="")
    for call in (lambda d: d.check(), lambda d: d.deliver([a_file("0001.csv")])):
        with pytest.raises(Misconfigured, match="no page"):
            call(by_mail(mailer, None))
    assert mailer.sent == []


@pytest.mark.parametrize(
    ("files", "passphrase", "fault"),
    [
        ([a_file("0001.csv")], "short", Misconfigured),
        ([a_file("0001.csv", b"x" * (MOST_BYTES + 1))], PASSPHRASE, Misconfigured),
        ([a_file("../0001.csv")], PASSPHRASE, Misconfigured),
        ([replace(a_file("0001.csv"), content=lambda: [b"other"])], PASSPHRASE, Conflict),
    ],
)
def test_what_can_not_be_mailed_is_told_before(files: list[object], passphrase: str, fault: type[Exception]) -> None:
    mailer = RecordingMailer()
    with pytest.raises(fault):
        by_mail(mailer, passphrase).deliver(files)  # type: ignore[arg-type]
    assert mailer.sent == []
