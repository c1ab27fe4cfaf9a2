"""Master data from files: what each format gives, and what is refused (docs/documents/masters.md)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.master_files import MastersRead
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import company_of, read_master_file
from tests.erp.files.common.master_files import put, refused

MASTERS = """
[company]
name = "Fjord & Bro ApS"
currency = "DKK"
time_zone = "Europe/Copenhagen"

[extra]
tax_codes = ["datev_key", "automatic"]

[[accounts]]
code = "6110"
name = "Office"

[[tax_codes]]
code = "I25"
name = "Input VAT 25 %"
rate = 0.25
type = "inclusive"
datev_key = 9
automatic = true

[[dimension_values]]
dimension_id = "1"
code = "100"
name = "Aarhus"
"""


# --------------------------------------------------------------------------------------------------------- TOML


def test_a_toml_file_gives_records_and_what_a_format_asks_for(tmp_path: Path) -> None:
    masters = read_master_file(put(tmp_path, {"masters.toml": MASTERS}))
    assert list(masters.read(Account)) == [Account("6110", "6110", "Office")]
    assert list(masters.read(TaxCode)) == [TaxCode("I25", "I25", "Input VAT 25 %", Decimal("0.25"), "inclusive")]
    assert masters.said(TaxCode, "I25", "datev_key") == "9"
    assert masters.said(TaxCode, "I25", "automatic") == "true"
    assert masters.said(TaxCode, "I25", "other") == masters.said(Account, "6110", "datev_key") == ""
    assert list(masters.read(Dimension)) == [Dimension("1", "1", "1")]
    assert list(masters.read(DimensionValue)) == [DimensionValue("100", "1", "100", "Aarhus")]


def test_which_file_was_read_and_when_is_said(tmp_path: Path) -> None:
    file = put(tmp_path, {"masters.toml": MASTERS})
    (source,) = read_master_file(file).sources
    assert source.name == "masters.toml"
    assert source.sha256 == hashlib.sha256(MASTERS.encode()).hexdigest()
    assert source.modified == datetime.fromtimestamp(file.stat().st_mtime, UTC)
    assert source.counts == {"company": 1, "accounts": 1, "tax_codes": 1, "dimension_values": 1}
    assert str(source).endswith(": 1 company, 1 account, 1 tax code, 1 dimension value")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[extra]\ncosts = ["a"]', "extra: there is no table costs"),
        ("[extra]\naccounts = 1", "extra.accounts is not a list of names"),
        ('[[accounts]]\ncode = "1"\nname = "A"\ndatev_key = "9"', "accounts[1]: it has no field datev_key"),
        ('[[accounts]]\ncode = "1"\nname = "A"\n[[accounts]]\ncode = "1"\nname = "B"', "accounts[1] and accounts[2]"),
        ('[[accounts]]\ncode = ""\nname = "A"', "accounts[1]: the code is empty"),
        ("[company]\nname = 'A'\ncurrency = 'DKK'\n\x00", "masters.toml"),
    ],
)
def test_a_wrong_toml_file_is_refused_with_its_row(tmp_path: Path, text: str, what: str) -> None:
    assert what in refused(put(tmp_path, {"masters.toml": text}))


# ------------------------------------------------------------------------------------------------------ a folder


def test_a_folder_s_files_are_joined(tmp_path: Path) -> None:
    more = '[[accounts]]\ncode = "6200"\nname = "Rent"'
    masters = read_master_file(put(tmp_path, {"a.toml": MASTERS, "b.toml": more, ".hidden": "x"}))
    assert [account.code for account in masters.read(Account)] == ["6110", "6200"]
    assert [source.name for source in masters.sources] == ["a.toml", "b.toml"]


def test_a_record_of_two_files_is_refused_with_both(tmp_path: Path) -> None:
    message = refused(put(tmp_path, {"a.toml": MASTERS, "b.toml": '[[accounts]]\ncode = "6110"\nname = "Rent"'}))
    assert 'accounts have "6110" twice: accounts[1] of a.toml and accounts[1]' in message
    assert "b.toml" in message


def test_a_folder_without_files_and_a_missing_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="the folder is empty"):
        read_master_file(tmp_path)
    with pytest.raises(Misconfigured, match="No such file"):
        read_master_file(tmp_path / "none.toml")


def test_names_that_no_file_can_have_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to(tmp_path / "a.toml")
    for path in (tmp_path, tmp_path / "a.toml", tmp_path / "a\0.toml", tmp_path / ("a" * 300)):
        assert refused(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "masters").mkdir()
    (tmp_path / "other" / "a.toml").write_text(MASTERS, encoding="utf-8")
    (tmp_path / "masters" / "a.toml").symlink_to(tmp_path / "other" / "a.toml")
    with pytest.raises(Misconfigured, match="leads out of the folder"):
        read_master_file(tmp_path / "masters")


# ----------------------------------------------------------------------------------------------------- the company


def test_options_come_before_the_file_s_company(tmp_path: Path) -> None:
    masters = read_master_file(put(tmp_path, {"masters.toml": MASTERS}))
    company = company_of(masters, {"currency": "eur"})
    assert (company.name, company.currency, company.time_zone) == ("Fjord & Bro ApS", "EUR", "Europe/Copenhagen")
    assert company.read_from == (str(masters.sources[0]),)


def test_which_file_was_read_is_told_by_its_name_its_digest_and_its_counts(tmp_path: Path) -> None:
    counts = (("accounts", 1), ("tax_codes", 1), ("dimension_values", 1))
    options = {"company_name": "Fjord & Bro", "currency": "DKK"}
    file = put(tmp_path, {"masters.toml": MASTERS})
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    one = company_of(read_master_file(file), {**options, "masters": str(file)})
    assert one.masters == MastersRead("masters.toml", digest, counts)

    folder = tmp_path / "charts"
    folder.mkdir()
    put(folder, {"masters.toml": MASTERS, "vendors.csv": "vendor code,name\n70001,A\n70002,B\n"})
    both = company_of(read_master_file(folder), {**options, "masters": f"{folder}/"})
    lines = (
        f"{digest}  masters.toml\n{hashlib.sha256((folder / 'vendors.csv').read_bytes()).hexdigest()}  vendors.csv\n"
    )
    expected = (*counts, ("vendors", 2))
    assert both.masters == MastersRead("charts", hashlib.sha256(lines.encode()).hexdigest(), expected)
    assert company_of(MasterFile({}), options).masters is None


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({}, "company's name is missing"),
        ({"company_name": "A"}, "currency of the accounting system is missing"),
        ({"company_name": "A", "currency": "DKR"}, 'The currency "DKR" is not a currency code'),
        ({"company_name": "A", "currency": "DKK", "time_zone": "Aarhus"}, 'The time zone "Aarhus" is not one'),
    ],
)
def test_a_company_that_no_one_names_is_refused(tmp_path: Path, options: dict[str, str], what: str) -> None:
    masters = read_master_file(put(tmp_path, {"masters.toml": '[[accounts]]\ncode = "1"\nname = "A"'}))
    with pytest.raises(Misconfigured, match=what):
        company_of(masters, options)


def test_a_company_file_is_of_one_company(tmp_path: Path) -> None:
    other = MASTERS.replace('"6110"', '"6111"').replace('"I25"', '"I26"').replace('"100"', '"101"')
    assert "is a second company" in refused(put(tmp_path, {"a.toml": MASTERS, "b.toml": other}))
