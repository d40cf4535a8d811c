"""Hypothesis strategies for small scoring models, as the mapping that their YAML loads to."""

from typing import Any

from hypothesis import strategies as st

Section = dict[str, Any]

MONEY = ["sale_amount", "refund_amount", "margin", "costed_net", "payment_amount"]
COUNTS = [
    "orders", "refunds", "payments", "payments_due", "payments_on_time", "days_late",
    "complaints", "complaint_severity", "praise", "praise_rated", "praise_rating",
]  # fmt: skip
MARKS = ["first_transaction", "last_sale", "last_payment", "last_complaint", "last_praise"]
ZONES = [
    "UTC", "Asia/Shanghai", "Europe/London", "America/New_York", "Asia/Kolkata",
    "America/Sao_Paulo", "America/Nuuk", "Pacific/Apia", "Australia/Lord_Howe",
]  # fmt: skip
CURRENCIES = ["CNY", "USD", "JPY", "KWD"]

days = st.sampled_from([1, 2, 3, 7, 30, 180, 365])
windows = st.one_of(
    days,
    st.just("lifetime"),
    st.tuples(st.sampled_from([0, 1, 5, 30]), days).map(lambda edges: [edges[0], sum(edges)]),
)
weights = st.one_of(st.integers(1, 60), st.floats(0.01, 3.0), st.sampled_from([0.1, 0.2, 0.3]))
shares = st.one_of(st.sampled_from([0, 1, 0.5]), st.floats(0, 1))
reals = st.one_of(st.integers(-400, 100_000), st.floats(-50, 500))


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    """One or two names."""
    return st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)


def _indicator_of(unit: list[str]) -> st.SearchStrategy[Section]:
    divisor = some(COUNTS) if unit is COUNTS else some(MONEY) | some(COUNTS)
    nothing: list[str] = []
    subtract = st.just(nothing) | some(unit)
    return st.one_of(
        st.builds(
            lambda a, s, w: {"kind": "sum", "add": a, "subtract": s, "window": w},
            some(unit), subtract, windows,
        ),
        st.builds(
            lambda a, p, w: {"kind": "ratio", "add": a, "per": p, "window": w},
            some(unit), divisor, windows,
        ),
        st.builds(
            lambda a, s, n, p: {
                "kind": "growth", "add": a, "subtract": s, "window": n, "presence": p,
            },
            some(unit), subtract, days, some(COUNTS),
        ),
    )  # fmt: skip


indicators = st.one_of(
    _indicator_of(MONEY),
    _indicator_of(COUNTS),
    st.sampled_from(MARKS).map(lambda mark: {"kind": "days_since", "mark": mark}),
    st.builds(
        lambda a, b, w: {"kind": "share", "add": a, "against": b, "window": w},
        some(COUNTS), some(COUNTS), windows,
    ),
)  # fmt: skip


def _knots(name: str, least: int) -> st.SearchStrategy[Section]:
    xs = st.lists(reals.map(float), min_size=least, max_size=4, unique=True).map(sorted)
    return xs.flatmap(
        lambda x: st.lists(shares, min_size=len(x), max_size=len(x)).map(
            lambda y: [list(knot) for knot in zip(x, y, strict=True)]
        )
    ).map(lambda knots: {"kind": "piecewise" if name == "points" else name, name: knots})


normalisers = st.one_of(
    st.builds(
        lambda low, width: {"kind": "linear", "low": low, "high": low + width},
        reals, st.sampled_from([0.3, 1, 30, 365, 20_000]),
    ),
    st.sampled_from([0.5, 60, 200_000]).map(lambda high: {"kind": "log", "high": high}),
    st.builds(
        lambda middle, scale: {"kind": "logistic", "middle": middle, "scale": scale},
        reals, st.sampled_from([0.1, 1, 30, 5000.5]),
    ),
    _knots("points", 2),
    _knots("steps", 1),
)  # fmt: skip


def terms(name: str) -> st.SearchStrategy[Section]:
    """A term of the named indicator; direction and missing may be left out."""
    return st.fixed_dictionaries(
        {"indicator": st.just(name), "weight": weights, "normaliser": normalisers},
        optional={"direction": st.sampled_from(["more", "less"]), "missing": shares},
    )


@st.composite
def groups(draw: st.DrawFn, names: list[str]) -> list[Section]:
    """Split the indicators into one or two groups, the second perhaps one level deeper."""
    split = draw(st.integers(1, len(names)))
    first = [draw(terms(name)) for name in names[:split]]
    members: list[Section] = [{"name": "first", "weight": draw(weights), "indicators": first}]
    if names[split:]:
        rest = [draw(terms(name)) for name in names[split:]]
        inner: Section = {"name": "rest", "weight": draw(weights), "indicators": rest}
        if draw(st.booleans()):
            inner = {"name": "deep", "weight": draw(weights), "groups": [inner]}
        members.append(inner)
    return members


@st.composite
def tiers(draw: st.DrawFn) -> list[Section]:
    """One to four tiers; the bounds are close, so that scores cross them."""
    bounds = draw(st.lists(st.integers(1, 95), max_size=3, unique=True).map(sorted))
    gaps = st.sampled_from([0, 0.5, 2, 10])
    return [{"name": "lowest"}] + [
        {"name": f"tier_{bound}", "enter_at": bound, "leave_below": bound - draw(gaps)}
        for bound in bounds
    ]


@st.composite
def alerts(draw: st.DrawFn, scores: list[str]) -> dict[str, Section]:
    """Up to two alerts."""
    found = {}
    for name in draw(st.sampled_from([[], ["drop"], ["drop", "fall"]])):
        points = draw(st.sampled_from([0.5, 3, 8.2, 15]))
        found[name] = {
            "kind": "drop",
            "score": draw(st.sampled_from(scores)),
            "points": points,
            "within_days": draw(st.sampled_from([1, 2, 7, 92])),
            "resolve_below": draw(st.sampled_from([points, points / 2, 0.35])),
            "cool_down_days": draw(st.sampled_from([0, 1, 7])),
        }
    return found


@st.composite
def models(draw: st.DrawFn) -> Section:
    """A model with up to five indicators, one or two scores, and everything else that varies."""
    named = {
        f"i{n}": spec for n, spec in enumerate(draw(st.lists(indicators, min_size=1, max_size=5)))
    }
    base = draw(st.sampled_from(["CNY", "CNY", "JPY", "KWD"]))
    rates = {"2000-01-01": "7.10", "2024-03-31": "6.9512345", "2024-12-31": "0.05"}
    scores = {}
    for score in draw(st.sampled_from([["value"], ["value", "risk"]])):
        names = draw(st.permutations(list(named)))
        scores[score] = {"groups": draw(groups(names)), "tiers": draw(tiers())}
    return {
        "model": {"name": "generated", "version": 1},
        "timezone": draw(st.sampled_from(ZONES)),
        "currencies": {"base": base, "rates": {c: rates for c in CURRENCIES if c != base}},
        "dedup": {"ids": draw(st.sampled_from([1024, 1024, 2, 1]))},
        "indicators": named,
        "scores": scores,
        "alerts": draw(alerts(list(scores))),
    }
