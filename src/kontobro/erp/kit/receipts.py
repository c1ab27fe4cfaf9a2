"""Receipts: which are taken, and how one that is attached is known again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kontobro.core.model.export import Receipt
from kontobro.core.ports import ReceiptRules

EXTENSIONS: Final = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""What Pleo lets people upload, by media type; but for plain text, which proves nothing."""

RECEIPTS: Final = ReceiptRules(media_types=frozenset(EXTENSIONS), max_bytes=30 * 1024 * 1024)
"""Of a system that takes files: what Pleo lets people upload."""

RECEIPT_MARK: Final = "kontobro sha256="
"""Begins an attachment's description, where the system has no SHA-256 of its own to find it by."""


def mark_of(receipt: Receipt) -> str:
    """An attachment's description."""
    return f"{RECEIPT_MARK}{receipt.sha256}"


def digest_in(description: str | None) -> str | None:
    """The SHA-256 in an attachment's description; None for one that is not ours."""
    return description.removeprefix(RECEIPT_MARK) if description and description.startswith(RECEIPT_MARK) else None


def require(receipts: Iterable[Receipt], rules: ReceiptRules = RECEIPTS) -> None:
    """Raise NotAllowed for the first receipt that is not taken, before anything is attached."""
    for receipt in receipts:
        rules.require(receipt)
