"""What `streams.explanation` says of a customer, as lines and rows for people."""

import locale
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scoring.model import Model

Json = dict[str, Any]
TERMS: Final = ("indicator", "value", "counts as", "points", "of", "", "because")
"""Headings of `rows_of_terms`."""
_BAR: Final = 20
_MATCHED: Final = {
    "invoice_id": "matched by invoice id",
    "oldest_due_first": "oldest due first",
    "both": "matched by invoice id; without one, oldest due first",
    None: "nothing was owed or paid yet",
}


class Labels:
    """What the parts of a model are called in the user's language; their names without a label."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._language = _language()

    def indicator(self, name: str) -> str:
        """Return what an indicator is called."""
        return self._of(self._model.indicators[name], name)

    def score(self, name: str) -> str:
        """Return what a score is called."""
        return self._of(self._model.scores[name], name)

    def tier(self, score: str, name: str) -> str:
        """Return what a tier of a score is called; a name that is none of its tiers stays."""
        tiers = {tier.name: tier for tier in self._model.scores[score].tiers}
        return self._of(tiers.get(name), name)

    def segment(self, name: str) -> str:
        """Return what a segment is called."""
        return self._of(self._model.segments[name], name)

    def class_of(self, segment: str, name: str) -> str:
        """Return what a class of a segment is called."""
        classes = {
            each.name: each for each in getattr(self._model.segments[segment], "classes", ())
        }
        return self._of(classes.get(name), name)

    def named(self, condition: Json) -> str:
        """Return what the score or indicator of a condition is called."""
        if "score" in condition:
            return self.score(condition["score"])
        return self.indicator(condition["indicator"])

    def _of(self, part: Any, name: str) -> str:
        label = None if part is None else part.label
        return name if label is None else str(getattr(label, self._language))


def rows_of_terms(terms: Sequence[Json], labels: Labels) -> Iterator[tuple[str, ...]]:
    """Yield a row for each term of a score, those with the most points first."""
    for term in sorted(terms, key=lambda term: -term["points"]):
        share = term["points"] / term["of"] if term["of"] else 0.0
        full = round(share * _BAR)
        is_raw = term["counted"] == term["value"]
        yield (
            labels.named(term),
            number(term["value"]),
            "" if is_raw else number(term["counted"]),
            f"{term['points']:.2f}",
            f"{term['of']:.1f}",
            "█" * full + "·" * (_BAR - full),
            "; ".join((*_filled(term["filled"]), *_clipped(term["clipped"]))),
        )


def _filled(filled: Json | None) -> Iterator[str]:
    if filled is None:
        return
    match filled["how"]:
        case "share":
            yield f"no value: {filled['share']:g} of its points"
        case "left_out":
            yield "no value: left out"
        case "constant":
            yield "no value: filled with a constant"
        case "peers":
            text = "none" if filled["text"] is None else filled["text"]
            whose = "peers" if filled["from"] == "peers" else "the population, for lack of peers"
            yield f"no value: {filled['of']} of {whose} ({filled['by']}: {text})"
        case "regression" if filled["from"] == "regression":
            yield "no value: estimated from other indicators"
        case "regression":
            yield "no value: mean of the population, as others are missing to estimate it"
        case centre:
            yield f"no value: {centre} of the population"


def _clipped(clipped: Json | None) -> Iterator[str]:
    if clipped is not None:
        edge = "at least" if clipped["to"] == "low" else "at most"
        yield f"clipped: counts {edge} {number(clipped['bound'])}"


def told_score(name: str, said: Json, labels: Labels) -> Iterator[str]:
    """Yield what there is to say of a score below its terms."""
    if joined := said.get("joined"):
        yield _joined(joined, labels)
    if over := said.get("scored_over"):
        yield _scored_over(over, labels)
    yield from _tier(name, said, labels)
    if said["next"]:
        yield _next(name, said["next"], labels)
    if said["forecast"]:
        yield _forecast(name, said, labels)
    if "suggested_limit" in said:
        limit = said["suggested_limit"]
        yield f"suggested credit limit: {'none' if limit is None else f'{limit:,.2f}'}"


def _joined(joined: Json, labels: Labels) -> str:
    parts = (
        f"{share:.0%} of {labels.score(score)} {joined['scores'][score]:.2f}"
        for score, share in joined["shares"].items()
    )
    segment = labels.segment(joined["by"])
    return (
        f"{' and '.join(parts)}, as {segment} is {labels.class_of(joined['by'], joined['class'])}"
    )


def _scored_over(over: Json, labels: Labels) -> str:
    missing = [
        f"{what}: {', '.join(map(labels.indicator, over[key]))}"
        for key, what in (("left_out", "left out"), ("filled", "filled"))
        if over[key]
    ]
    said = f"scored over {over['indicators']} of {over['of']} indicators"
    return f"{said} ({'; '.join(missing)})" if missing else said


def _tier(name: str, said: Json, labels: Labels) -> Iterator[str]:
    if said["since"] or said["earned"] != said["tier"]:
        since = f" since {said['since']}" if said["since"] else ""
        yield f"{labels.tier(name, said['earned'])} is earned{since}"
    if said["fall_began"]:
        yield (
            f"its conditions do not hold since {said['fall_began']}; "
            f"it can be lost on {said['earliest_loss']} at the earliest"
        )
    elif said["earliest_loss"] and any(said["policy"].values()):
        yield f"it can be lost on {said['earliest_loss']} at the earliest"
    if said["override"]:
        yield _override(name, said["override"], labels)


def _override(name: str, override: Json, labels: Labels) -> str:
    tier = labels.tier(name, override["tier"])
    mode = {"floor": "at least ", "ceiling": "at most "}.get(override["mode"], "")
    until = f" until {override['until']}" if override["until"] else ""
    state = "in force" if override["in_force"] else "no longer in force"
    return (
        f"set by hand: {mode}{tier}{until} ({state}), by {override['author']} "
        f"on {override['set_at'][:10]}: {override['reason']}"
    )


def _next(name: str, following: Json, labels: Labels) -> str:
    missing = []
    for condition in following["conditions"]:
        if "score" in condition:
            missing.append(f"{condition['missing']:.2f} points")
        else:
            at_least, value = number(condition["at_least"]), number(condition["value"])
            missing.append(f"{labels.named(condition)} of at least {at_least} (is {value})")
    word = " or " if following["combine"] == "any" else " and "
    return f"to earn {labels.tier(name, following['tier'])}: {word.join(missing)}"


def _forecast(name: str, said: Json, labels: Labels) -> str:
    forecast = said["forecast"]
    if forecast["lost_on"] is None:
        tier = labels.tier(name, said["tier"])
        return f"stays {tier} until {forecast['kept_until']} at least if nothing happens"
    falls = (
        f"falls to {labels.tier(name, forecast['to'])} on {forecast['lost_on']} if nothing happens"
    )
    if forecast["spend_to_keep"] is None:
        from scoring.forecast import KEPT_FOR

        return f"{falls}; no single sale today would keep it for {KEPT_FOR} days more"
    whole, dot, part = forecast["spend_to_keep"].partition(".")
    amount = f"{int(whole):,}{dot}{part}"
    return f"{falls}; a sale of {amount} would keep it until {forecast['kept_until']}"


def told_segments(said: Json, labels: Labels) -> Iterator[str]:
    """Yield a line for each segment: the class, and the conditions that hold."""
    for name, each in said["segment_reasons"].items():
        kept = "kept, as " if each["kept"] else ""
        why = "; ".join(_condition(condition, labels) for condition in each["why"])
        called = "none" if each["class"] is None else labels.class_of(name, each["class"])
        yield f"{labels.segment(name)}: {called} ({kept}{why or 'in none of the others'})"


def _condition(condition: Json, labels: Labels) -> str:
    if "segment" in condition:
        is_class = labels.class_of(condition["segment"], condition["is"])
        return f"{labels.segment(condition['segment'])} is {is_class}"
    called = labels.named(condition)
    if "unknown" in condition:
        return f"{called} has no value"
    bounds = f"{called} is {number(condition['value'])}"
    if "grade" in condition:
        high = "high" if condition["high"] else "low"
        return f"{condition['grade']} {high}: {bounds}, {_edges(condition)} would be high"
    return f"{bounds}, {_edges(condition)}"


def _edges(condition: Json) -> str:
    edges = []
    if condition.get("at_most") is not None:
        edges.append(f"at most {number(condition['at_most'])}")
    if condition.get("at_least") is not None:
        edges.append(f"at least {number(condition['at_least'])}")
    if condition.get("below") is not None:
        edges.append(f"below {number(condition['below'])}")
    return " and ".join(edges)


def told_receivables(receivables: Json | None) -> Iterator[str]:
    """Yield how payments were matched with what was owed, if the model asks for it."""
    if receivables is not None:
        yield f"payments: {_MATCHED[receivables['matched']]}"


def told_members(members: Sequence[str]) -> Iterator[str]:
    """Yield whose doings are counted, too."""
    if members:
        yield f"with all of {', '.join(members)}, merged into it"


def number(value: float | None) -> str:
    """Return a value for people: four figures, cents from a thousand on.

    >>> number(None), number(3.14159), number(12345.678)
    ('-', '3.142', '12,345.68')
    """
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"  # noqa: PLR2004  # from here on cents matter


def _language() -> str:
    tongue = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if tongue.lower().startswith(("zh", "chinese")) else "en"
