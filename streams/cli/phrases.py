"""Sentences of `valuepulse explain` in the user's language, looked up by the English ones."""

import locale
import os
from typing import Any, Final

CHINESE: Final = {
    "indicator": "指标",
    "value": "数值",
    "counts as": "计为",
    "points": "得分",
    "of": "满分",
    "because": "说明",
    "; ": "；",
    ", ": "、",
    " and ": "，且",
    " or ": "，或",
    " plus ": " 加 ",
    "none": "无",
    "mean": "平均值",
    "median": "中位数",
    "no value: {share:g} of its points": "无值：得满分的 {share:g}",
    "no value: left out": "无值：不计",
    "no value: filled with a constant": "无值：以固定值代替",
    "no value: {of} of peers ({by}: {text})": "无值：取同类（{by}：{text}）的{of}",
    "no value: {of} of the population, for lack of peers ({by}: {text})": (
        "无值且无同类（{by}：{text}）：取全体的{of}"
    ),
    "no value: estimated from other indicators": "无值：由其他指标估计",
    "no value: mean of the population, as others are missing to estimate it": (
        "无值且无法估计：取全体平均值"
    ),
    "no value: {of} of the population": "无值：取全体的{of}",
    "clipped: counts at least {bound}": "已截断：按下限 {bound} 计",
    "clipped: counts at most {bound}": "已截断：按上限 {bound} 计",
    "suggested credit limit: {limit}": "建议信用额度：{limit}",
    "{share:.0%} of {score} {points:.2f}": "{score} {points:.2f} 的 {share:.0%}",
    "{parts}, as {segment} is {class_}": "{parts}（因{segment}为{class_}）",
    "left out: {names}": "不计：{names}",
    "filled: {names}": "已填补：{names}",
    "scored over {n} of {of} indicators": "{of} 个指标中有 {n} 个有值",
    " ({remark})": "（{remark}）",
    "{tier} is earned": "达到{tier}",
    "{tier} is earned since {day}": "自 {day} 起达到{tier}",
    "its conditions do not hold since {day}; it can be lost on {loss} at the earliest": (
        "自 {day} 起已不满足条件，最早于 {loss} 失去该等级"
    ),
    "it can be lost on {loss} at the earliest": "最早于 {loss} 失去该等级",
    "at least {tier}": "不低于{tier}",
    "at most {tier}": "不高于{tier}",
    " until {day}": "，至 {day}",
    "in force": "有效",
    "no longer in force": "已失效",
    "set by hand: {tier}{until} ({state}), by {author} on {day}: {reason}": (
        "人工设定：{tier}{until}（{state}），{author} 于 {day}：{reason}"
    ),
    "{points:.2f} points": "{points:.2f} 分",
    "{name} of at least {least} (is {value})": "{name}不低于 {least}（现为 {value}）",
    "to earn {tier}: {missing}": "距{tier}还差：{missing}",
    "stays {tier} until {day} at least if nothing happens": (
        "即使没有新的业务，至少到 {day} 仍为{tier}"
    ),
    "falls to {tier} on {day} if nothing happens": "若无新的业务，将于 {day} 降为{tier}",
    "no single sale today would keep it for {days} days more": (
        "今天任何一笔成交都无法再保级 {days} 天"
    ),
    "a sale of {amount} would keep it until {day}": "成交 {amount} 可保持至 {day}",
    "{segment}: {class_} ({why})": "{segment}：{class_}（{why}）",
    "kept, as {why}": "保持，因为{why}",
    "in none of the others": "不属于其他类别",
    "{segment} is {class_}": "{segment}为{class_}",
    "{name} has no value": "{name}无值",
    "{name} is {value}, {edges}": "{name}为 {value}，条件为{edges}",
    "{grade} high: {name} is {value}, {edges} would be high": (
        "{grade}高：{name}为 {value}，{edges} 为高"
    ),
    "{grade} low: {name} is {value}, {edges} would be high": (
        "{grade}低：{name}为 {value}，{edges} 为高"
    ),
    "recency": "最近一次",
    "frequency": "频率",
    "monetary": "金额",
    "at most {bound}": "不高于 {bound}",
    "at least {bound}": "不低于 {bound}",
    "below {bound}": "低于 {bound}",
    "payments: {matched}": "回款：{matched}",
    "matched by invoice id": "按发票号核销",
    "oldest due first": "按到期日先后核销",
    "matched by invoice id; without one, oldest due first": (
        "按发票号核销，无发票号者按到期日先后核销"
    ),
    "nothing was owed or paid yet": "尚无应收与回款",
    "with all of {members}, merged into it": "包含已合并的 {members}",
}


class Language:
    """The user's language: Chinese if the variables LC_ALL or LANG say so, English otherwise."""

    def __init__(self) -> None:
        """Look at the variables, then at the system's setting."""
        tongue = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
        self.code = "zh" if tongue.lower().startswith(("zh", "chinese")) else "en"

    def say(self, english: str, **parts: Any) -> str:
        """Return a sentence with its parts filled in. `english` is one that stands above."""
        sentence = CHINESE[english]
        return (sentence if self.code == "zh" else english).format(**parts)

    def join(self, separator: str, parts: Any) -> str:
        """Return parts with a separator of the language between."""
        return self.say(separator).join(parts)
