"""Companies v1 and employees v2 (api.md G, J)."""

from __future__ import annotations

from starlette.responses import Response

from pleo_sandbox import paging
from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json, SandboxCompany
from pleo_sandbox.wire import reply


def _company(company: SandboxCompany) -> Json:
    shown: Json = {"id": company.id, "name": company.name, "address": {"country": company.country}}
    optional = {"organizationId": company.organization_id, "registrationNumber": company.registration_number}
    return shown | {name: value for name, value in optional.items() if value is not None}


def list_companies(call: Call) -> Response:
    call.only("organization_id", paged=True)
    wanted = call.window()
    organization = checks.query_uuid(call.query, "organization_id")
    if organization is not None and organization != call.organization:
        raise forbidden(f"no access to organisation {organization}")
    companies = list(call.sandbox.exports.companies.values())
    return reply(paging.page(companies, wanted, _company, keep=lambda company: call.may_see(company.id)))


def get_company(call: Call) -> Response:
    call.only()
    company_id = call.path_uuid("companyId")
    if company_id not in call.sandbox.exports.companies:
        raise PleoError(404, "COMPANY_NOT_FOUND", f"company {company_id} does not exist")
    return reply({"data": _company(call.sandbox.exports.companies[call.company(company_id)])})


def list_employees(call: Call) -> Response:
    """`companyId` is spelt so here alone (api.md A5)."""
    call.only("companyId", "email", "code", paged=True)
    wanted = call.window()
    company_id = call.company(checks.query_uuid(call.query, "companyId"))
    filters = {name: checks.single(call.query, name) for name in ("email", "code")}

    def keep(employee: Json) -> bool:
        return all(value is None or employee.get(name) == value for name, value in filters.items())

    employees = call.sandbox.exports.companies[company_id].employees
    return reply(paging.page(employees, wanted, lambda employee: employee, keep=keep))


def get_employee(call: Call) -> Response:
    call.only()
    employee_id = call.path_uuid("employeeId")
    for company in call.sandbox.exports.companies.values():
        for employee in company.employees:
            if employee["id"] == employee_id:
                call.company(company.id)
                return reply({"data": employee})
    raise PleoError(404, "EMPLOYEE_NOT_FOUND", f"employee {employee_id} does not exist")


OPERATIONS = (
    Operation("GET", "/v1/companies", list_companies, "companies:read"),
    Operation("GET", "/v1/companies/{companyId}", get_company, "companies:read"),
    Operation("GET", "/v2/employees", list_employees, "users:read"),
    Operation("GET", "/v2/employees/{employeeId}", get_employee, "users:read"),
)
