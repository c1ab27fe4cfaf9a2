"""HTML from text: everything is escaped but what is Html already."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from starlette.responses import HTMLResponse

# No script at all, nothing from elsewhere. No form-action: browsers hold redirects to it, and consent ends in one.
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


NOTHING = Html("")


def escape(value: object) -> Html:
    return value if isinstance(value, Html) else Html(html.escape("" if value is None else str(value)))


def fill(template: str, **values: object) -> Html:
    """The template with its `{names}` replaced, each escaped."""
    return Html(template.format_map({name: escape(value) for name, value in values.items()}))


def join(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def link(address: str, text: object, **attributes: str) -> Html:
    """A link; one whose address is not http(s) or of this site is shown as text."""
    if not address.startswith(("http://", "https://", "/")):
        return escape(text)
    more = join(fill(' {name}="{value}"', name=name, value=value) for name, value in attributes.items())
    return fill('<a href="{address}"{more}>{text}</a>', address=address, more=more, text=text)


def table(id_: str, heads: Iterable[str], rows: Iterable[Html]) -> Html:
    head = join(fill('<th scope="col"{mark}>{name}</th>', name=name, mark=_mark(name)) for name in heads)
    template = '<div class="scroll"><table id="{id}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return fill(template, id=id_, head=head, rows=join(rows))


def _mark(head: str) -> Html:
    return Html(' class="number"') if head in ("Amount", "Expenses") else NOTHING


def options(choices: Mapping[str, str], chosen: str = "") -> Html:
    """Options of a select: value → what is shown."""
    return join(
        fill(
            '<option value="{value}"{mark}>{text}</option>',
            value=value,
            mark=Html(" selected" if value == chosen else ""),
            text=text,
        )
        for value, text in choices.items()
    )


def badge(state: str) -> Html:
    return fill('<span class="badge" data-status="{key}">{text}</span>', key=state.replace(" ", "-"), text=state)


def page(title: str, content: Html, *, trail: Html = NOTHING, notice: str = "", status: int = 200) -> HTMLResponse:
    """A whole page. `trail` are the links of the company, `notice` says what was just done."""
    shown = fill('<p id="notice" role="status" class="notice">{notice}</p>', notice=notice) if notice else NOTHING
    return HTMLResponse(fill(_SHELL, title=title, trail=trail, notice=shown, content=content), status, HEADERS)


_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Pleo in a box</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header><a class="brand" href="/">Pleo in a box</a>{trail}</header>
<main id="content" tabindex="-1">
<h1>{title}</h1>
{notice}{content}
</main>
<footer>An imitation for trying things out. Nothing here is real, and nothing is sent to Pleo.</footer>
</body>
</html>
"""
