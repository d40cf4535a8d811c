"""The page about a model: its indicators, and what any model may be made of."""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import fsum
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from scoring.indicator_kinds import Indicator
from scoring.measures import EFFECTS, KINDS_OF_TYPES, MARKS, MEASURES, MONEY
from scoring.model import (
    Clip,
    Fill,
    FillCentre,
    FillConstant,
    FillPeers,
    Model,
    Score,
    Term,
    Tier,
)
from scoring.normaliser_kinds import Normaliser
from scoring.parts import Label
from scoring.reference import words
from scoring.reference.definitions import described, window
from scoring.reference.words import Words

_UNSAID: Final = ("kind", "label")
"""Parameters that all kinds have."""


def reference(model: Model) -> str:
    """Return the page about a model, as Markdown in English and Chinese."""
    return "\n".join(_page(model)) + "\n"


def _page(model: Model) -> Iterator[str]:
    yield f"# Indicators of the model {model.tag} 指标说明"
    yield ""
    yield (
        "Generated from the model and the code: `make indicators`, for any other model "
        "`valuepulse model reference`. What is computed to the last bit is in "
        "[semantics.md](semantics.md)."
    )
    yield "本页由模型与代码生成，请勿手工修改；精确定义见 [semantics.md](semantics.md)。"
    yield ""
    yield (
        f"Days are calendar days in {model.timezone}, today included; money is in "
        f"{model.currencies.base}. Weights are shares of the whole score."
    )
    yield (
        f"日期按 {model.timezone} 的自然日计，含当天；金额单位为 {model.currencies.base}；"
        "权重为占整个评分的比例。"
    )
    yield from _indicators(model)
    yield from _scores(model)
    yield from _measures(model.currencies.base)
    yield from _marks()
    yield from _kinds("Kinds of indicators 指标种类", Indicator, words.INDICATOR_KINDS)
    yield from _kinds("Normalisers 归一化方法", Normaliser, words.NORMALISERS)
    yield from _fills()


def _indicators(model: Model) -> Iterator[str]:
    yield from _heading("Indicators 指标")
    money = Words(model.currencies.base, model.currencies.base)
    rows = []
    for name, indicator in model.indicators.items():
        said = described(indicator, money)
        rows.append(
            [
                _titled(name, indicator.label),
                f"`{indicator.kind}`",
                _both(said.definition),
                _both(said.unit),
                _both(window(indicator)),
                _both(said.no_value or Words("never", "总有值")),
                "<br>".join(_uses(model, name, said.no_value is not None)) or "–",
            ]
        )
    yield from _table(
        ("indicator 指标", "kind 种类", "definition 定义", "unit 单位", "window 时间窗口",
         "no value if 无值情形", "used in 用于"), rows,
    )  # fmt: skip  # the columns, then what is in them


def _uses(model: Model, name: str, can_be_missing: bool) -> Iterator[str]:
    """Yield where an indicator counts: scores with weight and direction, tiers, segments."""
    for score_name, score in model.scores.items():
        for term, share in score.terms():
            if term.indicator == name:
                yield _use(score_name, term, share, model if can_be_missing else None)
        tiers = [
            f"{tier.name} ≥ {_number(bound.at_least)}"
            for tier in score.tiers
            for bound in tier.when
            if bound.indicator == name
        ]
        if tiers:
            yield f"tiers of `{score_name}` 等级：{', '.join(tiers)}"
        if score.limit and score.limit.indicator == name:
            yield f"credit limit of `{score_name}` 信用额度"
    for segment_name, segment in model.segments.items():
        if name in segment.indicators():
            yield f"segment `{segment_name}` 分群"


def _use(score_name: str, term: Term, share: float, model: Model | None) -> str:
    """Return how a term counts; `model` is given if its value may be missing."""
    is_less = term.direction == "less"
    en = ["less is better" if is_less else "more is better"]
    zh = ["越小越好" if is_less else "越大越好"]
    if model is not None:
        missing = _missing(term, model)
        en.append(f"no value: {missing.en}")
        zh.append(f"无值：{missing.zh}")
    if term.clip is not None:
        en.append(f"clipped to {_clip(term.clip)}")
        zh.append(f"截断到 {_clip(term.clip)}")
    return f"`{score_name}` {_percent(share)}: {', '.join(en)} · {'，'.join(zh)}"


def _missing(term: Term, model: Model) -> Words:
    match term.missing:
        case float() as number:
            return Words(f"{_percent(number)} of the points", f"得 {_percent(number)} 的分")
        case "leave_out":
            return Words("left out, the others count more", "不计，权重让给其他指标")
        case FillConstant(value=value):
            return Words(f"as {_number(value)}", f"按 {_number(value)}")
        case FillCentre(fill=fill):
            return Words(f"the population's {fill}", f"总体{_CENTRES[fill]}")
        case FillPeers(by=by, of=of):
            return Words(
                f"the {of} of those with the same `{by}`", f"`{by}` 相同客户的{_CENTRES[of]}"
            )
    others = ", ".join(model.population.regressions[term.indicator].coefficients)
    return Words(f"estimated from {others}", f"按 {others} 估计")


_CENTRES: Final = {"mean": "均值", "median": "中位数"}


def _clip(clip: Clip) -> str:
    bounds = [
        "…" if bound is None else "population" if isinstance(bound, str) else _number(bound)
        for bound in (clip.low, clip.high)
    ]
    return f"[{bounds[0]}, {bounds[1]}]"


def _scores(model: Model) -> Iterator[str]:
    yield from _heading("Scores 评分")
    rows = []
    for name, score in model.scores.items():
        tiers = "<br>".join(_tier(tier) for tier in score.tiers)
        rows.append([_titled(name, score.label), "<br>".join(_parts(score)), tiers])
    yield from _table(("score 评分", "made of 构成", "tiers, low to high 等级（由低到高）"), rows)


def _parts(score: Score) -> Iterator[str]:
    if score.join is None:
        total = fsum(group.weight for group in score.groups)
        for group in score.groups:
            label = f" {group.label.en} {group.label.zh}" if group.label else ""
            yield f"`{group.name}`{label}: {_percent(group.weight / total)}"
        return
    first, second = score.join.scores
    yield f"by the class in the segment `{score.join.by}` 按分群类别："
    for name, share in (*score.join.shares.items(), ("else 其他", score.join.share)):
        yield f"{name}: {_percent(share)} `{first}` + {_percent(1 - share)} `{second}`"


def _tier(tier: Tier) -> str:
    said = [tier.name]
    if tier.label:
        said += [
            tier.label.zh if tier.label.en == tier.name else f"{tier.label.en} {tier.label.zh}"
        ]
    bounds = [] if tier.enter_at is None else [_entrance(tier.enter_at)]
    bounds += [f"`{bound.indicator}` ≥ {_number(bound.at_least)}" for bound in tier.when]
    joint = " or 或 " if tier.combine == "any" else ", "
    return " ".join(said) + (f": {joint.join(bounds)}" if bounds else "")


def _entrance(bound: float | str) -> str:
    return "the population's bound 按总体" if isinstance(bound, str) else f"≥ {_number(bound)}"


def _measures(currency: str) -> Iterator[str]:
    yield from _heading("Measures 计量项")
    yield "What events add to the day on which they happen. 事件计入当天的数量。"
    yield ""
    rows = []
    for name in MEASURES:
        what, found = words.MEASURES[name]
        adds = [_effect(*effect) for effect in EFFECTS if effect[1] == name]
        if name in words.BESIDES:
            adds.append(_both(words.BESIDES[name]))
        rows.append(
            [
                f"`{name}`",
                _both(what),
                currency if name in MONEY else _both(found),
                "<br>".join(adds),
            ]
        )
    yield from _table(("measure 计量项", "what 含义", "unit 单位", "added by 来源"), rows)


def _effect(kind: str, measure: str, source: str, factor: int) -> str:
    said = words.SOURCES[source]
    sign = "− " if factor < 0 else "largest of 最大值 " if measure.startswith("largest_") else ""
    text = said.en if said.en == said.zh else f"{said.en} {said.zh}"
    return f"{_named(kind)}: {sign}{text}"


def _named(kind: str) -> str:
    """Return a kind of event, with its type where that has several."""
    of_type = next(name for name, kinds in KINDS_OF_TYPES.items() if kind in kinds)
    return f"`{of_type}`" if of_type == kind else f"`{of_type}` {kind}"


def _marks() -> Iterator[str]:
    yield from _heading("Marks 标记日")
    rows = [
        [f"`{name}`", _both(words.MARKS[name]), which, ", ".join(_named(kind) for kind in kinds)]
        for name, which, kinds in MARKS
    ]
    yield from _table(("mark 标记", "the day of 日期", "which 取", "of 事件"), rows)


def _kinds(title: str, union: Any, said: dict[str, str]) -> Iterator[str]:
    yield from _heading(title)
    rows = []
    for part in get_args(get_args(union)[0]):
        (kind,) = get_args(part.model_fields["kind"].annotation)
        rows.append(
            [f"`{kind}`", _both(Words(_first_sentence(part), said[kind])), _parameters(part)]
        )
    yield from _table(("kind 种类", "what 含义", "parameters 参数"), rows)


def _fills() -> Iterator[str]:
    yield from _heading("Missing values and outliers 缺失值与异常值")
    yield (
        "`missing` of a term is a number of 0 to 1, the share of its points (default 0), "
        "`leave_out`, or one of these. `clip: {low, high}` brings outliers to a bound, a number or "
        "`population`."
    )
    yield (
        "评分项的 `missing` 是 0–1 的得分比例（缺省 0）、`leave_out`，或下列之一；"
        "`clip: {low, high}` 把异常值截断到界限（数或 `population`）。"
    )
    yield ""
    rows = []
    for part in get_args(get_args(Fill)[0]):
        for kind in get_args(part.model_fields["fill"].annotation):
            rows.append([f"`{kind}`", _both(words.FILLS[kind]), _parameters(part, ("fill",))])
    yield from _table(("fill 填补", "what 含义", "parameters 参数"), rows)


def _first_sentence(part: type[BaseModel]) -> str:
    return re.split(r"\.(?:\s|$)", " ".join((part.__doc__ or "").split()), maxsplit=1)[0]


def _parameters(part: type[BaseModel], besides: Sequence[str] = _UNSAID) -> str:
    """Return the names of a part's parameters, with their defaults."""
    return (
        ", ".join(
            f"`{name}`"
            + ("" if field.default is PydanticUndefined else f" = {_default(field.default)}")
            for name, field in part.model_fields.items()
            if name not in besides
        )
        or "–"
    )


def _default(value: object) -> str:
    if isinstance(value, tuple | dict):
        return f"[{', '.join(value)}]"
    return "none" if value is None else str(value)


def _titled(name: str, label: Label | None) -> str:
    return "<br>".join([f"`{name}`", *([label.en, label.zh] if label else [])])


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _both(said: Words) -> str:
    return said.en if said.en == said.zh else f"{said.en}<br>{said.zh}"


def _heading(title: str) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"
