"""Who buys: companies with Chinese names and the habits of their size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

_CITIES: Final = (
    "北京", "上海", "广州", "深圳", "杭州", "苏州", "南京", "成都", "重庆", "武汉",
    "西安", "长沙", "青岛", "宁波", "厦门", "福州", "合肥", "郑州", "济南", "无锡",
)  # fmt: skip
_FIRST: Final = "华恒嘉瑞泰远宏盛天卓明锦安德博创联启新云鼎佳同方正金海中润百"
_SECOND: Final = "信达诚兴源通和康利丰图捷科成业越航晟睿邦伟腾凯益隆澜禾川彦舟"
_TRADES: Final = (
    "科技", "贸易", "文化", "建筑", "医疗器械", "电子", "物流",
    "食品", "教育咨询", "设计", "广告", "软件", "机械", "酒店管理",
)  # fmt: skip


class Habits(NamedTuple):
    """How companies of one size behave.

    `share` of all companies, `orders` a year, `amount` in major units of a usual order, `margin`
    the shop makes; `punctual`, `praises` and `complains` are chances by order, 0 to 1.
    """

    share: float
    orders: int
    amount: float
    margin: float
    punctual: float
    praises: float
    complains: float


SIZES: Final[Mapping[str, Habits]] = MappingProxyType(
    {
        "small": Habits(0.78, 2, 150, 0.10, 0.45, 0.02, 0.22),
        "medium": Habits(0.17, 9, 900, 0.24, 0.72, 0.07, 0.07),
        "large": Habits(0.05, 34, 7_500, 0.36, 0.97, 0.20, 0.005),
    }
)
"""Sizes of companies: many small ones that pay late, few large ones that carry the shop."""


class Company(NamedTuple):
    """A customer of the shop; `size` is a key of `SIZES`."""

    customer_id: str
    name: str
    size: str

    @property
    def habits(self) -> Habits:
        """How it behaves."""
        return SIZES[self.size]


@lru_cache(maxsize=100_000)
def company(seed: int, number: int) -> Company:
    """Return the company with a number, 1 or more; it is the same whenever it is asked for.

    >>> company(7, 42).customer_id
    'C000042'
    """
    random = Random(f"{seed}/company/{number}")  # noqa: S311 - a synthetic name is no secret
    shares = [habits.share for habits in SIZES.values()]
    (size,) = random.choices(list(SIZES), shares)
    brand = random.choice(_FIRST) + random.choice(_SECOND)
    name = f"{random.choice(_CITIES)}{brand}{random.choice(_TRADES)}有限公司"
    return Company(f"C{number:06d}", name, size)
