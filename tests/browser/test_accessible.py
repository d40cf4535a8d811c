"""Everyone can use every view: axe-core finds no serious fault, light and dark."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.stage import VIP
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
VIEWS = {
    "/pyramid": "pyramid-chart",
    "/customers?score=value&tier=VIP": "customers-table",
    "/customers?score=value&tier=VIP&view=distribution": "distribution-stats",
    "/customers?score=value&tier=VIP&view=composition": "composition-table",
    f"/customer/{VIP.customer_id}": "indicator-table",
    "/movements": "movements-matrix",
    "/alerts": "alerts-list",
    "/rfm": "rfm-grid",
    "/model": "model-indicators",
    "/health": "health-lag",
}
"""Routes, and a part of each view that is there when it is shown."""


def faults(at: Visitor) -> list[str]:
    """Return what axe-core calls serious or critical, with the places."""
    found: list[dict[str, Any]] = Axe().run(at.page).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {fault['help']}: {node['html'][:160]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("route", VIEWS)
def test_axe_finds_no_serious_fault(visit: Visits, route: str, theme: str) -> None:
    at = visit(route=route, theme=theme)
    expect(at.at(VIEWS[route]).first).to_be_visible()
    assert not faults(at)


def test_axe_sees_a_fault_that_is_put_in(visit: Visits) -> None:
    """Else the tests here would be green on any page."""
    at = visit()
    expect(at.at("pyramid-tier-VIP")).to_be_visible()
    at.page.locator("main").evaluate("e => e.appendChild(document.createElement('button'))")
    assert any("button-name" in fault for fault in faults(at))


def test_axe_finds_no_serious_fault_at_the_door(visit: Visits) -> None:
    at = visit(None)
    expect(at.at("login-form")).to_be_visible()
    assert not faults(at)


def test_the_keyboard_alone_leads_from_the_pyramid_to_the_vips(visit: Visits) -> None:
    """Tab until the tip is reached, then Enter."""
    at = visit()
    expect(at.at("pyramid-tier-VIP")).to_be_visible()
    for _ in range(60):
        at.page.keyboard.press("Tab")
        focused = at.page.evaluate("document.activeElement?.getAttribute('data-testid')")
        if focused == "pyramid-tier-VIP":
            break
    assert focused == "pyramid-tier-VIP"
    at.page.keyboard.press("Enter")
    expect(at.at("customers-table")).to_be_visible()
