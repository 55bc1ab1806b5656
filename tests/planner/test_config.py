"""Options of a plan survive being written down, all of them, and unknown ones are refused."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from math import inf
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from data.demand import LAWS
from data.errors import ConfigurationError
from data.terms import Budget
from milp.segments import Goal
from planner.config import PlanConfig, Solving, config_from, stated
from planner.engine import ENGINES
from planner.planning import MODES
from planner.replay import REPLAYS
from planner.rules import PRICINGS

CHOICES = {
    "mode": MODES,
    "goal": tuple(goal.value for goal in Goal),
    "engine": ENGINES,
    "replay": REPLAYS,
    "pricing": PRICINGS,
    "law": LAWS,
    "decimal": (".", ","),
    "dates": ("day-first", "month-first"),
}
"""Words that an option may have."""


def changed(record: Any) -> Any:
    """The record with every field, at any depth, set to another value that it may have.

    Raises:
        AssertionError: there is a field of a kind that nothing here knows another value of.
    """
    hints = get_type_hints(type(record))
    found = {
        part.name: another(part.name, getattr(record, part.name), hints[part.name])
        for part in fields(record)
    }
    made = replace(record, **found)
    for name in found:
        assert getattr(made, name) != getattr(record, name), name
    return made


def another(name: str, value: Any, kind: Any) -> Any:
    """A value that an option may have, and has not."""
    if is_dataclass(value):
        return changed(value)
    if name in CHOICES:
        return next(word for word in CHOICES[name] if word != value)
    if isinstance(kind, UnionType):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if kind is bool:
        return not value
    if kind is Path:
        return Path(f"{value or 'folder'}/{name}")
    if kind is int:
        return (value or 0) + 3
    if kind is float:
        return 0.25 if value is None or value != 0.25 else 0.5
    if kind is str:
        return f"{value or ''}utf-8"
    if get_origin(kind) is tuple:
        return (Path(f"one/{name}"), Path(f"two/{name}"))
    assert "Mapping" in str(kind), f"{name}: how is another {kind} made?"
    return {"unique_id": "SKU"}


def test_every_option_of_a_plan_survives_being_written_down() -> None:
    """An option that is added and forgotten would fail here: all are away from their defaults."""
    config: PlanConfig = changed(PlanConfig(Path("forecast.csv")))
    assert config_from(json.loads(json.dumps(stated(config))), "here") == config


def test_what_is_not_said_keeps_its_default() -> None:
    """And what has no end is written as JSON knows it."""
    config = PlanConfig(Path("forecast.csv"))
    assert config.budget == Budget(inf, inf)
    text = json.dumps(stated(config), allow_nan=False)
    assert config_from(json.loads(text), "here") == config
    assert config_from({"forecast": "forecast.csv"}, "here") == config
    said = {"forecast": "forecast.csv", "solving": {"gap": 0.5}}
    assert config_from(said, "here") == replace(config, solving=Solving(gap=0.5))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"horizont": 3}, "'horizont'; 'horizon' may be meant"),
        ({"solving": {"gapp": 3}}, "'gapp'; 'gap' may be meant"),
        ({"horizon": "soon"}, "horizon is 'soon'; input should be a valid integer"),
        ({"horizon": 0}, "--horizon is 0, expected 1 to 365"),
        ({"solving": {"mode": "magic"}}, "--mode is 'magic'"),
        ({"fence": {"days": -1}}, "days is -1"),
        ({"budget": {"total": -1}}, "total is -1"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_a_sentence(
    said: dict[str, Any], sentence: str
) -> None:
    """It names the option, what was found and what was expected."""
    with pytest.raises(ConfigurationError) as refused:
        config_from({"forecast": "forecast.csv", **said}, "batch.toml")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
