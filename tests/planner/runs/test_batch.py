"""A batch says what is to be done every month, and is refused in a sentence where it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data.errors import ConfigurationError
from data.terms import Budget
from planner.config import PlanConfig, Solving
from planner.runs.approval import Rules, read_rules
from planner.runs.batch import PLAN_KEYS, check_month, config_of, read_batch

ROOT = Path(__file__).parents[3]
WHOLE = """
[[job]]
name = "shops"
forecast = "{month}/forecast.csv"
max_urgent = 20

[job.tables]
stock = "{month}/stock.csv"
columns = { unique_id = "SKU" }
law = "gamma"

[job.plan]
horizon = 14
gap = 0.01
seed = 7
brains = "brains"
budget = { total = 1000 }
fence = { days = 3 }

[job.approval]
mode = "by exception"
urgent = 5

[job.export]
map = "erp.toml"
out = "{month}.csv"

[[job]]
name = "web"
sales = "/data/sales.csv"
days = 90
"""


def written(folder: Path, text: str) -> Path:
    """A batch file."""
    path = folder / "batch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_batch_says_all_that_a_plan_can_be_told(tmp_path: Path) -> None:
    """Paths are beside the file, and the month is put in; what is not said keeps its default."""
    path = written(tmp_path, WHOLE)
    shops, web = read_batch(path, "2026-12").job
    config = config_of(shops, path)
    assert config.forecast == tmp_path / "2026-12" / "forecast.csv"
    assert config.tables.stock == tmp_path / "2026-12" / "stock.csv"
    assert config.tables.columns == {"unique_id": "SKU"}
    assert config.tables.law == "gamma"
    assert config.brains == tmp_path / "brains"
    assert (config.horizon, config.seed, config.fence.days) == (14, 7, 3)
    assert config.solving == Solving(gap=0.01)
    assert config.budget == Budget(total=1000)
    assert shops.approval == Rules(mode="by exception", urgent=5)
    assert shops.max_urgent == 20
    assert shops.export is not None
    assert shops.export.out == Path("2026-12.csv")
    assert config_of(web, path) == PlanConfig(Path("/data/sales.csv"))
    assert web.approval == Rules()


def test_every_option_of_a_plan_can_be_said_but_where_it_goes() -> None:
    """An option that is added to plans can be said in a batch at once."""
    missing = set(vars(PlanConfig(Path("f")))) - set(PLAN_KEYS)
    assert missing == {"forecast", "tables", "out", "overwrite", "solving"}
    assert set(vars(Solving())) <= set(PLAN_KEYS)


def test_the_examples_in_the_guide_are_read(tmp_path: Path) -> None:
    """As they are printed: a batch, and rules of approval."""
    guide = (ROOT / "docs" / "runs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    rules, batch = blocks
    path = tmp_path / "rules.toml"
    path.write_text(rules, encoding="utf-8")
    assert read_rules(path).mode == "by exception"
    (job,) = read_batch(written(tmp_path, batch), "2026-12").job
    assert job.sales == Path("exports/2026-12/sales.csv")
    assert set(Rules.model_fields) == {line.split(" ")[0] for line in rules.splitlines()}


JOB = '[[job]]\nname = "shops"\nforecast = "forecast.csv"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "job is missing"),
        ("job = []", "job"),
        ("[[jobs]]\nname = 'a'", "'job'"),
        (JOB + "max_urgnet = 3", "'max_urgent'"),
        (
            JOB + "[job.plan]\nhorizn = 3",
            "job shops, plan: unknown key 'horizn'; did you mean 'horizon'",
        ),
        (JOB + "[job.plan]\nout = 'x'", "unknown key 'out'"),
        (JOB + "[job.plan]\nhorizon = 0", "--horizon is 0"),
        (JOB + "[job.plan.budget]\ntotl = 3", "'total'"),
        (JOB + "[job.tables]\nstokc = 's.csv'", "did you mean 'stock'"),
        (JOB + "[job.tables]\nlaw = 'murphy'", "--law is 'murphy'"),
        (JOB + "[job.approval]\nmod = 'manual'", "'mode'"),
        (JOB + "[job.export]\nout = 'x'", "map is missing"),
        (JOB + JOB, "two jobs are called 'shops'"),
        (JOB + JOB.replace("shops", "SHOPS"), "two jobs are called 'shops'"),
        (JOB + "sales = 's.csv'", "either forecast or sales"),
        ("[[job]]\nname = 'shops'", "either forecast or sales"),
        (JOB.replace("shops", "../shops"), "name"),
        (JOB.replace("shops", ".hidden"), "name"),
        (JOB.replace("shops", ""), "name"),
        ("job = ", "expected TOML"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    """It names the file, the key and the nearest that is known."""
    with pytest.raises(ConfigurationError) as refused:
        read_batch(written(tmp_path, text), "2026-12")
    assert "batch.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_batch_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(ConfigurationError, match=r"batch\.toml: cannot be read"):
        read_batch(tmp_path / "batch.toml", "2026-12")


@pytest.mark.parametrize("month", ["2026-12", "2027-01", "0001-09"])
def test_a_month_is_a_year_and_a_number(month: str) -> None:
    """From 1 to 12."""
    assert check_month(month) == month


@pytest.mark.parametrize(
    "month",
    ["2026-13", "2026-00", "2026-1", "26-12", "2026", "", "../x-12", "2026-12-01", "２０２６-12"],
)
def test_what_is_no_month_is_refused(month: str) -> None:
    """Before a folder is named after it."""
    with pytest.raises(ConfigurationError, match="as 2026-12"):
        check_month(month)
