"""A plan as one self-contained page for a colleague: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from html import escape

from kontobro.sync.shown import ACTIONS, ChangeRow, Field, Shown, word_for

_STYLE = """
:root { color-scheme: light dark; --line: #767676; --soft: #f3f3f3; --bad: #a40000; }
@media (prefers-color-scheme: dark) { :root { --soft: #262626; --bad: #ff9c9c; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--soft); }
td, tbody th { overflow-wrap: anywhere; }
tbody th { font-weight: normal; }
dl { margin: 0; }
dt { float: left; clear: left; margin-right: .4rem; }
dd { margin: 0; }
del { text-decoration: line-through; } ins { text-decoration: none; font-weight: bold; }
.refused { border-left: .3rem solid var(--bad); padding-left: .8rem; }
.scroll { overflow-x: auto; }
"""


def page(plans: Sequence[Shown], company: str, erp: str, now: dt.datetime) -> str:
    """The whole page. `now` is aware; the page says when the plan was made, in UTC."""
    made = now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    body = "\n".join(part for plan in plans for part in _plan(plan)) or "<p>Nothing is switched on.</p>"
    title = f"What would change in Pleo: {company}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>From the accounting system ({escape(erp)}), seen on <time datetime="{now.isoformat()}">{made}</time>.
Nothing has been changed yet.</p>
{body}
</main>
</body>
</html>
"""


def _plan(plan: Shown) -> Iterator[str]:
    name = escape(plan.kind)
    yield f'<section aria-labelledby="{name}">'
    yield f'<h2 id="{name}">{name.replace("-", " ").capitalize()}</h2>'
    if plan.refused:
        yield f'<p class="refused" role="note">{escape(plan.refused.message)} {escape(plan.refused.remedy)}</p>'
    if not plan.rows:
        yield "<p>Nothing to change.</p>" if plan.waiting or plan.problems else "<p>In sync: nothing to change.</p>"
    for action in plan.counts:
        yield from _table(_caption(action, plan.counts[action]), [row for row in plan.rows if row.action == action])
    if plan.waiting:
        yield from _table(f"Needs a decision: {len(plan.waiting)}", plan.waiting)
    if plan.problems:
        yield "<h3>Needs attention</h3><ul>"
        yield from (f"<li>{escape(problem.message)} {escape(problem.remedy)}</li>" for problem in plan.problems)
        yield "</ul>"
    if plan.possible:
        yield f"<p>To apply exactly this: <code>kontobro sync apply {name} --digest {escape(plan.digest)}</code></p>"
    yield "</section>"


def _caption(action: str, count: int) -> str:
    meaning = ACTIONS.get(action, "")
    return f"{action.replace('_', ' ').capitalize()}: {count:,}" + (f" (each {meaning})" if meaning else "")


def _table(caption: str, rows: Sequence[ChangeRow]) -> Iterator[str]:
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
    yield f"<table><caption>{escape(caption)}</caption>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Code", "Name", "What changes"))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    yield from map(_row, rows)
    yield "</tbody></table></div>"


def _row(row: ChangeRow) -> str:
    name = f"{row.name} (of {row.parent})" if row.parent else row.name
    cells = f"<td>{escape(name)}</td><td>{_fields(row.fields) or escape(row.why)}</td>"
    return f'<tr><th scope="row">{escape(row.code) or "no code"}</th>{cells}</tr>'


def _fields(fields: Sequence[Field]) -> str:
    changed = "".join(
        f"<dt>{escape(word_for(name))}:</dt><dd>{_change(before, after)}</dd>" for name, before, after in fields
    )
    return f"<dl>{changed}</dl>" if changed else ""


def _change(before: str, after: str) -> str:
    """Before and after, in words too: a screen reader need not say what is struck out."""
    new = f"<ins>{escape(after)}</ins>" if after else "nothing"
    return f"<del>{escape(before)}</del> becomes {new}" if before else new
