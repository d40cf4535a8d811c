"""How many customers stand in each tier, and what they bring."""

import numpy as np

from streams.dashboard import views
from streams.dashboard.columns import Customers, Rows


def pyramid(customers: Customers, rows: Rows, score: int, as_of: views.AsOf) -> views.Pyramid:
    """Return the tiers of a score, from the lowest; who stands in none of them is left out."""
    names, profit = customers.catalogue.names, customers.catalogue.profit
    tiers = customers.tiers[score, rows]
    rows, tiers = rows[tiers >= 0], tiers[tiers >= 0]
    count = len(names.tiers[score])
    sizes = np.bincount(tiers, minlength=count)
    points = np.bincount(tiers, customers.scores[score, rows], count)
    profits = None
    if profit is not None:
        profits = np.bincount(tiers, np.nan_to_num(customers.indicators[profit, rows]), count)
    total = None if profits is None else float(profits.sum())
    return views.Pyramid(
        as_of=as_of,
        score=names.scores[score],
        customers=rows.size,
        profit=total,
        tiers=[
            views.PyramidTier(
                tier=name,
                customers=int(sizes[t]),
                share_of_customers=share(int(sizes[t]), rows.size),
                profit=None if profits is None else float(profits[t]),
                share_of_profit=None if profits is None else share(float(profits[t]), total),
                mean_score=share(float(points[t]), int(sizes[t])),
            )
            for t, name in enumerate(names.tiers[score])
        ],
    )


def share(part: float, whole: float | None) -> float | None:
    """Return part ÷ whole, None where the whole is nothing.

    >>> share(1, 4), share(1, 0), share(1, None)
    (0.25, None, None)
    """
    return part / whole if whole else None
