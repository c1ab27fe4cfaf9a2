"""How Schemathesis asks the sandbox: which checks, how much, and with which ids."""

from __future__ import annotations

import copy
import json
import re
import sys
from pathlib import Path
from typing import Any

import tomli_w

from contract.known import ENDPOINT, KnownCompany
from pleo_sandbox.company.subscriptions import EVENT_SCOPES

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
"""What is checked, by name; docs/contract.md says what each means and why the others are left out."""

SEED = 20261122
EXAMPLES = 60
"""Requests by random search, for each operation, beside the systematic ones of the coverage phase."""

PROBABILITY = 0.9
"""How often an id is one that exists."""

JOB_PARAMETERS = ("path.jobId", "query.job_id", "body.jobId")
ENTRY_PARAMETERS = ("query.accounting_entry_id", "body.accountingEntryIds[*]", "body.[*].accountingEntryId")
COMPANY_PARAMETERS = ("query.company_id", "query.companyId", "body.companyId", "path.companyId")

STOCK_PARAMETERS = {
    "groups": ("path.groupId", "query.tag_group_id", "query.tag_group_ids", "body.tagGroupIds[*]"),
    "dimensions": ("path.dimensionId",),
    "tags": ("path.tagId", "body.tagIds[*]"),
    "tax_codes": ("path.taxCodeId", "body.taxCodeIds[*]"),
    "accounts": ("path.accountId",),
    "vendors": ("path.id",),
}
DELETING = {
    "/v0/tag-groups/{groupId}": ("groups", "path.groupId"),
    "/v0/tag-groups/{groupId}/dimensions/{dimensionId}": ("dimensions", "path.dimensionId"),
    "/v0/tags": ("tags", "body.tagIds[*]"),
    "/v0/tags/{tagId}": ("tags", "path.tagId"),
    "/v0/tax-codes/{taxCodeId}": ("tax_codes", "path.taxCodeId"),
    "/v1/chart-of-accounts/{accountId}": ("accounts", "path.accountId"),
    "/v1/subscriptions/{id}": ("subscriptions", "path.id"),
}
"""What a DELETE takes away, so that other calls still find theirs: kind and parameter, by path."""
SUBSCRIPTION = re.escape("/v1/subscriptions/{id}")
"""Its `{id}` has the same name as that of a vendor: bound by operation, the DELETE aside."""
CURRENCIES = ["DKK", "EUR", "SEK"]
TEXTS = [f"N{number}" for number in range(500)]
"""Codes and names: the sandbox refuses blank ones, which are most of what a random search comes up with."""


def binding(name: str) -> dict[str, Any]:
    return {"dictionary": name, "probability": PROBABILITY}


def configuration(known: KnownCompany) -> dict[str, Any]:
    """Schemathesis' own settings: steady, and with ids that exist."""
    ids = {
        "jobs": (list(known.jobs), JOB_PARAMETERS),
        "entries": (list(known.entries), ENTRY_PARAMETERS),
        "companies": ([known.company.id], COMPANY_PARAMETERS),
        "organizations": ([str(known.company.organization_id)], ("query.organization_id",)),
        "employees": ([str(employee["id"]) for employee in known.company.employees], ("path.employeeId",)),
        "currencies": (CURRENCIES, ("body.defaultCurrency",)),
        "endpoints": ([ENDPOINT], ("body.endpointUrl",)),
        "events": (sorted(EVENT_SCOPES), ("body.eventTypes[*]", "query.event_types")),
        "subscriptions": (known.stock["subscriptions"], ()),
        "texts": (TEXTS, ("body.code", "body.name")),
        **{kind: (known.stock[kind], keys) for kind, keys in STOCK_PARAMETERS.items()},
    }
    used = {name: (values, keys) for name, (values, keys) in ids.items() if values}
    bindings = {key: binding(name) for name, (_, keys) in used.items() for key in keys}
    dictionaries = {name: values for name, (values, _) in used.items()}
    dictionaries |= {f"spare_{kind}": known.spare[kind] for kind, _ in DELETING.values()}
    return {
        "seed": SEED,
        "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
        "phases": {"stateful": {"enabled": False}, "fuzzing": {"extra-data-sources": {"responses": False}}},
        "warnings": {"fail-on": ["missing_auth"]},
        "dictionaries": {name: {"values": values} for name, values in dictionaries.items()},
        "parameters": bindings,
        "operations": [
            {"include-name": f"DELETE {path}", "parameters": bindings | {key: binding(f"spare_{kind}")}}
            for path, (kind, key) in DELETING.items()
        ]
        + [
            {
                "include-name-regex": f"^(GET|PUT) {SUBSCRIPTION}",
                "parameters": bindings | {"path.id": binding("subscriptions")},
            }
        ],
    }


def with_example(document: dict[str, Any]) -> dict[str, Any]:
    """The document with an example that the sandbox takes: random lists of events have twins or unknown ones."""
    whole = copy.deepcopy(document)
    for media in whole["paths"]["/v1/subscriptions"]["post"]["requestBody"]["content"].values():
        media["example"] = {"endpointUrl": ENDPOINT, "eventTypes": [min(EVENT_SCOPES)]}
    return whole


def command(folder: Path, document: dict[str, Any], url: str, known: KnownCompany, only: list[str]) -> list[str]:
    """The command line of one run, which reads two files in `folder` and writes `report.json` there.

    `only`: Schemathesis' options that choose operations.
    """
    (folder / "contract.json").write_text(json.dumps(with_example(document)), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(tomli_w.dumps(configuration(known)), encoding="utf-8")
    return [
        *(str(Path(sys.executable).with_name("schemathesis")), "--no-color"),
        *("--config-file", str(folder / "schemathesis.toml")),
        *("run", str(folder / "contract.json"), "--url", url, "--auth", f"{known.key}:"),
        *("--checks", ",".join(CHECKS), "--continue-on-failure"),
        *("--report-json-path", str(folder / "report.json")),
        *only,
    ]


def never_accepted(report: dict[str, Any]) -> list[str]:
    """The operations that no request got to succeed: their answers were only ever checked as refusals."""
    return sorted(
        operation
        for operation, phases in report["valid_rates"].items()
        if not sum(phase["accepted"] for phase in phases.values())
    )
