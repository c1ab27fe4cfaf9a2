"""Which delivery a connection's options mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.ports.delivery import Delivery, Mailer, is_path
from kontobro.core.words import told
from kontobro.delivery.address import Address, address_of, recipients_of
from kontobro.delivery.filed import FiledDelivery
from kontobro.delivery.folder import open_folder
from kontobro.net.addresses import NetworkPolicy


@dataclass(frozen=True, slots=True)
class Ways:
    """What deliveries need besides their options: the network that they may reach, a mail server, a clock (aware; S3's
    signatures are dated)."""

    network: NetworkPolicy
    now: Callable[[], datetime]
    mailer: Mailer | None = None


def open_delivery(options: Mapping[str, str], secret: Callable[[str], str | None], ways: Ways) -> Delivery | None:
    """The delivery of `deliver_to`; None without one: people download documents. Nothing is reached yet.

    `secret` gives a stored secret by its name, for the very destination that these options are. Raises Misconfigured.
    """
    place = options.get("deliver_to", "").strip()
    if not place:
        return None
    if is_path(place):
        return _folder(place)
    if place.lower().startswith("mailto:"):
        return _mail(place, secret, ways.mailer)
    address, password = address_of(place), secret("delivery_secret") or ""
    if not address.user:
        raise Misconfigured(*told("delivery_user_missing", address=str(address)))
    if not password:
        raise Misconfigured(*told("delivery_secret_missing", address=str(address)))
    if address.scheme == "sftp":
        return _sftp(address, password, options.get("delivery_host_key", ""), ways)
    return _s3(address, password, ways) if address.scheme == "s3" else _webdav(address, password, ways)


def _folder(place: str) -> Delivery:
    path = Path(place)
    if not path.is_absolute():
        raise Misconfigured(*told("delivery_path_short", place=shown(place)))
    return FiledDelivery(str(path), partial(open_folder, path))


def _sftp(address: Address, secret: str, host_keys: str, ways: Ways) -> Delivery:
    try:
        from kontobro.delivery.sftp import Login, open_sftp
    except ModuleNotFoundError as error:
        raise _not_installed(error, "sftp") from error
    known = frozenset(key.rstrip("=") for key in host_keys.replace(",", " ").split())
    if not all(key.startswith("SHA256:") for key in known):
        raise Misconfigured(*told("host_key_wrong", given=shown(host_keys)))
    return FiledDelivery(str(address), partial(open_sftp, address, Login(secret=secret, host_keys=known), ways.network))


def _webdav(address: Address, password: str, ways: Ways) -> Delivery:
    from kontobro.delivery.webdav import open_webdav

    return FiledDelivery(str(address), partial(open_webdav, address, password, ways.network))


def _s3(address: Address, secret: str, ways: Ways) -> Delivery:
    from kontobro.delivery.s3 import bucket_of, open_s3

    place, bucket = str(address), bucket_of(address, secret)
    return FiledDelivery(place, partial(open_s3, bucket, place, ways.network, ways.now))


def _mail(place: str, secret: Callable[[str], str | None], mailer: Mailer | None) -> Delivery:
    from kontobro.delivery.mail import MailDelivery

    to = recipients_of(place)
    if mailer is None:
        raise Misconfigured(*told("document_mail_serverless"))
    return MailDelivery(to, mailer, secret("delivery_secret") or "")


def _not_installed(error: ModuleNotFoundError, extra: str) -> Misconfigured:
    return Misconfigured(*told("package_not_installed", name=str(error.name), extra=extra))
