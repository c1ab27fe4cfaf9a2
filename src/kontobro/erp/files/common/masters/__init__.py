"""Master data from files: TOML, CSV, XLSX, SIE 4E, DATEV, FEC (docs/documents/masters.md)."""

from kontobro.erp.files.common.masters.company import company_of
from kontobro.erp.files.common.masters.read import masters_of, read_master_file

__all__ = ["company_of", "masters_of", "read_master_file"]
