"""A synthetic shop for the demo: an office-supplies wholesaler, its past, its day, a story.

Everything follows from a seed and an instant, so a run can be repeated. Reading order: `companies`
(who buys), `events` (what happens, in the event contract), `trade` (ordinary business), `story`.
"""

from streams.shop.companies import Company
from streams.shop.events import Event
from streams.shop.story import CAST, STORY_S, Role, story
from streams.shop.trade import COMPANIES, RECENT_DAYS, TRAFFIC_RATE, history, name_of, traffic

__all__ = [
    "CAST",
    "COMPANIES",
    "RECENT_DAYS",
    "STORY_S",
    "TRAFFIC_RATE",
    "Company",
    "Event",
    "Role",
    "history",
    "name_of",
    "story",
    "traffic",
]
