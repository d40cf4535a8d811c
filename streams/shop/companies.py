"""Who buys: companies with Chinese names, where they are, and the habits of their size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.shop.events import Value


class City(NamedTuple):
    """The region that a city is in, and its number of companies compared with other cities."""

    region: str
    weight: int


class Trade(NamedTuple):
    """How many companies an industry has compared with others, and how often they are not small.

    `larger` multiplies the shares of the sizes above small.
    """

    weight: int
    larger: float


_CITIES: Final[Mapping[str, City]] = MappingProxyType(
    {
        "北京": City("华北", 14), "上海": City("华东", 16), "广州": City("华南", 9),
        "深圳": City("华南", 12), "杭州": City("华东", 8), "苏州": City("华东", 6),
        "南京": City("华东", 5), "成都": City("西南", 6), "重庆": City("西南", 5),
        "武汉": City("华中", 5), "西安": City("西北", 4), "长沙": City("华中", 3),
        "青岛": City("华东", 3), "宁波": City("华东", 3), "厦门": City("华东", 3),
        "福州": City("华东", 2), "合肥": City("华东", 2), "郑州": City("华中", 3),
        "济南": City("华东", 2), "无锡": City("华东", 3),
    }
)  # fmt: skip
_TRADES: Final[Mapping[str, Trade]] = MappingProxyType(
    {
        "科技": Trade(14, 1.3), "贸易": Trade(14, 0.8), "文化": Trade(7, 0.5),
        "建筑": Trade(6, 1.4), "医疗器械": Trade(5, 2.0), "电子": Trade(9, 1.6),
        "物流": Trade(6, 1.1), "食品": Trade(6, 0.8), "教育咨询": Trade(5, 0.5),
        "设计": Trade(7, 0.3), "广告": Trade(7, 0.4), "软件": Trade(8, 1.5),
        "机械": Trade(5, 1.5), "酒店管理": Trade(3, 0.9),
    }
)  # fmt: skip
_TEAMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "华东": ("王芳", "李强", "陈静", "周敏", "吴昊", "徐丽", "孙涛"),
        "华南": ("张敏", "黄志", "林悦"),
        "华北": ("刘洋", "马超", "郭倩"),
        "华中": ("赵磊", "冯雪"),
        "西南": ("唐杰", "曾莉"),
        "西北": ("韩冰",),
    }
)
"""Who looks after the companies of a region."""
_FIRST: Final = "华恒嘉瑞泰远宏盛天卓明锦安德博创联启新云鼎佳同方正金海中润百"
_SECOND: Final = "信达诚兴源通和康利丰图捷科成业越航晟睿邦伟腾凯益隆澜禾川彦舟"


class Habits(NamedTuple):
    """How companies of one size behave.

    `share` of all companies, `orders` a year, `amount` in major units of a usual order, `margin`
    the shop makes, and how far it `varies` from order to order, relative to it; `punctual`,
    `praises`, `complains` and `invoiced` (others pay at once) are chances by order, 0 to 1,
    `listed` by company; `sales` is what a usual one sells in a year.
    """

    share: float
    orders: int
    amount: float
    margin: float
    varies: float
    punctual: float
    praises: float
    complains: float
    invoiced: float
    listed: float
    sales: float


SIZES: Final[Mapping[str, Habits]] = MappingProxyType(
    {
        "small": Habits(0.78, 2, 250, 0.10, 1.6, 0.45, 0.02, 0.22, 0.3, 0.0, 2e6),
        "medium": Habits(0.17, 9, 1_500, 0.24, 0.6, 0.72, 0.07, 0.07, 0.9, 0.04, 5e7),
        "large": Habits(0.05, 34, 3_500, 0.36, 0.4, 0.97, 0.20, 0.005, 1.0, 0.4, 2e9),
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

    @property
    def usual_amount(self) -> float:
        """What it spends on an order, in major units: who sells more buys more."""
        return self.habits.amount * self.annual_sales / self.habits.sales

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
    (city,) = random.choices(list(_CITIES), [city.weight for city in _CITIES.values()])
    (trade,) = random.choices(list(_TRADES), [trade.weight for trade in _TRADES.values()])
    (size,) = random.choices(list(SIZES), _shares(_TRADES[trade]))
    brand = random.choice(_FIRST) + random.choice(_SECOND)
    region, habits = _CITIES[city].region, SIZES[size]
    return Company(
        customer_id=f"C{number:06d}",
        name=f"{city}{brand}{trade}有限公司",
        size=size,
        region=region,
        industry=trade,
        annual_sales=round(habits.sales * random.lognormvariate(0, 0.8) / 10_000) * 10_000,
        listed=random.random() < habits.listed,
        owner=random.choice(_TEAMS[region]),
    )


def _shares(trade: Trade) -> list[float]:
    """Return how likely each size is in an industry."""
    small, *larger = (habits.share for habits in SIZES.values())
    return [small, *(share * trade.larger for share in larger)]
