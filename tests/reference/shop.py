"""Small models and hand-written events of one customer, for tests that work a rule out by hand."""

import json
from datetime import date
from typing import Any

from tests.reference.days import day_number
from tests.reference.events import Event, parse
from tests.reference.model import Model

JUNE_1 = day_number(date(2024, 6, 1))


def a_model(indicators: dict[str, Any], **sections: Any) -> Model:
    """A model in Shanghai and CNY whose score takes each indicator as it is, 1 being 1 point."""
    terms = [
        {"indicator": name, "weight": 1, "normaliser": {"kind": "linear", "low": 0, "high": 100}}
        for name in indicators
    ]
    tiers = [
        {"name": "ordinary"},
        {"name": "important", "enter_at": 60, "leave_below": 50},
        {"name": "VIP", "enter_at": 80, "leave_below": 75},
    ]
    score = {"groups": [{"name": "all", "weight": 1, "indicators": terms}], "tiers": tiers}
    source = {"timezone": "Asia/Shanghai", "currencies": {"base": "CNY"}, "indicators": indicators}
    return Model(source | {"scores": {"value": score}} | sections)


SPEND = {
    "spend": {"kind": "sum", "add": ["sale_amount"], "subtract": ["refund_amount"]},
}


class Shop:
    """Writes events of one customer as JSON and reads them with the oracle."""

    def __init__(self, model: Model) -> None:
        """Begin with no events."""
        self.model = model
        self.written = 0

    def event(self, event_type: str, at: str | int, **fields: Any) -> Event:
        """An event with the next id, `at` an RFC 3339 time or a day of June 2024 at noon."""
        self.written += 1
        time = f"2024-06-{at:02d}T12:00:00+08:00" if isinstance(at, int) else at
        common = {"type": event_type, "event_id": f"e{self.written}", "customer_id": "c"}
        return parse(json.dumps(common | {"occurred_at": time} | fields), self.model)

    def sale(self, at: str | int, amount: str, **fields: Any) -> Event:
        """A sale."""
        return self.event("transaction", at, amount=amount, **fields)

    def refund(self, at: str | int, amount: str, **fields: Any) -> Event:
        """A refund."""
        return self.event("transaction", at, amount=amount, kind="refund", **fields)
