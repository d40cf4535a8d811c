"""The section `population` of a model file, and how it gets there.

All else in the file stays as it is, byte for byte, but for the model's version.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode

from scoring.errors import CalibrationError
from scoring.population import Population

_HEAD: Final = "population:  # by `valuepulse model calibrate`; numbers have six significant digits"
_BEHIND: Final = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r))*[ \t]*(?:#[^\r\n]*)?\Z")
"""Blank lines and comments at the end of a text."""


def population_text(population: Population, remarks: Mapping[str, str]) -> str:
    """Return the section of a model file; `remarks` on indicators become comments.

    >>> from scoring.population import Figures
    >>> figures = {"spend": Figures(count=2, mean=1234567.0, median=0.5)}
    >>> population = Population(customers=2, indicators=figures)
    >>> print(population_text(population, {"spend": "few"}), end="")
    population:  # by `valuepulse model calibrate`; numbers have six significant digits
      customers: 2
      indicators:
        spend: {count: 2, mean: 1234567, median: 0.5}  # few
    """
    return "\n".join([_HEAD, *_lines(population, remarks)]) + "\n"


def _lines(population: Population, remarks: Mapping[str, str]) -> Iterator[str]:
    if population.as_of is not None:
        yield f"  as_of: {population.as_of.isoformat()}"
    if population.customers is not None:
        yield f"  customers: {population.customers}"
    if population.indicators:
        yield "  indicators:"
    for name, figures in population.indicators.items():
        remark = f"  # {remarks[name]}" if name in remarks else ""
        yield f"    {name}: {_flow(figures)}{remark}"
    if population.peers:
        yield "  peers:"
    for attribute, texts in population.peers.items():
        yield f"    {attribute}:" + ("" if texts else " {}")
        for text, centres in texts.items():
            yield f"      {_quoted(text)}:"
            yield from (f"        {name}: {_flow(centre)}" for name, centre in centres.items())
    if population.regressions:
        yield "  regressions:"
    for name, regression in population.regressions.items():
        yield f"    {name}: {_flow(regression)}"
    if population.bounds:
        yield "  bounds:"
    for score, tiers in population.bounds.items():
        yield f"    {score}:"
        yield from (f"      {tier}: {_flow(bounds)}" for tier, bounds in tiers.items())


def _flow(value: Any) -> str:
    """Return numbers, and parts and lists of them, as YAML in one line."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return repr(value).removesuffix(".0")


def _quoted(text: str) -> str:
    r"""Return a text in double quotes, as YAML takes any.

    >>> print(_quoted('N/A: "\x07" 东'))
    "N/A: \"\U00000007\" 东"
    """
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'


def with_population(text: str, section: str, version: int) -> str:
    r"""Return the text of a model file with another section `population` and another version.

    The file is one that `parse` reads.

    Raises:
        CalibrationError: It is written in braces, so that no section fits in.

    >>> text = "model: {name: a, version: 3}  # ours\nscores: …\n"
    >>> print(with_population(text, "population: …\n", 4))
    model: {name: a, version: 4}  # ours
    scores: …
    <BLANKLINE>
    population: …
    <BLANKLINE>
    """
    root = YAML(typ="rt", pure=True).compose(text)
    if not isinstance(root, MappingNode) or root.flow_style:
        raise CalibrationError(
            "is one mapping in braces, which no section can be put into; write it in lines, "
            "or put the printed section in by hand"
        )
    section = section.replace("\n", "\r\n") if "\r\n" in text else section
    first, end = _place(text, root)
    if first == end:
        line_end = "\r\n" if "\r\n" in text else "\n"
        before = text[:first]
        gap = line_end if before.endswith(("\n", "\r")) else 2 * line_end
        section = gap + section
    old = _value(_value(root, "model"), "version")
    changes = [
        (first, end, section),
        (old.start_mark.index, old.end_mark.index, str(version)),
    ]
    for start, stop, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[stop:]
    return text


def _value(mapping: Any, key: str) -> Any:
    return next(value for name, value in mapping.value if name.value == key)


def _place(text: str, root: MappingNode) -> tuple[int, int]:
    """Return where the section stands, or twice where it can be put: behind all others."""
    for key, value in root.value:
        if key.value == "population":
            return key.start_mark.index, _end(text, value)
    return root.end_mark.index, root.end_mark.index


def _end(text: str, node: Any) -> int:
    """Return where the last line of a part ends, without comments and blank lines behind it."""
    end: int = node.end_mark.index
    if not node.flow_style:
        end = _BEHIND.search(text[:end]).start()  # type: ignore[union-attr]  # "" matches
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    return end + (2 if text[end : end + 2] == "\r\n" else 1 if end < len(text) else 0)
