"""Who buys: companies with Chinese names and the habits of their size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.shop.events import Value

_CITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "北京": "华北", "上海": "华东", "广州": "华南", "深圳": "华南", "杭州": "华东",
        "苏州": "华东", "南京": "华东", "成都": "西南", "重庆": "西南", "武汉": "华中",
        "西安": "西北", "长沙": "华中", "青岛": "华东", "宁波": "华东", "厦门": "华东",
        "福州": "华东", "合肥": "华东", "郑州": "华中", "济南": "华东", "无锡": "华东",
    }
)  # fmt: skip
"""Cities, and the region that each is in."""
_OWNERS: Final = ("王芳", "李强", "张敏", "刘洋", "陈静", "赵磊")
_FIRST: Final = "华恒嘉瑞泰远宏盛天卓明锦安德博创联启新云鼎佳同方正金海中润百"
_SECOND: Final = "信达诚兴源通和康利丰图捷科成业越航晟睿邦伟腾凯益隆澜禾川彦舟"
_TRADES: Final = (
    "科技", "贸易", "文化", "建筑", "医疗器械", "电子", "物流",
    "食品", "教育咨询", "设计", "广告", "软件", "机械", "酒店管理",
)  # fmt: skip


class Habits(NamedTuple):
    """How companies of one size behave.

    `share` of all companies, `orders` a year, `amount` in major units of a usual order, `margin`
    the shop makes; `punctual`, `praises`, `complains` and `invoiced` (others pay at once) are
    chances by order, 0 to 1, `listed` by company; `sales` is what a usual one sells in a year.
    """

    share: float
    orders: int
    amount: float
    margin: float
    punctual: float
    praises: float
    complains: float
    invoiced: float
    listed: float
    sales: float


SIZES: Final[Mapping[str, Habits]] = MappingProxyType(
    {
        "small": Habits(0.78, 2, 150, 0.10, 0.45, 0.02, 0.22, 0.3, 0.0, 2e6),
        "medium": Habits(0.17, 9, 900, 0.24, 0.72, 0.07, 0.07, 0.9, 0.04, 5e7),
        "large": Habits(0.05, 34, 7_500, 0.36, 0.97, 0.20, 0.005, 1.0, 0.4, 2e9),
    }
)
"""Sizes of companies: many small ones that pay late, few large ones that carry the shop."""


class Company(NamedTuple):
    """A customer of the shop; `size` is a key of `SIZES`, `owner` who looks after it."""

    customer_id: str
    name: str
    size: str
    region: str
    industry: str
    annual_sales: int
    listed: bool
    owner: str

    @property
    def habits(self) -> Habits:
        """How it behaves."""
        return SIZES[self.size]

    def attributes(self) -> dict[str, Value]:
        """Return what its profile says."""
        said: dict[str, Value] = dict(self._asdict())
        del said["customer_id"]
        return said


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
    city, trade = random.choice(list(_CITIES)), random.choice(_TRADES)
    habits = SIZES[size]
    return Company(
        customer_id=f"C{number:06d}",
        name=f"{city}{brand}{trade}有限公司",
        size=size,
        region=_CITIES[city],
        industry=trade,
        annual_sales=round(habits.sales * random.lognormvariate(0, 0.6) / 10_000) * 10_000,
        listed=random.random() < habits.listed,
        owner=random.choice(_OWNERS),
    )
