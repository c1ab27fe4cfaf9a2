"""What a stranger, a broken browser or a curious member may send; and forms that are right, to spoil one field of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from kontobro.core.model.settings import Settings
from kontobro.web.connection.settings_form import SettingsForm, form_of

Value = bytes | str
Form = Mapping[str, Sequence[Value]]

HOSTILE: tuple[Value, ...] = (
    "",
    "\0",
    "a\0b",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # half of a pair, as UTF-8
    "\u202e\ufeff\U0001f9fe",
    "-1",
    "9" * 40,
    "9" * 5000,
    "1e999999",
    "NaN",
    "0001-01-01",
    "9999-12-31",
    "٢٠٢٦-٠١-٠١",
    "0-0",
    "99999999999999999-999999999999999999",
    "x" * 20_000,
    "../../etc/passwd",
    "a/b//c",
    "{0.__class__} {supplier[0]} %s %(x)s",
    "{",
    "'; DROP TABLE kontobro_job; --",
    "<script>alert(1)</script>",
    "a = b\r\nSet-Cookie: c=d",
    "http://[::1",
    "https://user:pass@example.com:99999/x",
    "https://xn--" + "a" * 300 + ".example",
)

LONG = 2_000
"""Characters that a server takes in an address at most, roughly: longer ones never reach us."""

LANGUAGES = (
    "",
    ",",
    ";q=",
    "*",
    "\0",
    "a" * 5000,
    "en" + "-x" * 500,
    "../../etc",
    "da_DK.UTF-8@euro",
    "zh-Hant-TW-u-nu-hanidec",
    "en-US-u-ca-buddhist",
    "root",
    "-",
    "--",
    "1-2-3",
    "ar",
    "de-DE;q=x, \xff",
    "C",
    "POSIX",
    "en-AAAA-ZZZZ-123",
)

TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=base64",
    "application/x-www-form-urlencoded; charset=unicode_escape",
    "application/json",
    "text/xml",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 500,
    "multipart/form-data; boundary=\u00e9",
    "multipart/form-data; boundary=x; charset=hex",
    "",
    "/;;=",
)
"""No NUL: a server refuses it in a header."""

BODIES = (
    b"",
    b"a=b",
    b"a=\xff&b=%ff&c=%00&=&&;",
    b"&".join(b"f%d=1" % number for number in range(3000)),
    b'{"name": ["a", {"b": null}]}',
    b"[" * 5000,
    b"--x\r\n",
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../\0a.toml"\r\n\r\n\xff\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="name"\r\nContent-Transfer-Encoding: base64\r\n\r\n=\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data; name*=utf-99''a\r\n\r\nb\r\n--x--\r\n",
    b"--x\r\n" + b"Content-Type: a;" * 500 + b"\r\n\r\n\r\n--x--\r\n",
    b"\0" * 1_200_000,
)

PERIOD: Form = {"first": ["2026-01-01"], "last": ["2026-12-31"], "wallet": [""]}

FORMS: Mapping[str, Form] = {
    "account_login": {"login": ["a@example.com"], "password": ["no"], "next": ["/"]},
    "account_signup": {"email": ["b@example.com"], "password1": ["correct horse"], "password2": ["correct horse"]},
    "account_email": {"email": ["c@example.com"], "action_add": [""]},
    "account_change_password": {"oldpassword": ["x"], "password1": ["y"], "password2": ["y"]},
    "account_reauthenticate": {"password": ["x"], "next": ["/"]},
    "account_reset_password": {"email": ["d@example.com"]},
    "account_reset_password_from_key": {"password1": ["x"], "password2": ["x"]},
    "mfa_activate_totp": {"code": ["123456"]},
    "mfa_authenticate": {"code": ["123456"]},
    "new_organisation": {"name": ["Fjord ApS"]},
    "invite": {"email": ["e@example.com"], "role": ["bookkeeper"]},
    "change_member": {"role": ["owner"]},
    "assign": {"company": ["desk"], "to": ["1"], "back": ["q=a"]},
    "close_month": {"month": ["2026-10"]},
    "reopen_month": {"month": ["2026-10"], "reason": ["late"]},
    "api_tokens": {"name": ["Dashboard"], "days": ["90"]},
    "firm_settings": {"company": ["desk"]},
    "firm_settings_preview": {"from": ["desk"], "company": ["desk"], "setting": ["wallet"]},
    "firm_settings_save": {"from": ["desk"], "company": ["desk"], "setting": ["wallet"], "digest-desk": ["0"]},
    "notifications": {"mailed": ["1"]},
    "hook": {"url": ["https://example.com/hook"]},
    "connect_pleo": {"way": ["oauth sandbox"], "organisation": ["new"], "name": ["Bro ApS"]},
    "connect_level": {"level": ["4"]},
    "connect_key": {"key": ["no key"], "company": [""]},
    "connect_erp": {"erp": ["beancount"]},
    "connect_access": {"ledger": ["missing.beancount"], "fava": [""]},
    "connect_company": {"company": ["2"]},
    "connect_settings": {"wallet": ["1081"], "contra": ["1089"], "tags": ["COST"], "later": ["1"]},
    "connect_plan": {"digest-vendors": ["00"]},
    "change_access": {"ledger": ["missing.beancount"], "fava": [""]},
    "reconnect": {"level": ["4"]},
    "settings_clone": {"from": ["desk"]},
    "sync_approve": {"digest": ["00"]},
    "export": {"job": ["job"], "take_over": ["1"]},
}
"""What each page's form sends when all is well."""

QUERIES: Mapping[str, Form] = {
    "connect_callback": {"state": ["x"], "code": ["y"], "error": ["z"]},
    "pleo_settings": {"company_id": ["x"]},
    "connect_pleo": {"environment": ["sandbox"]},
    "account_login": {"next": ["/"]},
    "overview": {"q": ["a"], "state": ["failed"], "erp": ["odoo"], "person": ["none"], "sort": ["oldest"]},
    "audit": {"page": ["2"]},
    "jobs": {"before": ["1750000000000000-1"]},
    "connection_jobs": {"before": ["1750000000000000-1"]},
    "job": {"before": ["1750000000000000-1"], "only": ["mend"]},
    "preview": {"page": ["1"]},
    "api_companies": {"page": ["1"], "status": ["connected"]},
    "firm_month": {"month": ["2026-10"], "state": ["open"], "person": ["1"], "page": ["1"]},
    "firm_month_xlsx": {"month": ["2026-10"]},
    "month_end": {"month": ["2026-10"]},
    "month_end_figures": {"month": ["2026-10"]},
    "month_end_xlsx": {"month": ["2026-10"]},
    "tie_out": PERIOD,
    "tie_out_compared": PERIOD,
    "tie_out_csv": PERIOD,
    "tie_out_xlsx": PERIOD,
}
"""What is asked for after the question mark."""


def settings_fields(settings: Settings) -> Form:
    """The settings form as a browser sends it back unchanged."""
    form = form_of(settings)
    assert isinstance(form, SettingsForm)
    return {name: [str(form[name].value() or "")] for name in form.fields}


FEW = 6
"""Fields of a form that is not long."""


def spoiled(form: Form, values: Sequence[Value] = HOSTILE) -> Iterator[Form]:
    """The form with each field in turn wrong, in each way (long ones: a third of them); then twice, and left out."""
    part = 3 if len(form) > FEW else 1
    for number, name in enumerate(form):
        for value in values[number % part :: part]:
            yield {**form, name: [value]}
        yield {**form, name: ["a", "b"]}
        yield {each: given for each, given in form.items() if each != name}


def encoded(form: Form) -> bytes:
    """As a browser would send it, every byte kept."""
    pairs = [(name, value) for name, values in form.items() for value in values]
    return b"&".join(f"{quoted(name)}={quoted(value)}".encode() for name, value in pairs)


def quoted(value: Value) -> str:
    return quote_from_bytes(value.encode(errors="surrogatepass") if isinstance(value, str) else value)


anything: st.SearchStrategy[Value] = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=60), st.binary(max_size=30), st.integers().map(str), st.dates().map(str)
)
"""A value for a field or a parameter."""


def forms(names: Sequence[str]) -> st.SearchStrategy[Form]:
    """Some of these fields, and some that no one knows, with any values."""
    return st.dictionaries(st.sampled_from([*names, "[]", "\0", "csrfmiddlewaretoken"]), st.lists(anything, max_size=3))


def names_of_all() -> list[str]:
    """Every field's name that a page of ours reads."""
    return sorted({name for form in [*FORMS.values(), *QUERIES.values()] for name in form})


SECRET_TRACES = re.compile(r"Traceback|/site-packages/|Exception at|django\.core", re.ASCII)
"""What no page may show."""
