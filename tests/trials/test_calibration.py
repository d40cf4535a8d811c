"""Row 18 of the trials: populations with many ties are calibrated as far as they tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import ROOT, valuepulse
from tests.trials.trying import Event, ndjson, sale

PACKAGED = ROOT / "config" / "scoring.yaml"


def one_order_each(n: int) -> list[Event]:
    return [sale(f"{10 + c}.00", customer_id=f"c{c}") for c in range(n)]


@pytest.mark.parametrize("customers", [200, 7])
def test_customers_of_one_order_each_are_calibrated_as_far_as_they_tell(
    customers: int, tmp_path: Path
) -> None:
    text = PACKAGED.read_text("utf-8")
    before = "frequency: {indicator: orders_365d, cut: 4}"
    assert text.count(before) == 1
    model, out = tmp_path / "shop.yaml", tmp_path / "out"
    model.write_text(text.replace(before, before.replace("cut: 4", "cuts: population")), "utf-8")
    events = tmp_path / "events.ndjson"
    events.write_bytes(ndjson(one_order_each(customers)))

    first = valuepulse("replay", events, "--out", out, "--model", model)
    assert first.code == 0
    assert f"Go on with: valuepulse model calibrate {out / 'customers.ndjson'}" in first.err
    part = valuepulse("model", "calibrate", out / "customers.ndjson", "--model", model, "--write")
    assert part.code == 4, part.err
    assert "quintiles of 'orders_365d': it has fewer than four different values; write" in part.err
    assert f"population of {customers} customers" in part.out
    second = valuepulse("replay", events, "--out", out, "--model", model)
    assert second.code == 0
    assert "Its customers did not give that; why, and what to write: valuepulse" in second.err
    assert "Go on with" not in second.err

    mended = model.read_text("utf-8").replace(
        "frequency: {indicator: orders_365d, cuts: population}", before
    )
    model.write_text(mended, "utf-8")
    third = valuepulse("replay", events, "--out", out, "--model", model)
    assert (third.code, third.err.count("calibrate")) == (0, 0), third.err
