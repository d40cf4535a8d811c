"""`valuepulse explain` and `show`: what is printed, and that it comes out of a real store."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from streams.cli import reasons
from streams.cli.explain import print_explanation
from streams.cli.phrases import CHINESE
from streams.state.meta import Meta, fingerprint
from streams.state.store import Store
from streams.state.wire import spans_of
from tests.cli.command import valuepulse
from tests.output.test_explanation import (
    WHOLE,
    buys,
    decided,
    explained,
    is_said_of,
    pays,
    shard_after,
)
from tests.properties.shard import Shard
from tests.servers import Valkey

EVENTS = (
    buys("2026-03-01", 1500),
    buys("2026-03-05", 300, invoice_id="A1"),
    buys("2026-03-06", 300, due_at="2026-03-20"),
    pays("2026-03-07", 300, invoice_id="A1"),
    is_said_of("2026-03-05", region="north"),
    decided("2026-03-05", tier="VIP", mode="floor", until="2026-04-01"),
)


def printed(capsys: pytest.CaptureFixture[str], said: dict[str, Any]) -> str:
    print_explanation({"members": []} | said, shard_after(EVENTS[0]).scorer.model)
    return " ".join(capsys.readouterr().out.split())


def test_an_explanation_is_told_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    out = printed(capsys, explained(*EVENTS, until="2026-03-10"))
    for words in (
        "ada Customer value 53.00 VIP (2026-03-10, whole@1)",
        "Spend 2,100.00 1,000.00 20.00 40.0 ██████████·········· clipped: counts at most 1,000.00",
        "orders 3 5 5.00 10.0 ██████████·········· clipped: counts at least 5",
        "size - 60 6.00 10.0 ████████████········ no value: mean of peers (region: north)",
        "no value: estimated from other indicators",
        "no value: mean of the population, as others are missing to estimate it",
        "no value: filled with a constant; clipped: counts at most 10",
        "no value: 0.5 of its points",
        "no value: median of the population",
        "scored over 3 of 9 indicators (filled: margin_rate, size, rating, reach, nps, csat)",
        "important is earned since 2026-03-01 it can be lost on 2026-03-21 at the earliest",
        "set by hand: at least VIP until 2026-04-01 (in force), by ann on 2026-03-05: founder",
        "to earn VIP: 7.00 points and orders of at least 4 (is 3) and csat of at least 4 (is -)",
        "falls to important on 2026-04-02 if nothing happens; "
        "no single sale today would keep it for 30 days more",
        "suggested credit limit: 1,050.00",
        "25% of Customer value 53.00 plus 75% of risk 96.00, as Stage is Lasting",
        "to earn high: Spend of at least 5,000.00 (is 2,100.00) or orders of at least 9 (is 3)",
        "Stage: New (kept, as recency is 4, below 60)",
        "promise: dim (in none of the others)",
        "rfm: important_develop (recency high: recency is 4, at most 30 would be high; "
        "frequency low: orders is 3, at least 4 would be high; ",
        "payments: matched by invoice id; without one, oldest due first",
    ):
        assert words in out


def test_what_will_happen_is_told_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    events = EVENTS[0], is_said_of("2026-03-01", size=0, rating=0, reach=0)
    out = printed(capsys, explained(*events, until="2027-02-10"))
    assert (
        "falls to Ordinary on 2027-03-11 if nothing happens; "
        "a sale of 130.00 would keep it until 2027-04-10"
    ) in out
    assert "(left out: on_time; filled: margin_rate, nps, csat)" in out
    fallen = printed(capsys, explained(*events, until="2027-03-03") | {"members": ["bob"]})
    assert "do not hold since 2027-03-01; it can be lost on 2027-03-11 at the earliest" in fallen
    assert "with all of bob, merged into it" in fallen
    expired = printed(capsys, explained(*EVENTS, until="2026-04-02"))
    assert "set by hand: at least VIP until 2026-04-01 (no longer in force), by ann" in expired
    lasting = printed(capsys, explained(EVENTS[0], decided("2026-03-01", tier="VIP")))
    assert "stays VIP until 2028-02-29 at least if nothing happens" in lasting


def test_an_explanation_is_told_in_chinese_words_and_labels(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    out = printed(capsys, explained(*EVENTS, until="2026-03-10"))
    for words in (
        "客户价值 53.00 VIP 客户 (2026-03-10, whole@1)",
        "指标 数值 计为 得分 满分 说明",
        "消费额 2,100.00 1,000.00 20.00 40.0 ██████████·········· 已截断：按上限 1,000.00 计",
        "无值：取同类（region：north）的平均值",
        "无值：得满分的 0.5",
        "无值：以固定值代替；已截断：按上限 10 计",
        "9 个指标中有 3 个有值（已填补：margin_rate、size、",
        "最早于 2026-03-21 失去该等级",
        "人工设定：不低于VIP 客户，至 2026-04-01（有效），ann 于 2026-03-05：founder",
        "距VIP 客户还差：7.00 分，且orders不低于 4（现为 3），且csat不低于 4（现为 -）",
        "若无新的业务，将于 2026-04-02 降为important；今天任何一笔成交都无法再保级 30 天",
        "建议信用额度：1,050.00",
        "客户价值 53.00 的 25% 加 risk 96.00 的 75%（因阶段为老客户）",
        "阶段：新客户（保持，因为recency为 4，条件为低于 60）",
        "（不属于其他类别）",
        "（最近一次高：recency为 4，不高于 30 为高；频率低：orders为 3，不低于 4 为高；",
        "回款：按发票号核销，无发票号者按到期日先后核销",
    ):
        assert words in out


def test_every_sentence_has_its_parts_in_both_languages() -> None:
    for english, chinese in CHINESE.items():
        assert fields(english) == fields(chinese), english
        assert english.isascii()
        assert not chinese.isascii()


def fields(sentence: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(sentence)} - {None}


def test_every_sentence_is_said_somewhere_and_none_is_said_that_is_not_there() -> None:
    """Also those of the branches that no other test takes."""
    source = Path(reasons.__file__).read_text(encoding="utf-8")
    said = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    elsewhere = {"mean", "median", "recency", "frequency", "monetary"}  # words of the explanation
    assert CHINESE.keys() - said == elsewhere
    calls = re.findall(r"\b(?:say|join)\(\s*(\"[^\"]+\")", source)
    assert {ast.literal_eval(call) for call in calls} <= CHINESE.keys()
    assert len(calls) > len(CHINESE) / 2


@pytest.fixture
def stored(valkey: Valkey) -> dict[str, str]:
    """Variables for a store that has `ada`."""
    shard = shard_after(*EVENTS)
    asyncio.run(commit(valkey.url, shard))
    return {
        "VALUEPULSE_REDIS__URL": valkey.url, "VALUEPULSE_MODEL": str(WHOLE), "LC_ALL": "C.UTF-8",
    }  # fmt: skip


async def commit(url: str, shard: Shard) -> None:
    """Write a shard's states as a worker does."""
    store = Store(url, "vp")
    layout = fingerprint(shard.scorer.names.layout)
    meta = Meta().next(day=shard.clock + 3, layout=layout).to_bytes()
    blobs, bounds = spans_of(list(shard.states.values()))
    assert await store.commit(0, b"", meta, list(shard.states), blobs, bounds, None) is None
    await store.close()


def test_a_customer_in_a_store_is_shown_and_explained(stored: dict[str, str]) -> None:
    explained = valuepulse("explain", "ada", "--json", variables=stored)
    assert explained.code == 0, explained.err
    said = explained.json()
    assert (said["as_of"], said["members"], said["events"]) == ("2026-03-10", [], 6)
    assert said["scores"]["value"]["forecast"]["lost_on"] == "2026-04-02"
    one = valuepulse("explain", "ada", "--score", "risk", variables=stored)
    assert one.code == 0
    assert "risk 96.00" in one.out
    assert "Customer value" not in one.out
    nothing = valuepulse("explain", "ada", "--score", "profit", variables=stored)
    assert (nothing.code, nothing.out) == (2, "")
    assert "no score 'profit'" in nothing.err
    shown = valuepulse("show", "ada", "--json", variables=stored).json()
    assert shown["scores"].keys() == {"value", "risk", "whole"}
    assert shown["scores"]["value"]["suggested_limit"] == 1050.0
    assert "terms" not in shown["scores"]["value"]
    table = valuepulse("show", "ada", variables=stored).out
    assert "2026-03-10  whole@1  6 events" in table
    assert valuepulse("show", "bob", variables=stored).code == 2
