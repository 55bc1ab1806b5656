"""A user's TOML file as a checked record; every problem in it is named at once, with a remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from data.errors import ConfigurationError
from data.lookup import nearest

Record = TypeVar("Record", bound=BaseModel)
FORBIDDEN, MISSING = "extra_forbidden", "missing"
OWN_WORDS = "Value error, "
"""What pydantic puts before a sentence of ours."""
LONGEST = 40
"""Of a value that is repeated to the user."""


def read_toml(path: Path, model: type[Record]) -> Record:
    """The record that a TOML file describes.

    Raises:
        ConfigurationError: the file cannot be read, is no TOML, has unknown keys (the nearest known
            one is named) or values of a wrong kind; all of them in one message.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}); give the path of a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8; save it as UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}; expected TOML, as factor = 1.2") from error
    try:
        return model.model_validate(table)
    except ValidationError as error:
        found = [_sentence(model, detail) for detail in error.errors(include_url=False)]
        if len(found) == 1:
            raise ConfigurationError(f"{path}: {found[0]}") from error
        lines = "\n".join(f"- {said}" for said in found)
        raise ConfigurationError(f"{path}: {len(found)} problems:\n{lines}") from error


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    """One problem: where, what was found, what was expected."""
    place, kind, said = detail["loc"], detail["type"], detail["msg"]
    where = _where(place[:-1])
    key = str(place[-1]) if place else ""
    if kind == FORBIDDEN:
        known = _keys(_model_at(model, place[:-1]))
        near = nearest(key, known)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        return f"{where}unknown key {key!r}{hint} expected one of {', '.join(known)}"
    if kind == MISSING:
        return f"{where}{key} is missing; add it"
    if said.startswith(OWN_WORDS):
        return f"{_where(place)}{said.removeprefix(OWN_WORDS)}"
    what = said[:1].lower() + said[1:]
    return f"{where}{key} is {_shortened(detail['input'])}; {what}"


def _where(place: Sequence[int | str]) -> str:
    """'capacity 2: ' for ('capacity', 1)."""
    words = [str(part + 1) if isinstance(part, int) else part for part in place]
    return f"{' '.join(words)}: " if words else ""


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else [of.alias or key for key, of in model.model_fields.items()]


def _model_at(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel] | None:
    """The model whose keys are expected at a place of the file."""
    found: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, int):
            continue
        of = {field.alias or key: field for key, field in model.model_fields.items()}.get(part)
        found = None if of is None else _inner(of.annotation)
        if found is None:
            return None
        model = found
    return found


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as tuple[Model, ...] or Model | None is about."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for arg in get_args(annotation) if (inner := _inner(arg))), None)


def _shortened(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."
