"""Microsoft Graph resources as they are on the wire, read only: unknown members are skipped, unknown values kept.

Field names follow "subscribedSku", "companySubscription", "user" and "licenseAssignmentState". In a delta a member
may be left out, which is not the same as null; those fields start as `msgspec.UNSET`.
"""

import msgspec
from msgspec import UNSET, UnsetType


class _Resource(msgspec.Struct, kw_only=True, rename="camel"):
    pass


class Units(_Resource):
    enabled: int | None = None
    warning: int | None = None
    suspended: int | None = None
    locked_out: int | None = None


class ServicePlan(_Resource):
    service_plan_id: str | None = None


class SubscribedSku(_Resource):
    sku_id: str | None = None
    sku_part_number: str | None = None
    applies_to: str | None = None
    capability_status: str | None = None
    consumed_units: int | None = None
    prepaid_units: Units | None = None
    service_plans: list[ServicePlan] | None = None


class CompanySubscription(_Resource):
    id: str | None = None
    commerce_subscription_id: str | None = None
    sku_id: str | None = None
    sku_part_number: str | None = None
    status: str | None = None
    total_licenses: int | None = None
    owner_tenant_id: str | None = None
    next_lifecycle_date_time: str | None = None


class AssignmentState(_Resource):
    sku_id: str | None = None
    disabled_plans: list[str] | None = None
    assigned_by_group: str | None = None
    state: str | None = None
    error: str | None = None


class AssignedLicense(_Resource):
    sku_id: str | None = None
    disabled_plans: list[str] | None = None


class Removed(_Resource):
    reason: str | None = None


class User(_Resource):
    id: str | None = None
    user_principal_name: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    mail: str | UnsetType | None = UNSET
    account_enabled: bool | UnsetType | None = UNSET
    user_type: str | UnsetType | None = UNSET
    usage_location: str | UnsetType | None = UNSET
    department: str | UnsetType | None = UNSET
    assigned_licenses: list[AssignedLicense] | UnsetType | None = UNSET
    license_assignment_states: list[AssignmentState] | UnsetType | None = UNSET
    removed: Removed | None = msgspec.field(default=None, name="@removed")


class Page[Item](_Resource):
    value: list[Item]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")


class ErrorDetail(_Resource):
    code: str | None = None
    message: str | None = None


class ErrorBody(_Resource):
    error: ErrorDetail | None = None
