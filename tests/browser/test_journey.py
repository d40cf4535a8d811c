"""From the pyramid to the customers and back out as CSV, as a manager's day goes."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.stage import COMPANIES, OWNER, RISER, VIP, Stage
from tests.browser.visitor import PHONE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_the_pyramid_counts_every_customer(visit: Visits, theatre: Stage) -> None:
    at = visit()
    told = {tier["tier"]: tier["customers"] for tier in theatre.ask("/api/pyramid")["tiers"]}
    assert sum(told.values()) == COMPANIES
    shown = {tier: at.count(f"pyramid-count-{tier}") for tier in told}
    assert shown == told
    expect(at.page.locator("canvas, svg").first).to_be_visible()


def test_a_click_on_the_tip_leads_to_the_vips(visit: Visits, theatre: Stage) -> None:
    """The table has exactly those who are VIPs, and each row is one of them."""
    at = visit()
    vips = theatre.ask("/api/customers", score="value", tier="VIP", per_page=200)
    at.at("pyramid-tier-VIP").click()
    expect(at.at("customers-table")).to_be_visible()
    expect(at.at("customers-total")).to_have_attribute("data-count", str(vips["total"]))
    rows = at.page.get_by_test_id(re.compile(r"^customer-row-"))
    ids = {str(row.get_attribute("data-testid"))[len("customer-row-") :] for row in rows.all()}
    assert ids
    assert ids <= {row["customer_id"] for row in vips["rows"]}
    expect(at.at(f"customer-row-{VIP.customer_id}")).to_contain_text(VIP.name)


def test_the_tip_s_surface_itself_can_be_clicked(visit: Visits) -> None:
    """Whoever sees a pyramid clicks on it, not on a list beside it."""
    at = visit()
    expect(at.at("pyramid-tier-VIP")).to_be_visible()
    surface = at.at("pyramid-chart").locator("canvas, svg").first
    box = surface.bounding_box()
    assert box is not None
    surface.click(position={"x": box["width"] / 2, "y": box["height"] / 5})
    at.page.wait_for_url(re.compile(r"#/customers\?.*tier=VIP"))


def test_a_click_counts_though_the_chart_is_drawn_anew_between_press_and_release(
    visit: Visits,
) -> None:
    """Hovering lights a band up, which draws the chart again; what is clicked stays the same."""
    at = visit()
    expect(at.at("pyramid-tier-VIP")).to_be_visible()
    box = at.at("pyramid-chart").locator("canvas, svg").first.bounding_box()
    assert box is not None
    mouse = at.page.mouse
    middle, top, bottom = box["x"] + box["width"] / 2, box["y"], box["y"] + box["height"]
    mouse.move(middle, bottom - 10)
    expect(at.page.locator(".tier-row.lit")).to_have_count(1)
    mouse.move(middle, top + box["height"] / 5)
    mouse.down()
    expect(at.at("pyramid-tier-VIP")).to_have_class(re.compile("lit"))
    at.page.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # it draws meanwhile
    mouse.up()
    at.page.wait_for_url(re.compile(r"#/customers\?.*tier=VIP"))


def test_the_export_has_the_rows_of_the_table(visit: Visits, theatre: Stage) -> None:
    """UTF-8 with a byte order mark, so that Excel reads the names."""
    at = visit(route="/customers?score=value&tier=VIP")
    expect(at.at("customers-table")).to_be_visible()
    with at.page.expect_download() as downloading:
        at.at("export-csv").click()
    text = downloading.value.path().read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(text.decode("utf-8-sig").splitlines()))
    vips = theatre.ask("/api/customers", score="value", tier="VIP", per_page=200)
    assert {row["customer_id"] for row in rows} == {row["customer_id"] for row in vips["rows"]}
    assert VIP.name in {row["name"] for row in rows}


def test_the_language_switches_and_is_kept(visit: Visits) -> None:
    at = visit(language="en")
    expect(at.page.locator("html")).to_have_attribute("lang", re.compile("^en"))
    expect(at.at("pyramid-tier-important")).to_contain_text("Important")
    at.at("language-switch").click()
    expect(at.page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    expect(at.at("pyramid-tier-important")).to_contain_text("重要客户")
    at.page.reload()
    expect(at.at("pyramid-tier-important")).to_contain_text("重要客户")


def test_a_browser_that_speaks_chinese_is_answered_in_chinese(visit: Visits) -> None:
    expect(visit(language="zh").at("pyramid-tier-important")).to_contain_text("重要客户")


def test_a_tier_change_arrives_while_one_looks(visit: Visits, theatre: Stage) -> None:
    """The riser buys its way up: the list of changes and the pyramid move without a reload."""
    at = visit()
    before = at.count("pyramid-count-VIP")
    assert theatre.tier_of(RISER.customer_id) == "ordinary"
    expect(at.at("live-state")).to_have_attribute("data-state", "live")
    theatre.play(RISER.customer_id)
    expect(at.at("recent-changes")).to_contain_text(RISER.name, timeout=20_000)
    expect(at.at("pyramid-count-VIP")).to_have_attribute("data-count", str(before + 1))


def test_a_vip_goes_sour_and_its_alert_is_acknowledged(visit: Visits, theatre: Stage) -> None:
    """Complaints and late payments, then the alert, why it is, and who takes care of it."""
    at = visit(route="/alerts")
    theatre.play(VIP.customer_id)
    expect(at.at("alerts-list")).to_contain_text(VIP.name, timeout=20_000)
    alert = next(
        a for a in theatre.ask("/api/alerts", state="open")["alerts"] if a["name"] == VIP.name
    )
    at.at(f"alert-acknowledge-{alert['id']}").click()
    at.at(f"alert-note-{alert['id']}").fill("calling them today")
    at.at(f"alert-confirm-{alert['id']}").click()
    at.at("alerts-state-acknowledged").click()
    expect(at.at(f"alert-{alert['id']}")).to_contain_text("calling them today")
    expect(at.at(f"alert-{alert['id']}")).to_contain_text("admin")
    at.go(f"/customer/{VIP.customer_id}")
    expect(at.at("customer-name")).to_contain_text(VIP.name)
    expect(at.at("why-changed")).to_be_visible()
    expect(at.at("waterfall")).to_be_visible()


def test_nothing_is_shown_without_a_token(visit: Visits) -> None:
    at = visit(None)
    expect(at.at("login-form")).to_be_visible()
    at.at("login-token").fill("not-a-token")
    at.at("login-submit").click()
    expect(at.at("login-error")).to_be_visible()
    expect(at.at("pyramid-chart")).to_have_count(0)


def test_who_logs_out_is_asked_for_a_token_again(visit: Visits) -> None:
    at = visit()
    at.refusals_are_fine = True
    at.at("logout").click()
    expect(at.at("login-form")).to_be_visible()
    at.page.reload()
    expect(at.at("login-form")).to_be_visible()


def test_a_manager_sees_its_own_customers_only(visit: Visits, theatre: Stage) -> None:
    at = visit("manager", "/customers?score=value")
    own = theatre.ask("/api/customers", owner=OWNER)["total"]
    assert 0 < own < COMPANIES
    expect(at.at("customers-total")).to_have_attribute("data-count", str(own))


def test_a_search_finds_a_company_by_a_part_of_its_name(visit: Visits) -> None:
    at = visit(route="/customers?score=value")
    at.at("search").fill(VIP.name[2:6])
    expect(at.at("customers-total")).to_have_attribute("data-count", "1")
    expect(at.at(f"customer-row-{VIP.customer_id}")).to_be_visible()


@pytest.mark.parametrize("route", ["/pyramid", "/customers?score=value&tier=VIP", "/alerts"])
def test_a_phone_needs_no_scrolling_sideways(visit: Visits, route: str) -> None:
    at = visit(route=route, size=PHONE)
    at.page.wait_for_load_state("load")
    assert at.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
