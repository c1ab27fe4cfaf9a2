"""What Pleo's documents say of the answers that the client reads: fields and statuses, for each call.

`python -m scripts.documented FOLDER`, with Pleo's `current_*.yaml` in FOLDER, writes `pleo/documented/contract.json`:
names of fields only, for what an answer may show of itself in a report, and what is news when it is seen at run time.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.build import DOCUMENTS, merged, operations, read_yaml

Json = dict[str, Any]

TARGET = Path(__file__).resolve().parent.parent / "src" / "kontobro" / "pleo" / "documented" / "contract.json"
DEEPEST = 12


def documented(folder: Path) -> Json:
    """By call (`GET /v3/export-jobs/{id}`): `statuses`, and `fields` as paths (`data[].status`, `metadata.*`)."""
    whole = merged([read_yaml(folder / name) for name in DOCUMENTS])
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '{id}', path)}": {
            "statuses": sorted(int(status) for status in operation["responses"] if status.isdigit()),
            "fields": sorted(set(_fields_of(operation, whole))),
        }
        for path, method, operation in sorted(operations(whole), key=lambda one: (one[0], one[1]))
    }


def _fields_of(operation: Json, whole: Json) -> Iterator[str]:
    """The fields of a success; `default` is one where no status is named."""
    answers = operation["responses"]
    for status, answer in answers.items():
        if status.startswith("2") or (status == "default" and not any(each.startswith("2") for each in answers)):
            for media in _followed(answer, whole).get("content", {}).values():
                yield from _paths(media.get("schema", {}), "", whole, 0)


def _paths(schema: Json, at: str, whole: Json, depth: int) -> Iterator[str]:
    schema = _followed(schema, whole)
    if depth > DEEPEST:
        return
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _paths(part, at, whole, depth + 1)
    if "items" in schema:
        yield from _paths(schema["items"], f"{at}[]", whole, depth + 1)
    for name, below in schema.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        yield path
        yield from _paths(below, path, whole, depth + 1)
    if schema.get("additionalProperties") or _is_free(schema):
        yield f"{at}.*" if at else "*"
        if isinstance(schema.get("additionalProperties"), dict):
            yield from _paths(schema["additionalProperties"], f"{at}.*", whole, depth + 1)


def _is_free(schema: Json) -> bool:
    """An object of which nothing is said: anything may be in it."""
    return schema.get("type") == "object" and not schema.keys() & {"properties", "allOf", "oneOf", "anyOf"}


def _followed(part: Json, whole: Json) -> Json:
    while "$ref" in part:
        found: Any = whole
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def text_of(folder: Path) -> str:
    return json.dumps(documented(folder), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text_of(Path(sys.argv[1])), encoding="utf-8")
