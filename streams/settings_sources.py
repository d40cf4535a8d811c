"""Where settings come from: a file, the environment, files of secrets, the command line.

Each source is a tree of values and the place of each value. They are laid over each other, checked
as a whole by `Settings`, and every problem is reported at the place that it comes from.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings import SettingsError as UnreadableVariableError

from scoring.plain_yaml import PlainYamlError, load
from streams.errors import Misfit, SettingsError
from streams.packaged import PACKAGED
from streams.redis_url import parted_url

PREFIX: Final = "VALUEPULSE_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
SECRET_FILE: Final = "_FILE"  # noqa: S105 - the end of a variable's name
_CERTIFICATES: Final = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")
_PATHS: Final = (
    "model", "dashboard.tokens_file",
    *(f"{section}.{name}" for section in ("kafka", "redis") for name in _CERTIFICATES),
)  # fmt: skip
"""Relative ones in a file are relative to its folder."""


_LIKE_A_PATH: Final = ("/", "./", "../", "~")  # else it may be the secret itself, by mistake


class Source(NamedTuple):
    """Values as a tree, and where each stands: dotted path → place."""

    values: dict[str, Any]
    places: dict[str, str]


def gather(
    cls: type[BaseSettings], path: Path | None, options: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of all sources and the place of each, checked.

    Raises:
        SettingsError: With every problem found.
    """
    values, places, problems = _collect(cls, path, options)
    try:
        cls(**values)
    except ValidationError as error:
        problems += [_misfit(cls, e, places) for e in error.errors()]
    if problems:
        raise SettingsError(sorted(problems, key=_reading_order))
    return values, places


def model_named(cls: type[BaseSettings], path: Path | None) -> Path:
    """Return the scoring model that settings name which cannot be used otherwise."""
    values, _, _ = _collect(cls, path, {})
    return Path(str(values.get("model") or cls.model_fields["model"].default))


def setting_paths(model: type[BaseModel]) -> list[str]:
    """Return the dotted path of every setting, in the order of the class."""
    paths = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            paths += [f"{name}.{inner}" for inner in setting_paths(field.annotation)]
        else:
            paths.append(name)
    return paths


def _collect(
    cls: type[BaseSettings], path: Path | None, options: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str], list[Misfit]]:
    """Lay all sources over each other: the values, the place of each, and what cannot be read."""
    problems: list[Misfit] = []
    sources = [
        _of_file(path, problems),
        _of_environment(cls, problems),
        _of_secret_files(cls, problems),
        _of_options(options),
    ]
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for source in sources:
        _lay_over(values, source.values)
        for name, place in source.places.items():
            places.pop(name, None)  # what is given last stands last
            places[name] = place
    _place_credentials(values, places)
    return values, places, problems


def _place_credentials(values: Mapping[str, Any], places: dict[str, str]) -> None:
    """Let credentials that the settings take out of Redis's URL come from where it does."""
    redis = values.get("redis")
    if isinstance(redis, Mapping) and isinstance(url := redis.get("url"), str):
        for name in parted_url(url).credentials:
            if redis.get(name) is None:
                places[f"redis.{name}"] = places["redis.url"]


# ------------------------------------------------------------------------------------------ file


def chosen_file(path: Path | None) -> tuple[Path, str]:
    """Return the settings file to read, and who chose it."""
    if path is not None:
        return path, "--config"
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named), CONFIG_VARIABLE
    return PACKAGED / "streams.yaml", "the packaged settings"


def _of_file(path: Path | None, problems: list[Misfit]) -> Source:
    path, chooser = chosen_file(path)
    shown = short(path)
    try:
        tree = load(path.read_text("utf-8"))
    except OSError as error:
        problems.append(Misfit(chooser, shown, f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        problems.append(
            Misfit(shown, "(file)", f"is not UTF-8: byte {error.start} is {error.reason}")
        )
    except PlainYamlError as error:
        problems.append(Misfit(f"{shown}:{error.line}", "(file)", error.message))
    else:
        if tree is None:  # nothing but comments
            return Source({}, {})
        if isinstance(tree, Mapping):
            return _placed(tree, path)
        problems.append(
            Misfit(f"{shown}:1", "(file)", "is not a mapping; write it like `clock: wall`")
        )
    return Source({}, {})


def _placed(tree: Any, path: Path) -> Source:
    places = {}
    for name, line in _lines(tree):
        places[name] = f"{short(path)}:{line}"
    values = _plain(tree)
    for name in _PATHS:
        *sections, leaf = name.split(".")
        parent = values
        for section in sections:
            parent = parent.get(section) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and isinstance(parent.get(leaf), str):
            parent[leaf] = str(path.parent / parent[leaf])
    return Source(values, places)


def _lines(tree: Any, above: str = "") -> Iterator[tuple[str, int]]:
    for key, value in tree.items():
        name = f"{above}{key}"
        yield name, tree.lc.key(key)[0] + 1
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}.")


def _plain(node: Any) -> Any:
    """Return ruamel's round-trip tree as plain Python values; a section left empty is no value."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    for scalar in (bool, int, float, str):
        if isinstance(node, scalar):
            return scalar(node)
    return node


# ----------------------------------------------------------------------------------- environment


def _of_environment(cls: type[BaseSettings], problems: list[Misfit]) -> Source:
    try:
        values = EnvSettingsSource(cls)()
    except UnreadableVariableError as error:
        hint = "give each setting a variable of its own"
        problems.append(Misfit("environment", "(variables)", f"{error}; {hint}"))
        return Source({}, {})
    for path in _secrets(cls):
        section, name = path.split(".")
        values.get(section, {}).pop(f"{name}{SECRET_FILE}".lower(), None)
    places = {path: variable(path) for path in _leaves(values)}
    problems += _unknown_variables(cls, set(places.values()))
    return Source(values, places)


def variable(path: str) -> str:
    """Return the name of the variable that gives a setting."""
    return PREFIX + path.replace(".", "__").upper()


def _unknown_variables(cls: type[BaseSettings], taken: set[str]) -> Iterator[Misfit]:
    """Find variables that look like settings, and are none of a known section.

    One with two underscores can be nothing else. One without is only suspected when it is close to
    a setting: tests have variables of their own, and so does Kubernetes for a service of our name.
    """
    paths = setting_paths(cls)
    known = {variable(path) for path in paths} | {variable(name) for name in cls.model_fields}
    known |= {variable(path) + SECRET_FILE for path in _secrets(cls)} | {CONFIG_VARIABLE}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known | taken:
            close = get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.9)
            if close or "__" in name:
                hint = (
                    f"did you mean {close[0]}?" if close else "`valuepulse config show` lists all"
                )
                yield Misfit(name, "(variable)", f"there is no such setting; {hint}")


def _of_secret_files(cls: type[BaseSettings], problems: list[Misfit]) -> Source:
    source = Source({}, {})
    for path in _secrets(cls):
        name = variable(path) + SECRET_FILE
        if file := os.environ.get(name):
            try:
                secret = Path(file).read_text("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                shown = file if file.startswith(_LIKE_A_PATH) else "the file that it must name"
                reason = getattr(error, "strerror", None) or "is not UTF-8"
                problems.append(Misfit(name, path, f"cannot read {shown}: {reason}"))
            else:
                _put(source.values, path, secret)
                source.places[path] = name
    return source


def _secrets(cls: type[BaseSettings]) -> list[str]:
    return [
        f"{section}.{name}"
        for section, field in cls.model_fields.items()
        for name, inner in getattr(field.annotation, "model_fields", {}).items()
        if inner.annotation == SecretStr | None
    ]


# ---------------------------------------------------------------------------------- command line


def _of_options(options: Mapping[str, Any]) -> Source:
    source = Source({}, {})
    for path, value in options.items():
        if value is not None:
            _put(source.values, path, value)
            source.places[path] = "command line"
    return source


# ------------------------------------------------------------------------------------------ trees


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, Mapping) else value


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *sections, leaf = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[leaf] = value


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def _misfit(cls: type[BaseSettings], error: Any, places: Mapping[str, str]) -> Misfit:
    path = ".".join(str(part) for part in error["loc"])
    where = places.get(path) or _place_above(path, places)
    if error["type"] == "extra_forbidden":
        return Misfit(where, path, f"there is no such setting; {_hint(cls, path)}")
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    if error["type"] != "value_error" and isinstance(given, (str, int, float)):
        message = f"{_quoted(cls, path, given)} does not fit: {message}"
    return Misfit(where, path, message)


def _quoted(cls: type[BaseSettings], path: str, given: object) -> str:
    """Return a value as an error shows it; a section that should not be a text may be a secret."""
    secret = path == "redis.url" or any(name.startswith(path) for name in _secrets(cls))
    return "what stands here" if secret else repr(given)


def _reading_order(misfit: Misfit) -> tuple[str, int]:
    """Sort the problems of a file as its lines."""
    file, _, line = misfit.where.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else (misfit.where, 0)


def _place_above(path: str, places: Mapping[str, str]) -> str:
    """Return where a section of several values comes from: the place of the value given last."""
    inside = [place for name, place in places.items() if name.startswith(f"{path}.")]
    if inside:
        return inside[-1]
    above = path.rpartition(".")[0]
    return _place_above(above, places) if above else "default"


def _hint(cls: type[BaseSettings], path: str) -> str:
    known = [*setting_paths(cls), *cls.model_fields]
    close = (
        get_close_matches(path, known, n=1)
        or [name for name in known if name.endswith(f".{path}")][:1]
    )
    return f"did you mean {close[0]}?" if close else "`valuepulse config show` lists all"


def short(path: Path) -> str:
    """Return a path as people read it: from the current folder, if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
