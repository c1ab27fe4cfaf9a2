"""Numbers and days in the format of who looks."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal
from odoo.tools.misc import babel_locale_parse, get_lang


def facts_for(env):
    """How a problem's facts are shown to the person of `env`: days, counts, and amounts with all their decimals."""
    locale = babel_locale_parse(get_lang(env).code)

    def show(fact):
        if isinstance(fact, date):
            return format_date(fact, "medium", locale)
        number = Decimal(fact)
        if not number.is_finite():
            return str(fact)
        decimals = max(0, -int(number.as_tuple().exponent))
        return format_decimal(number, f"#,##0.{'0' * decimals}" if decimals else "#,##0", locale)

    return show


def told_in(problem, env):
    """Message and remedy in the language of the person of `env`."""
    return problem.said(env.lang, facts_for(env))
