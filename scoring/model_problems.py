"""Where in a model file a problem stands, and how it is told."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from scoring.errors import Problem
from scoring.parts import MemberError, unknown

_MISSING: Final = ("missing", "union_tag_not_found")
_LENGTH: Final = re.compile(
    r"\w+ should have at (least|most) (\d+) items? after validation, not \d+"
)
Path = tuple[str | int, ...]


def problems_of(tree: Any, errors: Sequence[ErrorDetails]) -> list[Problem]:
    """Return pydantic's errors as problems of the file that `tree` was loaded from.

    A tree that knows no lines, as JSON gives it, has all in line 1.
    """
    paths = [_path(error) for error in errors]
    return [
        Problem(*_place(tree, path, missing=error["type"] in _MISSING), _message(error))
        for path, error in zip(paths, errors, strict=True)
        if not (error["type"] == "too_short" and any(_is_inside(path, other) for other in paths))
    ]


def _is_inside(part: Path, path: Path) -> bool:
    """Whether a path leads to something within a part: then the part is not really too short."""
    return len(path) > len(part) and path[: len(part)] == part


def _path(error: ErrorDetails) -> Path:
    path = error["loc"]
    if error["type"].startswith("union_tag_"):
        return (*path, _key_of_kind(error))
    found = error.get("ctx", {}).get("error")
    return (*path, *found.path) if isinstance(found, MemberError) else path


def _key_of_kind(error: ErrorDetails) -> str:
    """Return the key that tells which branch of a union a part is: `kind`, or `method`."""
    key: str = error["ctx"]["discriminator"]
    return key.strip("'")


def _place(tree: Any, path: Path, *, missing: bool) -> tuple[int, str]:
    """Return the line (1-based) and the dotted path of the part of the file at a path.

    What is not in the file is a union's branch, or at the end a key that is missing.
    """
    line, names, node = 1, list[str](), tree
    for n, part in enumerate(path):
        if isinstance(node, Mapping) and part in node:
            line = node.lc.key(part)[0] + 1 if isinstance(node, CommentedMap) else line
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1 if isinstance(node, CommentedSeq) else line
        elif missing and n == len(path) - 1:
            names.append(str(part))
            break
        else:
            continue
        names.append(str(part))
        node = node[part]
    return line, ".".join(names)


def _message(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _MISSING:
        return "is missing"
    if kind == "union_tag_invalid":
        kinds = context["expected_tags"].replace("'", "").split(", ")
        return unknown(context["tag"], kinds, _key_of_kind(error))
    if kind in ("value_error", "unknown_key"):
        return error["msg"].removeprefix("Value error, ")
    if length := _LENGTH.fullmatch(error["msg"]):
        return f"must hold at {length[1]} {length[2]}"
    told = re.sub(r"^(Input|String) should", "must", error["msg"])
    found = error["input"]
    return told if isinstance(found, Mapping | tuple) else f"{told}, not {found!r}"
