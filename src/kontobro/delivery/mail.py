"""By mail: a ZIP that only a passphrase opens, or a link to the document's page. Nothing can be read back."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.ports.delivery import FileToDeliver, Mailer
from kontobro.core.words import told
from kontobro.delivery.filed import require_name, whole

MOST_BYTES: Final = 15 * 1024 * 1024
"""Of the files of one mail: in a mail they are a third larger, and many servers take 25 MB."""
SHORTEST: Final = 12
"""Characters of a passphrase: whoever has the file can try as many as they like."""
_UNREADABLE: Final = "What was mailed can't be read back."


@dataclass(frozen=True, slots=True)
class MailDelivery:
    """To `to`. With a passphrase the files are attached, encrypted by AES-256 (WinZip's, 7-Zip opens it); without one
    the mail has a link."""

    to: tuple[str, ...]
    mailer: Mailer
    passphrase: str = field(default="", repr=False)

    @property
    def readable(self) -> bool:
        return False

    def check(self) -> str:
        self._require_way()
        self.mailer.check()
        return f"mail to {', '.join(self.to)}"

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        """One mail. Raises Uncertain when it may have been sent: it is not sent again."""
        if not files:
            return
        for file in files:
            require_name(file.name)
        self._require_way()
        first = next((file.name for file in files if not file.name.endswith(".json")), files[0].name)  # no manifest
        if self.passphrase:
            attachment = (f"{first.rpartition('/')[2]}.zip", encrypted(files, self.passphrase))
            text = "The attached document is for your accounting system. Open it with the passphrase you agreed on.\n"
            self.mailer.send(self.to, f"Kontobro: {first}", text, attachment)
            return
        manifest = next((file.name for file in files if file.name.endswith(".json")), first)  # it has the number
        text = f"A document for your accounting system can be downloaded:\n\n{self.mailer.link(manifest)}\n"
        self.mailer.send(self.to, f"Kontobro: {first}", text, None)

    def read(self, name: str) -> Sequence[bytes]:
        raise FileNotFoundError(f"{name}: {_UNREADABLE}")

    def names(self) -> Sequence[str]:
        return ()

    def withdraw(self, name: str, sha256: str) -> bool:
        return False

    def _require_way(self) -> None:
        if not self.passphrase and not self.mailer.link("check"):
            raise Misconfigured(*told("mail_without_page"))
        if self.passphrase and len(self.passphrase) < SHORTEST:
            raise Misconfigured(*told("mail_passphrase_short", least=SHORTEST))


def encrypted(files: Sequence[FileToDeliver], passphrase: str) -> bytes:
    """The files in one ZIP. Its salt is random: of a mail the content is the same, not its bytes. Raises
    Misconfigured for more than a mail can hold."""
    import pyzipper

    if sum(file.size for file in files) > MOST_BYTES:
        raise Misconfigured(*told("mail_too_large", name=shown(files[0].name), most=MOST_BYTES // (1024 * 1024)))
    written = io.BytesIO()
    with pyzipper.AESZipFile(written, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(passphrase.encode())
        for file in files:
            archive.writestr(file.name, b"".join(whole(file)))
    return written.getvalue()
