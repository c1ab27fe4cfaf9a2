"""A document's content in bounded pieces: its records, and the receipts beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kontobro.core.ports import DocumentFile, ReceiptFile, Vouchers

PIECE: Final = 65_536
LARGEST: Final = 1024 * 1024


def in_pieces(records: Iterable[bytes], size: int = PIECE) -> Iterator[bytes]:
    """Records together, in pieces of about that many bytes."""
    piece = bytearray()
    for record in records:
        piece += record
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def receipt_files(folder: str, vouchers: Vouchers) -> Iterator[DocumentFile]:
    """The receipts of all vouchers, in a folder beside the rows; each is read when it is written."""
    for voucher in vouchers:
        for receipt in voucher.receipts:
            content = _bytes_of(receipt)
            yield DocumentFile(name=f"{folder}/{receipt.name}", media_type=receipt.media_type, content=content)


def _bytes_of(receipt: ReceiptFile) -> Iterator[bytes]:
    content = receipt.read()
    for start in range(0, len(content), LARGEST):
        yield content[start : start + LARGEST]
