"""Indicators of a customer's facts as of a day (§4, §10, §11)."""

from collections.abc import Iterator, Mapping
from typing import Any

from scoring.clv.value import present_value, probability_alive, purchases
from tests.reference.events import COSTS
from tests.reference.facts import LIFETIME, OVERDUE, Attribute, Facts, Window
from tests.reference.model import Model

MONEY = {
    "sale_amount", "refund_amount", "margin", "costed_net", "payment_amount",
    "unsplit_costs", *COSTS.values(), "billed", "unmatched_due", "unmatched_paid", "invoice_rest",
    "cash_paid", "cash_refunds",
}  # fmt: skip

Indicators = dict[str, float | None]

CHANGING_DAILY = {"days_since", "distinct", "attribute", "overdue_days", "expected_sales", "clv"}
"""Kinds that may differ from day to day without any bucket entering or leaving a window."""


def window_of(spec: Any) -> Window:
    """Read `window:` of an indicator: days, [from, to], `overdue`, `lifetime` or absent."""
    if spec is None or spec == "lifetime":
        return LIFETIME
    if spec == "overdue":
        return OVERDUE
    if isinstance(spec, int):
        return 0, spec
    return spec[0], spec[1]


def windows_of(spec: Mapping[str, Any]) -> Iterator[Window]:
    """Yield the windows of buckets that an indicator reads."""
    match spec["kind"]:
        case "growth":
            n = spec["window"]
            yield from [(0, n), (n, 2 * n), (0, 2 * n)]
        case "arrears":
            yield from [OVERDUE, LIFETIME]
        case "arrears_rate":
            yield from [OVERDUE, LIFETIME, window_of(spec.get("window"))]
        case "overdue_days":
            yield OVERDUE
        case _:
            yield window_of(spec.get("window"))


def indicators_of(model: Model, facts: Facts, as_of: int) -> Indicators:
    """Compute all indicators of a model."""
    return {
        name: indicator_of(spec, facts, as_of, model) for name, spec in model.indicators.items()
    }


def indicator_of(spec: Mapping[str, Any], facts: Facts, as_of: int, model: Model) -> float | None:
    """Compute one indicator."""
    value: float | None
    unit = model.unit
    match spec["kind"]:
        case "clv":
            value = lifetime_of(spec, facts, as_of, model)
        case "sum" | "share" | "ratio" | "growth" | "per_attribute" | "expected_sales":
            value = _Sums(spec, facts, as_of, unit).value()
        case "largest":
            largest = facts.largest_of(spec["measure"], window_of(spec.get("window")), as_of)
            value = None if not largest else float(largest) / float(unit)
        case "days_since":
            mark = facts.marks.get(spec["mark"])
            value = None if mark is None else float(as_of - mark)
        case "distinct":
            start, end = window_of(spec.get("window"))
            value = float(sum(start <= as_of - day < end for day in facts.lines.values()))
        case "cycle":
            value = _cycle(facts, as_of)
        case "attribute":
            attribute = facts.attributes.get(spec["attribute"])
            value = None if attribute is None else _of_attribute(spec, attribute, as_of)
        case "arrears" | "arrears_rate":
            value = _arrears(spec, facts, as_of, unit)
        case "overdue_days":
            count = facts.sum_of(["open_invoices"], OVERDUE, as_of)
            due_days = facts.sum_of(["open_due_days"], OVERDUE, as_of)
            value = float(as_of) - float(due_days) / float(count) if count > 0 else None
        case _:
            raise ValueError(f"indicator kind {spec['kind']!r} is not in §4")
    return value


def lifetime_of(spec: Mapping[str, Any], facts: Facts, as_of: int, model: Model) -> float | None:
    """Count what the formulas of docs/clv.md ask for, and ask scoring.clv.

    The one exception to sharing no code: the formulas themselves are compared with 60 digits in
    tests/scoring/clv; here it is which orders, days and amounts they are given.
    """
    orders = facts.sum_of(["orders"], LIFETIME, as_of)
    first, last = facts.marks.get("first_sale"), facts.marks.get("last_sale")
    if orders < 1 or first is None or last is None:
        return None
    parameters = model.lifetime
    age, horizon = as_of - first, spec.get("horizon_days", 360)
    if spec["of"] == "alive":
        return probability_alive(parameters, orders, last - first, age)
    if spec["of"] == "purchases":
        return purchases(parameters, orders, last - first, age, float(horizon))
    net = facts.sum_of(["sale_amount"], LIFETIME, as_of)
    net -= facts.sum_of(["refund_amount"], LIFETIME, as_of)
    if net <= 0:
        return 0.0
    mean = float(net) / float(model.unit) / float(orders)
    return present_value(parameters, orders, last - first, age, mean, horizon // 30)


def _written(text: str) -> float | None:
    """Return the number that a text is, as a decimal or with an exponent; at most 10^15."""
    if not set(text.strip()) <= set("0123456789+-.eE"):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= 1e15 else None


def number_of(attribute: Attribute, values: Mapping[str, float]) -> float | None:
    """Return the number that an attribute's value stands for."""
    value = attribute.value
    if isinstance(value, str):
        listed = values.get(value)
        return _written(value) if listed is None else float(listed)
    return None if value is None else float(value)


def _of_attribute(spec: Mapping[str, Any], attribute: Attribute, as_of: int) -> float | None:
    age = as_of - attribute.day
    expires = spec.get("expires_days")
    v = number_of(attribute, spec.get("values") or {})
    if v is None or (expires is not None and age >= expires):
        return None
    fade = spec.get("fade")
    if fade is None:
        return v
    to = float(fade["to"])
    return v + (to - v) * min(1.0, float(age) / float(fade["days"]))


def _cycle(facts: Facts, as_of: int) -> float | None:
    orders = facts.sum_of(["orders"], LIFETIME, as_of)
    first, last = facts.marks.get("first_sale"), facts.marks.get("last_sale")
    if orders < 2 or first is None or last is None:
        return None
    return float(last - first) / float(orders - 1)


def _arrears(spec: Mapping[str, Any], facts: Facts, as_of: int, unit: int) -> float | None:
    def ever(measure: str) -> int:
        return facts.sum_of([measure], LIFETIME, as_of)

    due = facts.sum_of(["unmatched_due"], OVERDUE, as_of)
    cash_sold = ever("sale_amount") - ever("billed")
    paid = ever("unmatched_paid") + max(0, ever("cash_paid") - cash_sold)
    paid += max(0, ever("cash_refunds") - cash_sold)
    overdue = facts.sum_of(["invoice_rest"], OVERDUE, as_of) + max(0, due - paid)
    if spec["kind"] == "arrears":
        return float(overdue) / float(unit)
    billed = facts.sum_of(["billed"], window_of(spec.get("window")), as_of)
    return float(overdue) / float(billed) if billed > 0 else None


class _Sums:
    """An indicator that adds and divides sums."""

    def __init__(self, spec: Mapping[str, Any], facts: Facts, as_of: int, unit: int) -> None:
        self.spec = spec
        self.facts = facts
        self.as_of = as_of
        self.unit = unit

    def value(self) -> float | None:
        if self.spec["kind"] == "growth":
            return self._growth()
        window = window_of(self.spec.get("window"))
        a = self._total("add", window) - self._total("subtract", window)
        major = float(a) / float(self._scale("add"))
        match self.spec["kind"]:
            case "sum":
                return major
            case "share":
                return float(a + 1) / float(a + self._total("against", window) + 2)
            case "ratio":
                return self._ratio(a, self._total("per", window))
            case "per_attribute":
                attribute = self.facts.attributes.get(self.spec["attribute"])
                b = None if attribute is None else number_of(attribute, {})
                return None if b is None or b <= 0 or a < 0 else major / b
            case "expected_sales":
                return self._expected(major, window[1])
        raise ValueError(f"indicator kind {self.spec['kind']!r} adds no sums")

    def _total(self, field: str, window: Window) -> int:
        return self.facts.sum_of(self.spec.get(field, ()), window, self.as_of)

    def _scale(self, field: str) -> int:
        return self.unit if set(self.spec[field]) & MONEY else 1

    def _growth(self) -> float | None:
        n = self.spec["window"]
        if self._total("presence", (0, 2 * n)) == 0:
            return None
        now = self._total("add", (0, n)) - self._total("subtract", (0, n))
        then = self._total("add", (n, 2 * n)) - self._total("subtract", (n, 2 * n))
        least = self._scale("add")
        if then < 0 and not self.spec.get("losses"):
            return None if now >= 0 else float(now) / float(least)
        return float(now - then) / float(max(then, least))

    def _ratio(self, a: int, b: int) -> float | None:
        if b <= 0:
            stated = self.spec.get("without_base")
            return None if stated is None or (a, b) == (0, 0) else float(stated)
        is_price = self._scale("add") > 1 and self._scale("per") == 1
        return (float(a) / float(self.unit) if is_price else float(a)) / float(b)

    def _expected(self, major: float, n: float) -> float | None:
        first = self.facts.marks.get("first_sale")
        if first is None:
            return None
        observed = min(n, self.as_of - first + 1)
        return major / float(observed) * float(self.spec["horizon_days"])
