"""Settings to and from TOML: nothing lost, every fault at once."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.settings.toml import LARGEST, MOST_FAULTS, read_toml, settings_from, settings_to, with_change
from tests.support.examples import examples

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
roles = st.sampled_from(["expense", "wallet", "employee", "transit", "external", "payable"])


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


rows = st.builds(
    RowOverride,
    type=st.sampled_from(["card_purchase", "fee", "new_type"]),
    subtype=optional(words),
    debit=roles,
    credit=roles,
    sign=st.sampled_from(["ignore", "follow"]),
    method=st.sampled_from([None, "journal", "accounts_payable"]),
    line_account=optional(words),
    use_line_account=st.sampled_from([None, True, False]),
)
every_settings = st.builds(
    Settings,
    time_zone=st.sampled_from([None, "UTC", "Europe/Copenhagen", "Asia/Kathmandu"]),
    wallet=optional(words),
    wallets=st.dictionaries(st.sampled_from(["DKK", "EUR", "JPY"]), words),
    out_of_pocket=optional(words),
    contra=optional(words),
    external_reimbursement=optional(words),
    accounts_payable=optional(words),
    journal=optional(words),
    method_when_null=st.sampled_from(["journal", "accounts_payable"]),
    unmatched_vendor=st.sampled_from(["fail", "fallback"]),
    employees_are_vendors=st.booleans(),
    closed_period=st.sampled_from(["fail", "next_open", "today"]),
    posting=st.sampled_from(["draft", "posted"]),
    reverse_tax_missing=st.sampled_from(["compute", "fail", "as_given"]),
    zero_amount=st.sampled_from(["fail", "skip"]),
    duplicate_invoice=st.sampled_from(["note", "fail"]),
    receipt_missing=st.sampled_from(["fail", "book"]),
    receipt_upload_failed=st.sampled_from(["fail", "book"]),
    voided=st.sampled_from(["book", "ask"]),
    dimensions=st.dictionaries(words, words, max_size=3),
    dimensions_on=st.sampled_from(["expense_lines", "all_lines"]),
    description=st.sampled_from(["{supplier}", "{note} · {type}", ""]),
    rows=st.lists(rows, max_size=3).map(tuple),
    hook=st.sampled_from([None, "a.b:c"]),
    retention_days=st.integers(0, 3650),
    patience_minutes=st.integers(0, 50),
)


@given(every_settings)
@hypothesis_settings(max_examples=examples(150), deadline=None)
def test_what_is_written_is_read_back_unchanged(settings: Settings) -> None:
    written = tomli_w.dumps(settings_to(settings))
    assert settings_from(tomllib.loads(written)) == (settings, ())


def test_nothing_is_the_default() -> None:
    assert settings_from({}) == (Settings(), ())


def test_every_fault_is_named_at_once_and_the_rest_is_read() -> None:
    document = """
        walet = "5810"
        wallet = 5810
        contra = "5850"
        closed_period = "later"
        employees_are_vendors = "yes"
        retention_days = -1
        description = "{suplier} bought"
        hook = "fjord_rules"
        wallets = { EURO = "5811" }
        dimensions = { Department = 7 }

        [[rows]]
        type = "fee"
        debit = "purse"

        [[rows]]
        subtype = "interest"

        [[rows]]
        type = "crypto_purchase"
        debit = "expense"
    """
    settings, problems = settings_from(tomllib.loads(document))
    assert settings.contra == "5850"
    assert settings.wallet is None
    assert {problem.field: problem.code for problem in problems} == {
        "walet": "setting_unknown",
        "wallet": "setting_wrong",
        "closed_period": "setting_wrong",
        "employees_are_vendors": "setting_wrong",
        "retention_days": "setting_wrong",
        "description": "setting_wrong",
        "hook": "setting_wrong",
        "wallets.EURO": "setting_wrong",
        "dimensions": "setting_wrong",
        "rows[0].debit": "setting_wrong",
        "rows[1].type": "setting_wrong",
        "rows[2]": "setting_wrong",
    }


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"walet": "5810"}, "There is no setting walet: did you mean wallet? Correct its name."),
        ({"closed_period": "later"}, 'takes one of "fail", "next_open", "today" (it is later)'),
        ({"wallet": 5810}, 'takes a text in quotes: write wallet = "5810" (it is 5810)'),
        ({"patience_minutes": True}, "takes a whole number from 0 to 50"),
        ({"patience_minutes": 60}, "takes a whole number from 0 to 50 (it is 60)"),
        ({"time_zone": "Mars/Olympus"}, "Setting time_zone is not a known time zone"),
        ({"time_zone": "../../etc/passwd"}, "is not a known time zone"),
        ({"time_zone": ""}, "is not a known time zone"),
        ({"wallet": "1" * 101}, "takes a text of at most 100 characters"),
        ({"journal": "BANK\0"}, "takes a text without control characters"),
        ({"description": "{supplier}\x1b[2J"}, "takes a text without control characters"),
        ({"description": "x" * 501}, "takes a text of at most 500 characters"),
        ({"wallets": {"EUR": ""}}, "takes a table without empty texts"),
        ({"dimensions": {"": "COST"}}, "takes a table without empty texts"),
        ({"dimensions": {"TEAM": "x" * 101}}, "takes a text of at most 100 characters"),
        ({"wallets": {"EURO": "5811"}}, "Setting wallets.EURO is not a currency code"),
        (
            {"rows": [{"type": "fee", "debitt": "wallet"}]},
            "There is no setting rows[0].debitt: did you mean debit? Correct its name.",
        ),
        ({"rows": {"type": "fee"}}, "takes a list of tables: [[rows]]"),
        ({"description": "{suplier}"}, "contains an unknown field; fields are supplier, vendor, user"),
        ({"description": "{supplier.name} bought"}, "contains an unknown field"),
        ({"hook": "fjord_rules:"}, "takes package.module:function"),
    ],
)
def test_a_fault_says_what_the_setting_takes(document: dict[str, object], said: str) -> None:
    (problem,) = settings_from(document)[1]
    assert said in str(problem)
    assert problem.reason == "invalid_configuration"


def test_what_is_kept_in_step_is_read_and_written() -> None:
    document = {"sync": ["accounts", "tax-codes"], "sync_dimensions": ["COST", "COST"], "sync_floor": 3}
    read, problems = settings_from(document)
    assert problems == ()
    assert (read.sync, read.sync_dimensions, read.sync_floor) == (("accounts", "tax-codes"), ("COST",), 3)
    assert settings_from(settings_to(read)) == (read, ())


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"sync": ["journals"]}, 'one of "accounts", "tax-codes"'),
        ({"sync": "accounts"}, "a list"),
        ({"sync_dimensions": [1]}, "a text in quotes"),
        ({"sync_dimensions": list("ABCDEF")}, "5 dimensions at most"),
        ({"sync_max_percent": 101}, "from 0 to 100"),
    ],
)
def test_wrong_settings_of_a_sync_are_told(document: dict[str, object], told: str) -> None:
    _, (problem,) = settings_from(document)
    assert told in problem.message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b".".join([b"a"] * 99_000) + b" = 1", "nested too deep"),
        (b"[" + b".".join([b"a"] * 99_000) + b"]", "nested too deep"),
        (b'x = 1\n["a"' + b'."b"' * 40_000 + b"]", "line 2"),
        (b"retention_days = " + b"1" * 100_000, "digits"),
        (b"retention_days = 0x" + b"f" * 100_000, "digits"),
        (b"retention_days = " + b"1_" * 90_000 + b"1", "digits"),
        (b"x = " + b"[" * 100_000, "nested too deep"),
        (b"x = " + b"{a=" * 60_000, "nested too deep"),
        (b"# " + b"x" * LARGEST, "larger than"),
        (b"wallet = ", "not a TOML file"),
        (b"wallet = '\xff'", "not a TOML file"),
        (b"wallet = " + b"x" * 100_000, "not a TOML file"),
    ],
)
def test_a_small_file_that_would_eat_the_machine_is_refused_before_it_is_parsed(content: bytes, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as fault:
        read_toml(content, "The file")
    assert len(str(fault.value)) < 400


@given(every_settings)
def test_every_settings_file_of_ours_passes_the_bounds(settings: Settings) -> None:
    assert settings_from(read_toml(tomli_w.dumps(settings_to(settings)).encode(), "The file")) == (settings, ())


def test_a_number_of_any_length_is_told_not_counted() -> None:
    wanted = with_change({}, "retention_days", "1" * 100_000)
    _, problems = settings_from(wanted)
    assert [problem.code for problem in problems] == ["setting_wrong"]


@pytest.mark.parametrize(
    "document",
    [
        {f"k{n}": 1 for n in range(300)},
        {"rows": [{"typ": "x"}] * 300},
        {"wallets": {f"K{n}": "1" for n in range(300)}},
        {"rows": [{f"k{n}": 1 for n in range(300)}]},
    ],
    ids=["keys", "rows", "wallets", "of a row"],
)
def test_of_a_file_that_is_all_faults_the_first_ones_are_told(document: dict[str, object]) -> None:
    """22,000 of them took seconds to compare, and a page of megabytes to show."""
    _, problems = settings_from(document)
    assert len(problems) == MOST_FAULTS
