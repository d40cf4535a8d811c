"""Hypothesis strategies for small scoring models, as the mapping that their YAML loads to."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.strategies import TIERS

Section = dict[str, Any]

COSTS = ["production_costs", "logistics_costs", "service_costs", "marketing_costs"]
MONEY = [
    "sale_amount", "refund_amount", "margin", "costed_net", "payment_amount",
    "unsplit_costs", *COSTS, "after_sales_costs",
    "billed", "unmatched_due", "unmatched_paid", "invoice_rest",
]  # fmt: skip
COUNTS = [
    "orders", "refunds", "payments", "payments_due", "payments_on_time", "days_late",
    "complaints", "complaint_severity", "praise", "praise_rated", "praise_rating",
    "suggestions", "promoters", "passives", "detractors", "csat", "csat_points",
    "inquiries", "tasks", "processes", "referrals", "renewals", "contracts",
    "open_invoices", "open_due_days", "collections", "collection_days",
]  # fmt: skip
OFTEN = [
    "sale_amount", "margin", "costed_net", "payment_amount", "billed", "unmatched_paid",
    "orders", "payments", "payments_due", "payments_on_time", "open_invoices", "collection_days",
]  # fmt: skip
MARKS = [
    "first_transaction", "last_sale", "last_payment", "last_complaint", "last_praise",
    "first_sale", "last_feedback", "last_engagement",
]  # fmt: skip
TEXTS = {"region": ["north", "south"], "industry": ["retail", "东"]}
"""Attributes that are text, with texts that profiles say of them."""
NUMBERS = ["annual_sales", "size", "size", "rating", "listed", "nps", "csat"]
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
some_days = st.sampled_from([0, 1, 5, 30])
raws = st.sampled_from([0, 0.5, 1, 2, 5, 30, 100, 1000]) | st.floats(0, 500)
"""About as large as indicators are."""
reals = st.one_of(st.integers(-400, 100_000), st.floats(-50, 500))


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    """One or two names, most often of measures that most events add to."""
    often = [name for name in names if name in OFTEN]
    return st.lists(st.sampled_from(names + 4 * often), min_size=1, max_size=2, unique=True)


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


CLVS = [
    {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "p": 6.25, "q": 3.74, "v": 15.44},
    {"r": 1.5, "alpha": 9.0, "a": 1.0, "b": 4.0, "p": 2.0, "q": 5.0, "v": 900.0, "unit_days": 1},
]
_fades = st.fixed_dictionaries({"to": raws, "days": st.sampled_from([1, 7, 90])})
_attributes = st.one_of(
    st.sampled_from(NUMBERS).map(lambda name: {"attribute": name}),
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda name: st.fixed_dictionaries(
            {
                "attribute": st.just(name),
                "values": st.dictionaries(st.sampled_from(TEXTS[name]), raws, min_size=1),
            }
        )
    ),
)


def _with(kind: str, strategy: st.SearchStrategy[Section]) -> st.SearchStrategy[Section]:
    return strategy.map(lambda fields: {"kind": kind} | fields)


_of_invoices_and_attributes = st.one_of(
    st.sampled_from(["arrears", "overdue_days"]).map(lambda kind: {"kind": kind}),
    _with(
        "clv",
        st.fixed_dictionaries(
            {"of": st.sampled_from(["alive", "purchases", "value"])},
            optional={"horizon_days": st.sampled_from([30, 100, 365])},
        ),
    ),
    _with("arrears_rate", st.fixed_dictionaries({"window": windows})),
    _with(
        "attribute",
        st.builds(
            lambda attribute, rest: attribute | rest,
            _attributes,
            st.fixed_dictionaries(
                {}, optional={"fade": _fades, "expires_days": st.sampled_from([1, 30, 400])}
            ),
        ),
    ),
    st.builds(
        lambda a, s, w, name: {
            "kind": "per_attribute", "add": a, "subtract": s, "window": w, "attribute": name,
        },
        some(MONEY), st.just([]) | some(MONEY), windows, st.sampled_from(NUMBERS),
    ),
)  # fmt: skip
_of_sales = st.one_of(
    _with(
        "largest",
        st.fixed_dictionaries(
            {"measure": st.sampled_from(["largest_order", "largest_payment"]), "window": windows}
        ),
    ),
    _with("distinct", st.fixed_dictionaries({"window": days | st.just("lifetime")})),
    st.just({"kind": "cycle"}),
    st.builds(
        lambda a, s, n, h: {
            "kind": "expected_sales", "add": a, "subtract": s, "window": n, "horizon_days": h,
        },
        some(MONEY), st.just([]) | some(MONEY), days, st.sampled_from([30, 365]),
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
    _of_sales,
    _of_invoices_and_attributes,
    _of_invoices_and_attributes,
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


def clips() -> st.SearchStrategy[Section]:
    """Bounds of a raw value: either or both."""
    two = st.lists(raws, min_size=2, max_size=2, unique=True).map(sorted)
    both = two.map(lambda b: {"low": b[0], "high": b[1]})
    return both | raws.map(lambda low: {"low": low}) | raws.map(lambda high: {"high": high})


def fills(names: list[str]) -> st.SearchStrategy[Section]:
    """What fills a missing value; a regression takes another indicator."""
    kinds = ["mean", "median"] + (["regression"] if len(names) > 1 else [])
    peers = {
        "fill": st.just("peers"),
        "by": st.sampled_from(sorted(TEXTS)),
        "of": st.sampled_from(["mean", "median"]),
    }
    return st.one_of(
        raws.map(lambda value: {"fill": "constant", "value": value}),
        st.sampled_from(kinds).map(lambda kind: {"fill": kind}),
        st.fixed_dictionaries(peers),
    )


def terms(name: str, names: list[str]) -> st.SearchStrategy[Section]:
    """A term of the named indicator; direction, clip and missing may be left out."""
    return st.fixed_dictionaries(
        {"indicator": st.just(name), "weight": weights, "normaliser": normalisers},
        optional={
            "direction": st.sampled_from(["more", "less"]),
            "missing": st.one_of(shares, st.just("leave_out"), fills(names)),
            "clip": clips(),
        },
    )


@st.composite
def groups(draw: st.DrawFn, names: list[str]) -> list[Section]:
    """Split the indicators into one or two groups, the second perhaps one level deeper."""
    split = draw(st.integers(1, len(names)))
    first = [draw(terms(name, names)) for name in names[:split]]
    members: list[Section] = [{"name": "first", "weight": draw(weights), "indicators": first}]
    if names[split:]:
        rest = [draw(terms(name, names)) for name in names[split:]]
        inner: Section = {"name": "rest", "weight": draw(weights), "indicators": rest}
        if draw(st.booleans()):
            inner = {"name": "deep", "weight": draw(weights), "groups": [inner]}
        members.append(inner)
    return members


@st.composite
def tiers(draw: st.DrawFn, names: list[str]) -> list[Section]:
    """One to four tiers; the bounds are close, so that scores cross them.

    Some ask for indicators, too. The bounds of the population are taken out later.
    """
    bounds = draw(st.lists(st.integers(1, 95), max_size=3, unique=True).map(sorted))
    found: list[Section] = [{"name": TIERS[0]}]
    for name, bound in zip(TIERS[1:], bounds, strict=False):
        gap = draw(st.sampled_from([0, 0.5, 2, 10]))
        tier: Section = {"name": name, "enter_at": bound, "leave_below": bound - gap}
        if draw(st.integers(0, 3)) == 0:
            tier["when"] = draw(st.lists(_bounds(names), min_size=1, max_size=2))
            tier |= draw(
                st.fixed_dictionaries({}, optional={"combine": st.sampled_from(["all", "any"])})
            )
        found.append(tier)
    return found


def _bounds(names: list[str]) -> st.SearchStrategy[Section]:
    gaps = st.sampled_from([None, 0, 0.5, 3])
    return st.builds(
        lambda name, least, gap: (
            {"indicator": name, "at_least": least}
            | ({} if gap is None else {"leave_below": least - gap})
        ),
        st.sampled_from(names), raws, gaps,
    )  # fmt: skip


policies = st.fixed_dictionaries(
    {},
    optional={
        "minimum_stay_days": some_days,
        "grace_days": some_days,
        "review": st.sampled_from(["month", "quarter", "year", 1, 7, 10]),
        "one_step_down": st.booleans(),
    },
)


@st.composite
def segments(draw: st.DrawFn, names: list[str], scores: list[str]) -> dict[str, Section]:
    """Up to two segments: by rules, of which the second may ask for the first's class, or rfm."""
    found: dict[str, Section] = {}
    for name in draw(st.sampled_from([[], ["one"], ["one", "two"]])):
        made = draw(_rfm(names) if draw(st.integers(0, 2)) == 0 else _rules(names, scores, found))
        told = st.fixed_dictionaries({}, optional={"tell": st.booleans()})
        found[name] = made | draw(told)
    return found


def _rules(
    names: list[str], scores: list[str], earlier: dict[str, Section]
) -> st.SearchStrategy[Section]:
    two = st.lists(raws, min_size=2, max_size=2, unique=True).map(sorted)
    bounds = st.one_of(
        raws.map(lambda least: {"at_least": least}),
        raws.map(lambda most: {"below": most}),
        two.map(lambda b: {"at_least": b[0], "below": b[1]}),
    )
    what = st.sampled_from([{"indicator": n} for n in names] + [{"score": n} for n in scores])
    conditions = [
        st.builds(lambda one, bound: one | bound, what, bounds),
        st.sampled_from(names).map(lambda name: {"indicator": name, "unknown": True}),
    ]
    for segment, spec in earlier.items():
        classes = st.sampled_from(classes_of(spec))
        conditions.append(classes.map(lambda c, s=segment: {"segment": s, "is": c}))  # type: ignore[misc]
    some_conditions = st.lists(st.one_of(conditions), min_size=1, max_size=2)
    ruled = st.fixed_dictionaries(
        {"when": some_conditions}, optional={"stay_while": some_conditions}
    )
    return st.lists(ruled, min_size=1, max_size=3).map(
        lambda found: {
            "kind": "rules",
            "classes": [{"name": f"c{n}"} | one for n, one in enumerate(found)]
            + [{"name": "rest"}],
        }
    )


RFM = [
    "important_value", "important_develop", "important_keep", "important_win_back",
    "general_value", "general_develop", "general_keep", "general_win_back",
]  # fmt: skip
_cuts = st.lists(raws.map(float), min_size=4, max_size=4, unique=True).map(sorted)


def _rfm(names: list[str]) -> st.SearchStrategy[Section]:
    graded = st.fixed_dictionaries(
        {"cuts": _cuts | st.just("population"), "high_from": st.integers(2, 5)}
    )
    one = st.builds(
        lambda name, cut: {"indicator": name} | cut,
        st.sampled_from(names),
        raws.map(lambda cut: {"cut": cut}) | graded,
    )
    parts = {"kind": st.just("rfm"), "recency": one, "frequency": one, "monetary": one}
    return st.fixed_dictionaries(parts)


def classes_of(segment: Section) -> list[str]:
    """The names of a segment's classes."""
    return RFM if segment["kind"] == "rfm" else [c["name"] for c in segment["classes"]]


@st.composite
def joins(draw: st.DrawFn, scores: list[str], segments: dict[str, Section]) -> Section:
    """A score that joins two."""
    by = draw(st.sampled_from(sorted(segments)))
    classes = st.sampled_from(classes_of(segments[by]))
    join = {
        "scores": scores,
        "by": by,
        "shares": draw(st.dictionaries(classes, shares, max_size=3)),
    }
    return join | draw(st.fixed_dictionaries({}, optional={"share": shares}))


@st.composite
def populations(draw: st.DrawFn, names: list[str]) -> Section:
    """Figures of every indicator, of some groups of peers, and a regression of each."""
    figures = st.fixed_dictionaries({"mean": raws, "median": raws})
    peers = st.dictionaries(st.sampled_from(names), figures, min_size=1, max_size=2)
    found: Section = {
        "indicators": {name: draw(figures) | {"quintiles": draw(_cuts)} for name in names},
        "peers": {attribute: {texts[0]: draw(peers)} for attribute, texts in TEXTS.items()},
    }
    if len(names) > 1:
        found["regressions"] = {
            name: {
                "intercept": draw(raws),
                "coefficients": draw(
                    st.dictionaries(
                        st.sampled_from([other for other in names if other != name]),
                        st.sampled_from([-0.5, 0.1, 2]),
                        min_size=1,
                        max_size=2,
                    )
                ),
            }
            for name in names
        }
    return found


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
    """A model with up to six indicators, one to three scores, and everything else that varies."""
    named = {
        f"i{n}": spec for n, spec in enumerate(draw(st.lists(indicators, min_size=1, max_size=6)))
    }
    base = draw(st.sampled_from(["CNY", "CNY", "JPY", "KWD"]))
    rates = {"2000-01-01": "7.10", "2024-03-31": "6.9512345", "2024-12-31": "0.05"}
    grouped = draw(st.sampled_from([["value"], ["value", "risk"], ["value", "risk"]]))
    found = draw(segments(list(named), grouped))
    scores: dict[str, Section] = {
        score: {"groups": draw(groups(draw(st.permutations(list(named)))))} for score in grouped
    }
    is_joined = draw(st.booleans())
    if is_joined and found and len(grouped) > 1:
        both = draw(st.permutations(grouped))
        joined: dict[str, Section] = {"joined": {"join": draw(joins(both, found))}}
        first, second = draw(st.permutations([joined, scores]))
        scores = first | second
    policy = st.fixed_dictionaries({}, optional={"policy": policies})
    scores = {
        name: score | {"tiers": draw(tiers(list(named)))} | draw(policy)
        for name, score in scores.items()
    }
    bounds = {name: draw(_bounds_to_population(score["tiers"])) for name, score in scores.items()}
    source: Section = {
        "model": {"name": "generated", "version": 1},
        "timezone": draw(st.sampled_from(ZONES)),
        "currencies": {"base": base, "rates": {c: rates for c in CURRENCIES if c != base}},
        "dedup": {"ids": draw(st.sampled_from([1024, 1024, 2, 1]))},
        # No invoice is ever settled: the oracle is a function of all events.
        "invoices": {"keep_days": 36_500} | draw(terms_days),
        "orders": {"keep_days": draw(st.sampled_from([0, 30_000]))},
        "indicators": named,
        "scores": scores,
        "segments": found,
        "alerts": draw(alerts(list(scores))),
    }
    text = json.dumps(source)
    if '"clv"' in text:
        source["clv"] = draw(st.sampled_from(CLVS))
    if '"fill"' in text or '"population"' in text:
        source["population"] = draw(populations(list(named)))
        source["population"]["bounds"] = {name: each for name, each in bounds.items() if each}
    return source


terms_days = st.fixed_dictionaries({}, optional={"terms_days": st.sampled_from([0, 1, 14])})


@st.composite
def _bounds_to_population(draw: st.DrawFn, its_tiers: list[Section]) -> dict[str, Section]:
    """Now and then give the bounds of a score's tiers to the population; return these."""
    moved: dict[str, Section] = {}
    if draw(st.integers(0, 5)) == 0:
        for tier in its_tiers[1:]:
            moved[tier["name"]] = {
                "enter_at": tier["enter_at"], "leave_below": tier.pop("leave_below"),
            }  # fmt: skip
            tier["enter_at"] = "population"
    return moved
