"""YAML as settings and models may be written: one document, plain values, bounded.

Anchors and aliases are refused: with them, a file of a few hundred bytes stands for gigabytes. So
are tags, and sizes and depths that people don't write. Lines are kept, for errors to name.
"""

from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import ScalarNode

LARGEST: Final = 1 << 20
"""Characters; the packaged model has some 5,000."""

DEEPEST: Final = 20
"""Levels of mappings and lists; a model has seven."""

LONGEST_NUMBER: Final = 100
"""Digits: Python refuses to read, or to show in an error, a number of thousands."""


class PlainYamlError(ValueError):
    """Text that is not such YAML: the line, from 1 on, and what is wrong with it."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}")


def load(text: str) -> Any:
    r"""Return what YAML 1.2 text says, as ruamel's tree that knows its lines; dates stay text.

    Raises:
        PlainYamlError: It is too large, not YAML, or not plain. Values are never quoted: a file of
            settings may hold a secret.

    >>> load("a: [1, no]")["a"]
    [1, 'no']
    >>> load("base: &base {x: 1}\ncopy: *base")
    Traceback (most recent call last):
        ...
    scoring.plain_yaml.PlainYamlError: line 1: has the anchor &base: aliases are not taken
    """
    if len(text) > LARGEST:
        raise PlainYamlError(1, f"has {len(text)} characters, at most {LARGEST} are read")
    yaml = YAML(typ="rt", pure=True)
    yaml.Composer = _PlainComposer
    yaml.Constructor = _PlainConstructor
    try:
        return yaml.load(text)
    except _RefusedError as error:
        raise PlainYamlError(_line(error), str(error.problem)) from None
    except DuplicateKeyError as error:
        raise PlainYamlError(_line(error), f"not YAML: {_without_values(error)}") from None
    except MarkedYAMLError as error:
        what = error.problem or error.context
        raise PlainYamlError(_line(error), f"not YAML: {what}") from None
    except YAMLError as error:
        raise PlainYamlError(1, f"not YAML: {str(error).splitlines()[0]}") from None


class _RefusedError(MarkedYAMLError):
    """YAML, but more than a plain file needs."""


class _PlainComposer(Composer):
    """Refuses each node before anything is made of it."""

    _level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node and those below it, if it is plain."""
        event, where = self.parser.peek_event(), self.parser.peek_event().start_mark
        if isinstance(event, AliasEvent):
            _refuse(f"has the alias *{event.anchor}: write out what it stands for", where)
        if event.anchor is not None:
            _refuse(f"has the anchor &{event.anchor}: aliases are not taken", where)
        if event.ctag is not None:
            _refuse(f"has the tag {event.ctag}: write a plain value", where)
        if self._level == DEEPEST:
            _refuse(f"is nested deeper than {DEEPEST} levels", where)
        self._level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1


class _PlainConstructor(RoundTripConstructor):
    """Leaves a date as it is written, so that one that the calendar lacks is a named problem."""

    def construct_number(self, node: ScalarNode) -> Any:
        """Construct a whole number of a length that anything can be made of."""
        if len(node.value) > LONGEST_NUMBER:
            _refuse(f"has a number of more than {LONGEST_NUMBER} digits", node.start_mark)
        return self.construct_yaml_int(node)


_PlainConstructor.add_constructor("tag:yaml.org,2002:int", _PlainConstructor.construct_number)
_PlainConstructor.add_constructor(
    "tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str
)


def _refuse(problem: str, mark: StreamMark) -> None:
    raise _RefusedError(problem=problem, problem_mark=mark)


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _without_values(error: DuplicateKeyError) -> str:
    """Return ruamel's words up to the key; it goes on with both values."""
    return str(error.problem).partition(" with value ")[0]
