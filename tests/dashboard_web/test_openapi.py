"""OpenAPI: whatever it allows, and what it does not, no request makes the server fail."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from streams.dashboard.access import Access
from streams.dashboard.app import create_app
from tests.dashboard_web.server import Served

KEPT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
"""What each answer must keep: no 5xx, and what OpenAPI says of status, type and body."""

pytestmark = pytest.mark.slow
ENDLESS = "/api/stream"
NO_PARTS: Any = None
TAKES = {"parameters", "requestBody"}


def operations() -> list[Any]:
    """Return all operations; to describe them nothing of a dashboard is needed."""
    told = create_app(NO_PARTS, Access(None)).openapi()
    found: Any = schemathesis.openapi.from_dict(told).get_all_operations()
    return [each.ok() for each in found]


def asked_for() -> list[Any]:
    """Return operations with requests that they allow, and with others, if there can be any."""
    return [
        pytest.param(operation, mode, id=f"{operation.label}-{mode.value}")
        for operation in operations()
        for mode in GenerationMode
        if operation.path != ENDLESS
        and (mode is GenerationMode.POSITIVE or operation.definition.raw.keys() & TAKES)
    ]


@pytest.mark.parametrize(("operation", "mode"), asked_for())
def test_no_request_makes_the_server_fail(
    dashboard: Served, operation: Any, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {dashboard.tokens['admin']}"}

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def asked(case: Any) -> None:
        answer = case.call(base_url=dashboard.url, headers=headers, timeout=20)
        case.validate_response(answer, checks=KEPT)

    asked()


def test_every_route_is_documented_with_its_refusals() -> None:
    for operation in operations():
        told = operation.definition.raw
        assert told["description"], operation.label
        if operation.path.startswith("/api"):
            assert {"401", "403", "404", "422", "429"} <= told["responses"].keys()
