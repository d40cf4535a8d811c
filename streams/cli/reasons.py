"""What `streams.explanation` says of a customer, as lines and rows for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from streams.cli.phrases import Language

if TYPE_CHECKING:
    from scoring.model import Model

Json = dict[str, Any]
_BAR: Final = 20
_HEADINGS: Final = ("indicator", "value", "counts as", "points", "of", "", "because")
_MATCHED: Final = {
    "invoice_id": "matched by invoice id",
    "oldest_due_first": "oldest due first",
    "both": "matched by invoice id; without one, oldest due first",
    None: "nothing was owed or paid yet",
}


class Labels:
    """What the parts of a model are called in a language; their names without a label."""

    def __init__(self, model: "Model", language: Language) -> None:
        self._model = model
        self._code = language.code
        self.say = language.say
        self.join = language.join

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
        return name if label is None else str(getattr(label, self._code))


def headings(language: Language) -> tuple[str, ...]:
    """Return the headings of `rows_of_terms`."""
    return tuple(heading and language.say(heading) for heading in _HEADINGS)


def rows_of_terms(terms: Sequence[Json], labels: Labels) -> Iterator[tuple[str, ...]]:
    """Yield a row for each term of a score, those with the most points first."""
    for term in sorted(terms, key=lambda term: -term["points"]):
        share = term["points"] / term["of"] if term["of"] else 0.0
        full = round(share * _BAR)
        is_raw = term["counted"] == term["value"]
        remarks = (*_filled(term["filled"], labels), *_clipped(term["clipped"], labels))
        yield (
            labels.named(term),
            number(term["value"]),
            "" if is_raw else number(term["counted"]),
            f"{term['points']:.2f}",
            f"{term['of']:.1f}",
            "█" * full + "·" * (_BAR - full),
            labels.join("; ", remarks),
        )


def _filled(filled: Json | None, labels: Labels) -> Iterator[str]:
    if filled is None:
        return
    say = labels.say
    match filled["how"]:
        case "share":
            yield say("no value: {share:g} of its points", share=filled["share"])
        case "left_out":
            yield say("no value: left out")
        case "constant":
            yield say("no value: filled with a constant")
        case "peers":
            yield _peers(filled, labels)
        case "regression" if filled["from"] == "regression":
            yield say("no value: estimated from other indicators")
        case "regression":
            yield say("no value: mean of the population, as others are missing to estimate it")
        case centre:
            yield say("no value: {of} of the population", of=say(centre))


def _peers(filled: Json, labels: Labels) -> str:
    say = labels.say
    text = say("none") if filled["text"] is None else filled["text"]
    of, by = say(filled["of"]), filled["by"]
    if filled["from"] == "peers":
        return say("no value: {of} of peers ({by}: {text})", of=of, by=by, text=text)
    return say(
        "no value: {of} of the population, for lack of peers ({by}: {text})",
        of=of, by=by, text=text,
    )  # fmt: skip  # as above


def _clipped(clipped: Json | None, labels: Labels) -> Iterator[str]:
    if clipped is None:
        return
    bound = number(clipped["bound"])
    if clipped["to"] == "low":
        yield labels.say("clipped: counts at least {bound}", bound=bound)
    else:
        yield labels.say("clipped: counts at most {bound}", bound=bound)


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
        shown = labels.say("none") if limit is None else f"{limit:,.2f}"
        yield labels.say("suggested credit limit: {limit}", limit=shown)


def _joined(joined: Json, labels: Labels) -> str:
    parts = (
        labels.say(
            "{share:.0%} of {score} {points:.2f}",
            share=share, score=labels.score(score), points=joined["scores"][score],
        )
        for score, share in joined["shares"].items()
    )  # fmt: skip  # a sentence and its parts
    return labels.say(
        "{parts}, as {segment} is {class_}",
        parts=labels.join(" plus ", parts),
        segment=labels.segment(joined["by"]),
        class_=labels.class_of(joined["by"], joined["class"]),
    )


def _scored_over(over: Json, labels: Labels) -> str:
    say = labels.say
    said = say("scored over {n} of {of} indicators", n=over["indicators"], of=over["of"])
    remarks = []
    if over["left_out"]:
        remarks.append(say("left out: {names}", names=_indicators(over["left_out"], labels)))
    if over["filled"]:
        remarks.append(say("filled: {names}", names=_indicators(over["filled"], labels)))
    return said + say(" ({remark})", remark=labels.join("; ", remarks)) if remarks else said


def _indicators(names: Sequence[str], labels: Labels) -> str:
    return labels.join(", ", map(labels.indicator, names))


def _tier(name: str, said: Json, labels: Labels) -> Iterator[str]:
    say, earned = labels.say, labels.tier(name, said["earned"])
    if said["since"]:
        yield say("{tier} is earned since {day}", tier=earned, day=said["since"])
    elif said["earned"] != said["tier"]:
        yield say("{tier} is earned", tier=earned)
    if said["fall_began"]:
        yield say(
            "its conditions do not hold since {day}; it can be lost on {loss} at the earliest",
            day=said["fall_began"], loss=said["earliest_loss"],
        )  # fmt: skip  # a sentence and its parts
    elif said["earliest_loss"] and any(said["policy"].values()):
        yield say("it can be lost on {loss} at the earliest", loss=said["earliest_loss"])
    if said["override"]:
        yield _override(name, said["override"], labels)


def _override(name: str, override: Json, labels: Labels) -> str:
    say, tier = labels.say, labels.tier(name, override["tier"])
    if override["mode"] == "floor":
        tier = say("at least {tier}", tier=tier)
    elif override["mode"] == "ceiling":
        tier = say("at most {tier}", tier=tier)
    return say(
        "set by hand: {tier}{until} ({state}), by {author} on {day}: {reason}",
        tier=tier,
        until=say(" until {day}", day=override["until"]) if override["until"] else "",
        state=say("in force") if override["in_force"] else say("no longer in force"),
        author=override["author"],
        day=override["set_at"][:10],
        reason=override["reason"],
    )


def _next(name: str, following: Json, labels: Labels) -> str:
    missing = (_missing(condition, labels) for condition in following["conditions"])
    return labels.say(
        "to earn {tier}: {missing}",
        tier=labels.tier(name, following["tier"]),
        missing=labels.join(" or " if following["combine"] == "any" else " and ", missing),
    )


def _missing(condition: Json, labels: Labels) -> str:
    if "score" in condition:
        return labels.say("{points:.2f} points", points=condition["missing"])
    return labels.say(
        "{name} of at least {least} (is {value})",
        name=labels.named(condition),
        least=number(condition["at_least"]),
        value=number(condition["value"]),
    )


def _forecast(name: str, said: Json, labels: Labels) -> str:
    say, forecast = labels.say, said["forecast"]
    if forecast["lost_on"] is None:
        return say(
            "stays {tier} until {day} at least if nothing happens",
            tier=labels.tier(name, said["tier"]), day=forecast["kept_until"],
        )  # fmt: skip  # a sentence and its parts
    falls = say(
        "falls to {tier} on {day} if nothing happens",
        tier=labels.tier(name, forecast["to"]), day=forecast["lost_on"],
    )  # fmt: skip  # a sentence and its parts
    return labels.join("; ", (falls, _keeping(forecast, labels)))


def _keeping(forecast: Json, labels: Labels) -> str:
    if forecast["spend_to_keep"] is None:
        from scoring.forecast import KEPT_FOR

        return labels.say("no single sale today would keep it for {days} days more", days=KEPT_FOR)
    whole, dot, part = forecast["spend_to_keep"].partition(".")
    return labels.say(
        "a sale of {amount} would keep it until {day}",
        amount=f"{int(whole):,}{dot}{part}", day=forecast["kept_until"],
    )  # fmt: skip  # a sentence and its parts


def told_segments(said: Json, labels: Labels) -> Iterator[str]:
    """Yield a line for each segment: the class, and the conditions that hold."""
    say = labels.say
    for name, each in said["segment_reasons"].items():
        why = labels.join("; ", (_condition(condition, labels) for condition in each["why"]))
        why = why or say("in none of the others")
        yield say(
            "{segment}: {class_} ({why})",
            segment=labels.segment(name),
            class_=say("none") if each["class"] is None else labels.class_of(name, each["class"]),
            why=say("kept, as {why}", why=why) if each["kept"] else why,
        )


def _condition(condition: Json, labels: Labels) -> str:
    say = labels.say
    if "segment" in condition:
        is_class = labels.class_of(condition["segment"], condition["is"])
        return say(
            "{segment} is {class_}", segment=labels.segment(condition["segment"]), class_=is_class
        )
    parts = {"name": labels.named(condition), "value": number(condition.get("value"))}
    if "unknown" in condition:
        return say("{name} has no value", **parts)
    parts["edges"] = _edges(condition, labels)
    if "grade" not in condition:
        return say("{name} is {value}, {edges}", **parts)
    parts["grade"] = say(condition["grade"])
    if condition["high"]:
        return say("{grade} high: {name} is {value}, {edges} would be high", **parts)
    return say("{grade} low: {name} is {value}, {edges} would be high", **parts)


def _edges(condition: Json, labels: Labels) -> str:
    sentences = {
        "at_most": "at most {bound}", "at_least": "at least {bound}", "below": "below {bound}",
    }  # fmt: skip  # one line
    edges = (
        labels.say(sentence, bound=number(condition[edge]))
        for edge, sentence in sentences.items()
        if condition.get(edge) is not None
    )
    return labels.join(" and ", edges)


def told_receivables(receivables: Json | None, language: Language) -> Iterator[str]:
    """Yield how payments were matched with what was owed, if the model asks for it."""
    if receivables is not None:
        matched = language.say(_MATCHED[receivables["matched"]])
        yield language.say("payments: {matched}", matched=matched)


def told_members(members: Sequence[str], language: Language) -> Iterator[str]:
    """Yield whose doings are counted, too."""
    if members:
        yield language.say(
            "with all of {members}, merged into it", members=language.join(", ", members)
        )


def number(value: float | None) -> str:
    """Return a value for people: four figures, cents from a thousand on.

    >>> number(None), number(3.14159), number(12345.678)
    ('-', '3.142', '12,345.68')
    """
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"  # noqa: PLR2004  # from here on cents matter
