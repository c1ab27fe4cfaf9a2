"""Archives are told by their own signature, whatever lies in them and however broken they are."""

import io
import zipfile

from kontobro.export.receipts.media import media_of


def archive(name: str, content: bytes, packing: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as packed:
        packed.writestr(name, content)
    return file.getvalue()


def test_an_archive_with_an_unpacked_pdf_is_no_pdf() -> None:
    found = media_of(archive("invoice.pdf", b"%PDF-1.4\n1 0 obj\n%%EOF", zipfile.ZIP_STORED), "application/pdf")
    assert found is not None
    assert found.extension == "zip"


def test_an_archive_whose_packed_bytes_are_damaged_is_an_archive() -> None:
    whole = bytearray(archive("mimetype", bytes(range(256)) * 4, zipfile.ZIP_DEFLATED))
    begin = 30 + len("mimetype")
    whole[begin : begin + 20] = b"\xff" * 20
    found = media_of(bytes(whole))
    assert found is not None
    assert found.extension == "zip"
