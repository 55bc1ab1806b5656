"""Scenario files say what they change, or are refused in a sentence."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from data.errors import ConfigurationError
from planner.what_if import read_what_ifs

ROOT = Path(__file__).parents[2]
GROWS = 'name = "grows"\n[[capacity]]\nstage = "Store"\nfactor = 1.2\n'


def written(folder: Path, text: str, name: str = "a.toml") -> Path:
    """A file of this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    """The message that a file of this text is refused with."""
    with pytest.raises(ConfigurationError) as told:
        read_what_ifs([written(folder, text)])
    return str(told.value)


def test_a_scenario_knows_its_changes_and_its_file(tmp_path: Path) -> None:
    """Changes are named by kind and number; the file stands among what was read."""
    text = GROWS + '[[cost]]\nterm = "unit_cost"\nvalue = 3\n[budget]\ntotal = 10\n'
    (found,) = read_what_ifs([written(tmp_path, text)])
    assert [name for name, _ in found.what_if.numbered] == ["capacity 1", "cost 1", "budget"]
    assert found.source.records == 3
    assert found.source.sha256 == sha256(text.encode()).hexdigest()


def test_the_sample_scenario_has_every_kind_of_change() -> None:
    """docs/what_if.toml can be read, and shows all that may be changed."""
    (found,) = read_what_ifs([ROOT / "docs" / "what_if.toml"])
    kinds = {name.partition(" ")[0] for name, _ in found.what_if.numbered}
    fields = set(type(found.what_if).model_fields) - {"name", "description"}
    assert kinds == fields


def test_two_scenarios_of_one_name_are_refused(tmp_path: Path) -> None:
    """Nobody could tell them apart in a table; two files of one scenario each get a number."""
    again = written(tmp_path, GROWS.replace("grows", "more"), "b.toml")
    first, second = read_what_ifs([written(tmp_path, GROWS), again])
    assert first.source.table != second.source.table
    with pytest.raises(ConfigurationError, match="'grows' is used by two scenarios"):
        read_what_ifs([written(tmp_path, GROWS), written(tmp_path, GROWS, "c.toml")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a"\n', "nothing is changed"),
        (GROWS.replace("grows", "base"), "name is 'base', expected a name other than 'base'"),
        (GROWS.replace("factor", "facter"), "did you mean 'factor'?"),
        (GROWS + "value = 3\n", "capacity 1: both of factor and value given"),
        (GROWS.replace("factor = 1.2", ""), "neither of factor and value given"),
        (GROWS.replace("1.2", "-1.0"), "factor is -1.0"),
        (GROWS.replace("1.2", "nan"), "factor is nan"),
        (GROWS.replace("1.2", "true"), "factor is True"),
        ('name = "a"\n[[cost]]\nterm = "price"\nfactor = 2\n', "term is 'price'"),
        ('name = "a"\n[[lead_time]]\ndays = 1\n', "names neither a stage nor suppliers"),
        ('name = "a"\n[[lead_time]]\nstage = "S"\ndays = 1\nvalue = 1\n', "both of days and"),
        ('name = "a"\n[[order_days]]\ndays = ["Mon"]\n', "expected a stage or suppliers"),
        ('name = "a"\n[[order_days]]\nstage = "S"\ndays = ["Moon"]\n', "days is ['Moon']"),
        (
            'name = "a"\n[[demand]]\nmean = 2\nfrom = 2027-02-01\nto = 2027-01-01\n',
            "from is 2027-02-01, after to, 2027-01-01",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the place in the file, what was found and what is expected."""
    assert said in refused(tmp_path, text)
