"""Each indicator in words: what it computes, its unit, its days, when it has no value."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Final, NamedTuple

from scoring import indicator_kinds as kinds
from scoring.measures import MONEY
from scoring.reference import words
from scoring.reference.words import Words

RATIO: Final = Words("ratio", "比率")
SHARE: Final = Words("ratio 0–1", "比率 0–1")
NUMBER: Final = Words("number", "数")
OVERDUE: Final = Words("due before the as-of day", "到期日早于截至日")
PARTS: Final = {"payments_on_time": "payments_due"}
"""Of which other measure one is a part."""
NEVER_BOUGHT: Final = Words("nothing was ever bought", "从未购买")


class Description(NamedTuple):
    """What an indicator computes, its unit, and when it has no value (None: always has one)."""

    definition: Words
    unit: Words
    no_value: Words | None = None


@singledispatch
def described(indicator: kinds.Indicator, money: Words) -> Description:
    """Return an indicator in words; `money` is the base currency.

    >>> spent = kinds.Sum(kind="sum", add=["sale_amount"], subtract=["refund_amount"], window=7)
    >>> described(spent, Words("CNY", "CNY")).definition
    Words(en='Σ `sale_amount` − Σ `refund_amount`', zh='Σ 销售额 − Σ 退款额')
    """
    raise NotImplementedError(f"no words for the kind {indicator.kind!r}")


@described.register
def _(indicator: kinds.Sum, money: Words) -> Description:
    names = (*indicator.add, *indicator.subtract)
    return Description(_sums(indicator.add, indicator.subtract), _unit_of(names, money))


@described.register
def _(indicator: kinds.Ratio, money: Words) -> Description:
    over, under = _sums(indicator.add, indicator.subtract), _sums(indicator.per)
    return Description(
        Words(_divided(over.en, under.en), _divided(over.zh, under.zh)),
        _unit_of_ratio(indicator, money),
        Words(f"{under.en} is not above 0", f"{under.zh} 不大于 0"),
    )


@described.register
def _(indicator: kinds.Growth, money: Words) -> Description:
    a, some = _sums(indicator.add, indicator.subtract), _sums(indicator.presence)
    n = indicator.window
    return Description(
        Words(
            f"(a − b) ÷ max(b, 1), a = {a.en} over the last {n} days, "
            f"b = the same over the {n} days before",
            f"（a − b）÷ max(b, 1)，a 为最近 {n} 天的 {a.zh}，b 为再前 {n} 天的",
        ),
        RATIO,
        Words(f"{some.en} is 0 in both", f"两段的 {some.zh} 都为 0"),
    )


@described.register
def _(indicator: kinds.DaysSince, money: Words) -> Description:
    mark = words.MARKS[indicator.mark]
    return Description(
        Words(f"as-of day − the day of {mark.en}", f"截至日 − {mark.zh}的日期"),
        words.DAYS,
        Words("it never happened", "从未发生"),
    )


@described.register
def _(indicator: kinds.SmoothedShare, money: Words) -> Description:
    a, b = _sums(indicator.add), _sums(indicator.against)
    both = Words(f"({a.en} + 1) ÷ ({a.en} + {b.en} + 2)", f"（{a.zh} + 1）÷（{a.zh} + {b.zh} + 2）")
    return Description(both, SHARE)


@described.register
def _(indicator: kinds.Largest, money: Words) -> Description:
    what, _unit = words.MEASURES[indicator.measure]
    return Description(what, money, Words("there was none", "没有发生"))


@described.register
def _(indicator: kinds.Distinct, money: Words) -> Description:
    lines = Words("number of product lines (`category`) bought", "购买过的产品线（`category`）数")
    return Description(lines, words.COUNT)


@described.register
def _(indicator: kinds.Cycle, money: Words) -> Description:
    return Description(
        Words(
            "(day of the last sale − day of the first sale) ÷ (orders − 1)",
            "（最近一次销售日 − 首次销售日）÷（订单数 − 1）",
        ),
        words.DAYS,
        Words("there were fewer than two orders", "订单不足两次"),
    )


@described.register
def _(indicator: kinds.AttributeValue, money: Words) -> Description:
    name = f"`{indicator.attribute}`"
    en, zh = [f"the customer's latest {name}"], [f"客户最近的 {name}"]
    no_en, no_zh = ["it was not given"], ["未提供"]
    if indicator.values:
        listed = ", ".join(f"{text} = {value:.10g}" for text, value in indicator.values.items())
        en.append(f"a text counts as {listed}")
        zh.append(f"文字取值为 {listed}")
        no_en.append("is a text that is not listed")
        no_zh.append("文字不在列表中")
    if indicator.fade:
        to, days = indicator.fade.to, indicator.fade.days
        en.append(f"moving evenly to {to:.10g} within {days} days")
        zh.append(f"{days} 天内均匀趋向 {to:.10g}")
    if indicator.expires_days:
        no_en.append("has expired")
        no_zh.append("已过期")
    return Description(
        Words(", ".join(en), "，".join(zh)),
        Words("as given", "同原值"),
        Words(" or ".join(no_en), "，或".join(no_zh)),
    )


@described.register
def _(indicator: kinds.PerAttribute, money: Words) -> Description:
    over = _sums(indicator.add, indicator.subtract)
    return Description(
        Words(
            f"({over.en}) ÷ the customer's attribute `{indicator.attribute}`",
            f"（{over.zh}）÷ 客户属性 `{indicator.attribute}`",
        ),
        RATIO,
        Words("the attribute is no number above 0", "该属性不是大于 0 的数"),
    )


_OWED: Final = Words(
    "Σ `invoice_rest` that is overdue + max(0, Σ `unmatched_due` that is overdue "
    "− Σ `unmatched_paid` of the lifetime − what cash is left when cash sales are paid)",
    "Σ 逾期的发票未付额 + max(0, Σ 已到期的无发票到期额 − Σ 全部未核销收款额 "
    "− 现付款扣除现销后的余额)",
)


@described.register
def _(indicator: kinds.Arrears, money: Words) -> Description:
    return Description(_OWED, money)


@described.register
def _(indicator: kinds.ArrearsRate, money: Words) -> Description:
    return Description(
        Words(f"({_OWED.en}) ÷ Σ `billed`", f"（{_OWED.zh}）÷ Σ 应收入账额"),
        RATIO,
        Words("nothing was billed", "没有应收入账"),
    )


@described.register
def _(indicator: kinds.OverdueDays, money: Words) -> Description:
    return Description(
        Words(
            "mean of as-of day − due day over the overdue invoices that are open",
            "逾期未付发票的（截至日 − 到期日）的平均值",
        ),
        words.DAYS,
        Words("no open invoice is overdue", "没有逾期未付发票"),
    )


@described.register
def _(indicator: kinds.ExpectedSales, money: Words) -> Description:
    over, ahead = _sums(indicator.add, indicator.subtract), indicator.horizon_days
    return Description(
        Words(
            f"({over.en}) ÷ days observed, from the first sale on, × {ahead}",
            f"（{over.zh}）÷ 观察天数（自首次销售起）× {ahead}",
        ),
        money,
        NEVER_BOUGHT,
    )


@described.register
def _(indicator: kinds.ClvValue, money: Words) -> Description:
    ahead = indicator.horizon_days
    what, unit = {
        "alive": (
            Words(
                "probability that the customer has not dropped out (section `clv`)",
                "客户仍未流失的概率（见 `clv` 部分）",
            ),
            SHARE,
        ),
        "purchases": (
            Words(
                f"orders expected within {ahead} days (section `clv`)",
                f"未来 {ahead} 天的预期订单数（见 `clv` 部分）",
            ),
            words.COUNT,
        ),
        "value": (
            Words(
                f"present value of what is expected within {ahead} days (section `clv`)",
                f"未来 {ahead} 天预期购买的现值（见 `clv` 部分）",
            ),
            money,
        ),
    }[indicator.of]
    return Description(what, unit, NEVER_BOUGHT)


def window(indicator: kinds.Indicator) -> Words:
    """Return the days that an indicator looks at.

    >>> window(kinds.Sum(kind="sum", add=["orders"], window=(365, 730)))
    Words(en='the days from 365 to 729 days back', zh='第 365 至 729 天前')
    """
    if isinstance(indicator, kinds.AttributeValue) and indicator.expires_days:
        days = indicator.expires_days
        return Words(f"until {days} days after it was said", f"更新后 {days} 天内")
    if isinstance(indicator, kinds.Arrears | kinds.OverdueDays):
        return OVERDUE
    match getattr(indicator, "window", "lifetime"):
        case int() as days:
            days *= 2 if isinstance(indicator, kinds.Growth) else 1
            return Words(f"the last {days} days", f"最近 {days} 天")
        case (first, end):
            return Words(
                f"the days from {first} to {end - 1} days back", f"第 {first} 至 {end - 1} 天前"
            )
        case "overdue":
            return OVERDUE
    return Words("all that is known", "全部历史")


def _unit_of_ratio(indicator: kinds.Ratio, money: Words) -> Words:
    above = _unit_of((*indicator.add, *indicator.subtract), money)
    below = _unit_of(indicator.per, money)
    if above != below:
        return above if below == words.COUNT else RATIO
    wholes = {PARTS.get(name, name) for name in indicator.add}
    is_share = above != money and not indicator.subtract and wholes <= set(indicator.per)
    return SHARE if is_share else RATIO


def _unit_of(names: Iterable[str], money: Words) -> Words:
    found = {money if name in MONEY else words.MEASURES[name][1] for name in names}
    return found.pop() if len(found) == 1 else NUMBER


def _sums(add: Iterable[str], subtract: Iterable[str] = ()) -> Words:
    en = " + ".join(f"Σ `{name}`" for name in add)
    zh = " + ".join(f"Σ {words.MEASURES[name][0].zh}" for name in add)
    for name in subtract:
        en += f" − Σ `{name}`"
        zh += f" − Σ {words.MEASURES[name][0].zh}"
    return Words(en, zh)


def _divided(over: str, under: str) -> str:
    both = (f"({each})" if " + " in each or " − " in each else each for each in (over, under))
    return " ÷ ".join(both)
