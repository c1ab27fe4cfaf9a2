"""What accounting systems are called on a page: by their names, and file formats in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext

from kontobro.service.connectors import connectors


def system_name(erp: str) -> str:
    """A connector's name as people write it: `odoo` is "Odoo", `csv` "CSV files"."""
    return gettext(connectors().label(erp))
