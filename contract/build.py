"""Merge Pleo's documents and our overlay into one OpenAPI document.

`python -m contract.build FOLDER > contract.json`, where FOLDER holds Pleo's `current_*.yaml`.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

OVERLAY = Path(__file__).with_name("overlay.yaml")
DOCUMENTS = (
    "current_pleo_export_v3.yaml",
    "current_pleo_marketplace_v1.yaml",
    "current_pleo_companies_v1_employees_v2.yaml",
    "current_pleo_tags_taxcodes_v0.yaml",
    "current_pleo_chart_of_accounts_v1.yaml",
    "current_pleo_vendors_v1.yaml",
    "current_pleo_webhook_subscriptions_v1.yaml",
)
"""Those whose calls the sandbox answers. A later issue adds its own here."""
LEFT_OUT = {
    "/v1/vendors/csv-import/": "hidden from Pleo's public documents (x-exclude), so neither sandbox nor client has it"
}
"""Paths that begin so are no part of the contract, and why."""
METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def read_yaml(path: Path) -> Document:
    """One of Pleo's documents, without the paths that are left out."""
    document: Document = yaml.safe_load(path.read_text(encoding="utf-8"))
    paths = document.get("paths", {})
    for name in [name for name in paths if name.startswith(tuple(LEFT_OUT))]:
        del paths[name]
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Every operation as path, method, body."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def merged(documents: list[Document]) -> Document:
    """One document of several. ValueError when two of them mean different things by one name."""
    whole = copy.deepcopy(documents[0])
    for document in documents[1:]:
        join(whole["paths"], document["paths"], "path")
        for section, parts in document["components"].items():
            join(whole["components"].setdefault(section, {}), parts, section)
    whole["info"] = {"title": "Pleo, as the sandbox answers it", "version": documents[0]["info"]["version"]}
    return whole


def join(into: Document, parts: Mapping[str, Any], what: str) -> None:
    """Add the parts; the same name twice must be the same thing."""
    for name, part in parts.items():
        if into.setdefault(name, copy.deepcopy(part)) != part:
            raise ValueError(f"Pleo's documents disagree about {what} {name}: merge them by hand")


def general_answers(overlay: Document) -> Document:
    """The overlay's answers, status -> answer. ValueError when it does anything else than add answers."""
    (action,) = overlay["actions"]
    if action["target"] != "$.paths.*.*.responses" or set(action) != {"target", "description", "update"}:
        raise ValueError("contract/overlay.yaml: its only action adds answers to $.paths.*.*.responses")
    answers: Document = action["update"]
    return answers


def with_general_answers(document: Document, overlay: Document) -> Document:
    """The document with each answer added to every operation that lists none under its status."""
    whole = copy.deepcopy(document)
    for _path, _method, operation in operations(whole):
        for status, answer in general_answers(overlay).items():
            operation["responses"].setdefault(status, copy.deepcopy(answer))
    return whole


def build(folder: Path) -> Document:
    """The whole contract, from the folder of Pleo's documents."""
    documents = [read_yaml(folder / name) for name in DOCUMENTS]
    return with_general_answers(merged(documents), read_yaml(OVERLAY))


if __name__ == "__main__":
    json.dump(build(Path(sys.argv[1])), sys.stdout, indent=1)
