"""What a model file may say, and what is said of one that cannot be used."""

import json

import pytest

from scoring.errors import ModelError, Problem
from scoring.model import Model, parse
from scoring.parts import Part
from tests.scoring.batches import SHOP, shop_mapping


def changed(old: str, new: str, text: str = SHOP) -> str:
    """The model with one place changed; the place must be the only one of its kind."""
    assert text.count(old) == 1, f"{text.count(old)} times in the model: {old}"
    return text.replace(old, new)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ModelError) as refused:
        parse(text, "shop.yaml")
    return refused.value.problems


# What stands in the model, what it is changed to, the field of the problem, words of its message.
# The line expected is the one that ends with HERE, or else the last of the change.
HERE = "  # here"
MISTAKES = [
    ("  version: 3", "  version: three", "model.version", ["integer", "'three'"]),
    ("  version: 3", "  version: 0", "model.version", ["greater than or equal to 1"]),
    ("  name: shop", "  name: 7 shops", "model.name", ["pattern", "'7 shops'"]),
    ("  name: shop", "  name: shop\n  nane: x", "model.nane", ["did you mean 'name'?"]),
    ("dedup:", "dedupe:", "dedupe", ["no key 'dedupe'", "did you mean 'dedup'?"]),
    ("dedup:", "xyzzy: 1  # here\ndedup:", "xyzzy", ["use one of model, timezone, currencies"]),
    ("  ids: 4", "  ids: 65537", "dedup.ids", ["less than or equal to 65536"]),
    ("timezone: UTC", "timezone: Asia/Shangai", "timezone", ["did you mean 'Asia/Shanghai'?"]),
    ("timezone: UTC", "timezone: no", "timezone", ["no time zone 'no'", "Asia/Shanghai"]),
    ("  base: CNY", "  base: cn1", "currencies.base", ["'^[A-Z]{3}$'", "'CN1'"]),
    ("    USD:", "    CNY:", "currencies.rates.CNY", ["is the base currency", "take it away"]),
    ("    USD:", "    Us1:", "currencies.rates.Us1", ["'^[A-Z]{3}$'"]),
    (
        '      2026-07-01: "7.05"', "      2026-07-01: 7.05",
        "currencies.rates.USD.2026-07-01", ["must be a valid string", "7.05"],
    ),
    (
        '      2026-07-01: "7.05"', '      2026-07-01: "0.00"',
        "currencies.rates.USD.2026-07-01", ["'0.00'", "above 0"],
    ),
    (
        '      2026-07-01: "7.05"', '      2026-13-01: "7.05"',
        "currencies.rates.USD.2026-13-01", ["date", "month"],
    ),
    (
        "    subtract: [refund_amount]", "    subtract: [refund_amout]",
        "indicators.spend_30d.subtract.0", ["no measure 'refund_amout'", "'refund_amount'?"],
    ),
    ("    mark: last_sale", "    mark: last_sail", "indicators.recency.mark", ["'last_sale'?"]),
    ("    window: 30", "    window: 0", "indicators.spend_30d.window", ["days from 1 to 36500"]),
    ("    window: 30", "    window: yearly", "indicators.spend_30d.window", ["lifetime"]),
    ("    window: 30", "    window: [9, 9]", "indicators.spend_30d.window", ["[9, 9) is empty"]),
    ("    window: 30", "    window: [1, 2, 3]", "indicators.spend_30d.window", ["two ages"]),
    ("    per: [orders]", "    per: []", "indicators.mean_order.per", ["at least 1"]),
    ("    kind: growth", "    kind: groth", "indicators.growth_7d.kind", ["mean 'growth'?"]),
    ("  growth_7d:", "  growth-7d:", "indicators.growth-7d", ["pattern"]),
    (
        "      - name: all\n        weight: 1", "      - name: all\n        weight: -1",
        "scores.size.groups.0.weight", ["greater than or equal to 0", "-1"],
    ),
    (
        "        weight: 60", "        weight: .nan",
        "scores.value.groups.0.weight", ["finite number"],
    ),
    (
        "          - indicator: spend_30d", "          - indicator: spent_30d",
        "scores.value.groups.0.indicators.0.indicator", ["did you mean 'spend_30d'?"],
    ),
    (
        "          - indicator: recency", "          - indicator: spend_30d",
        "scores.value.groups.0.indicators.1.indicator", ["'spend_30d' is used twice"],
    ),
    (
        "    subtract: [refund_amount]", "    subtract: [refund_amount, orders, refund_amount]",
        "indicators.spend_30d.subtract", ["'refund_amount' is named twice"],
    ),
    (
        "            direction: less", "            direction: fewer",
        "scores.value.groups.0.indicators.1.direction", ["'more' or 'less'", "'fewer'"],
    ),
    (
        "            missing: 0.25", "            missing: 1.5",
        "scores.size.groups.0.indicators.0.missing", ["less than or equal to 1"],
    ),
    (
        "              points: [[0, 0], [100, 0.5], [1000, 1]]",
        "              points: [[0, 0], [0, 0.5], [1000, 1]]",
        "scores.value.groups.0.indicators.0.normaliser.points", ["x must rise", "0 follows 0"],
    ),
    (
        "              points: [[0, 0], [100, 0.5], [1000, 1]]", "              points: [[0, 0]]",
        "scores.value.groups.0.indicators.0.normaliser.points", ["at least 2"],
    ),
    (
        "              kind: log", "              kind: lug",
        "scores.size.groups.0.indicators.0.normaliser.kind", ["did you mean 'log'?"],
    ),
    (
        "      - name: VIP\n        enter_at: 75",
        "      - name: VIP  # here\n        enter_at: 50",
        "scores.value.tiers.2", ["entered at 50 but left below 70", "at most 50"],
    ),
    (
        "        enter_at: 75\n        leave_below: 70",
        "        leave_below: 30\n        enter_at: 50",
        "scores.value.tiers.2.enter_at", ["not above the tier before it (50)", "low to high"],
    ),
    (
        "      - name: small", "      - name: small  # here\n        enter_at: 5",
        "scores.size.tiers.0", ["lowest tier 'small'", "take its bounds away"],
    ),
    (
        "      - name: VIP", "      - name: important",
        "scores.value.tiers.2.name", ["'important' too"],
    ),
    ("    score: value", "    score: valeu", "alerts.drop.score", ["did you mean 'value'?"]),
    ("    points: 10", "    points: 101", "alerts.drop.points", ["less than or equal to 100"]),
    ("    within_days: 7", "    within_days: 93", "alerts.drop.within_days", ["equal to 92"]),
    (
        "    resolve_below: 5", "    resolve_below: 10.5",
        "alerts.drop.resolve_below", ["above points 10", "would end as it starts"],
    ),
]  # fmt: skip  # a mistake a paragraph


@pytest.mark.parametrize(("old", "new", "field", "words"), MISTAKES, ids=lambda v: str(v)[:30])
def test_a_mistake_is_told_once_with_its_line_its_field_and_what_would_be_right(
    old: str, new: str, field: str, words: list[str]
) -> None:
    text = changed(old, new)
    (problem,) = problems(text)
    assert problem.field == field
    for word in words:
        assert word in problem.message
    where = SHOP[: SHOP.index(old)].count("\n") + 1
    first, mark, _ = new.partition(HERE)
    assert problem.line == where + (first if mark else new).count("\n")


@pytest.mark.parametrize(
    ("key", "owner", "field"),
    [
        ("    mark: last_sale\n", "  recency:", "indicators.recency.mark"),
        ("    kind: growth\n", "  growth_7d:", "indicators.growth_7d.kind"),
        ("timezone: UTC\n", "# A small model", "timezone"),
        ("    presence: [orders]\n", "  growth_7d:", "indicators.growth_7d.presence"),
    ],
)
def test_a_key_that_is_missing_is_told_at_the_part_that_lacks_it(
    key: str, owner: str, field: str
) -> None:
    text = changed(key, "")
    line = text[: text.index(owner)].count("\n") + 1
    assert problems(text) == (Problem(line, field, "is missing"),)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    add: [sale_amount]\n    sub", "    add: [orders]\n    sub", "adds money and counts"),
        ("add: [sale_amount]\n    per", "add: [sale_amount, orders]\n    per", "unlike units"),
        (
            "add: [sale_amount]\n    per: [orders]", "add: [orders]\n    per: [sale_amount]",
            "money per money, money per count or count per count",
        ),
    ],
)  # fmt: skip
def test_money_and_counts_are_not_mixed(old: str, new: str, what: str) -> None:
    (problem,) = problems(changed(old, new))
    assert what in problem.message
    assert problem.field in ("indicators.spend_30d", "indicators.mean_order")


def test_a_group_whose_weights_are_all_0_is_refused() -> None:
    nothing = changed("            weight: 3", "            weight: 0")
    nothing = changed(
        "          - indicator: recency\n            weight: 1",
        "          - indicator: recency\n            weight: 0",
        nothing,
    )
    (problem,) = problems(nothing)
    assert problem.field == "scores.value.groups.0"
    assert "all weights in group 'trade' are 0" in problem.message
    assert SHOP.splitlines()[problem.line - 1] == "      - name: trade"


def test_a_score_whose_groups_all_weigh_0_is_refused() -> None:
    (problem,) = problems(
        changed("      - name: all\n        weight: 1", "      - name: all\n        weight: 0")
    )
    assert (problem.field, "all weights of the groups are 0" in problem.message) == (
        "scores.size",
        True,
    )


def test_all_problems_are_told_at_once_in_the_message() -> None:
    text = SHOP
    for old, new in [
        ("  version: 3", "  version: three"),
        ("timezone: UTC", "timezone: Mars"),
        ("    USD:", "    CNY:"),
        ("    mark: last_sale", "    mark: last_sail"),
        ("          - indicator: spend_30d", "          - indicator: spent_30d"),
        ("        leave_below: 70", "        leave_below: 80"),
        ("    score: value", "    scoer: value"),
    ]:
        text = changed(old, new, text)
    with pytest.raises(ModelError) as refused:
        parse(text, "shop.yaml")
    fields = [problem.field for problem in refused.value.problems]
    assert fields == [
        "model.version", "timezone", "currencies.rates.CNY", "indicators.recency.mark",
        "scores.value.groups.0.indicators.0.indicator", "scores.value.tiers.2",
        "alerts.drop.score", "alerts.drop.scoer",
    ]  # fmt: skip
    first, *lines = str(refused.value).splitlines()
    assert first == "shop.yaml: 8 to fix"
    assert lines[1].startswith("shop.yaml:5: timezone: there is no time zone 'Mars'")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("model:\n  name: [shop\ntimezone: UTC\n", 3, "not YAML: expected ',' or ']'"),
        ("model:\n\tname: shop\n", 2, "not YAML: found character '\\t'"),
        (
            "model: {}\ntimezone: UTC\ntimezone: UTC\n",
            3,
            'not YAML: found duplicate key "timezone"',
        ),
        ("- model\n", 1, "is not a mapping; start with `model:`"),
        ("", 1, "is not a mapping; start with `model:`"),
    ],
)
def test_text_that_is_no_model_at_all_is_told_with_its_line(
    text: str, line: int, what: str
) -> None:
    (problem,) = problems(text)
    assert (problem.line, problem.field) == (line, "(file)")
    assert problem.message.startswith(what)


def test_words_that_old_yaml_took_for_false_stay_words() -> None:
    """YAML 1.2: Norway's `no` is text."""
    model = parse(changed("  name: shop", "  name: no"), "shop.yaml")
    assert model.tag == "no@3"


def test_a_tag_that_would_run_code_is_refused() -> None:
    (problem,) = problems(changed("  name: shop", "  name: !!python/object/apply:os.getcwd []"))
    assert problem.message.startswith("has the tag tag:yaml.org,2002:python/object/apply:os.getcwd")


def test_a_term_has_its_share_of_all_levels_above_it() -> None:
    shares = {term.indicator: share for term, share in parse(SHOP, "").scores["value"].terms()}
    assert shares == {"spend_30d": 0.6 * (3 / 4), "recency": 0.6 * (1 / 4), "sentiment": 0.4}
    mapping = shop_mapping()
    trade, voice = mapping["scores"]["value"]["groups"]
    deep = {"name": "deep", "weight": 3, "groups": [trade | {"weight": 1}]}
    mapping["scores"]["value"]["groups"] = [deep, voice | {"weight": 1}]
    score = parse(json.dumps(mapping), "").scores["value"]
    assert [share for _, share in score.terms()] == [0.75 * (3 / 4), 0.75 * (1 / 4), 0.25]


def test_a_model_that_was_checked_cannot_be_changed() -> None:
    model = parse(SHOP, "")
    parts: list[Part] = [model, model.dedup, model.scores["value"].tiers[0]]
    for part in parts:
        with pytest.raises(ValueError, match="frozen"):
            part.label = None  # type: ignore[attr-defined]
    assert isinstance(model, Model)
