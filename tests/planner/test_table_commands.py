"""`planner init` and `planner validate`, as a person meets them."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from data.catalogue import read_scenario
from data.errors import PlannerError
from data.history import read_sales
from data.network import network_from_table
from data.sample import write_sample
from planner import table_commands
from planner.starting import COST_SHARE

app = typer.Typer()
table_commands.register(app)
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(autouse=True)
def _desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with the tables of six products, their past included."""
    write_sample(tmp_path / "tables", products=6, days=20, seed=5, history=True)
    return tmp_path / "tables"


def run(*words: object) -> tuple[int, str]:
    """Exit code, and all that was said in one line."""
    ended = CliRunner().invoke(app, [str(word) for word in words])
    said = ended.output
    if isinstance(ended.exception, PlannerError):
        return ended.exception.exit_code, f"{said} {ended.exception}"
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, " ".join(said.split())


def issues(path: Path = Path("data_issues.csv")) -> list[dict[str, str]]:
    """The rows of the list."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("command", ["init", "validate"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    """And every option has help."""
    ended = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert ended.exit_code == 0
    assert f"Example: planner {command}" in " ".join(ended.output.split())
    (found,) = (c for c in typer.main.get_command(app).commands.values() if c.name == command)
    assert all(parameter.help for parameter in found.params if parameter.name != "help")


def test_good_tables_have_a_verdict_of_one_line(tables: Path) -> None:
    """What can be planned, and what can be learnt from."""
    code, said = run("validate", "--products", tables, "--sales", tables / "sales.parquet")
    assert code == 0
    assert "6 of 6 products can be planned from 2027-01-04 for 20 days." in said
    assert "6 of 6 products have sales to learn from, on 731 days from 2025-01-03 on." in said
    assert {row["severity"] for row in issues()} == {"assumed"}


def test_all_problems_of_all_files_are_said_at_once(tables: Path) -> None:
    """Tables and sales; every one of them is in the list."""
    stock = (tables / "stock.csv").read_text().replace("New York", "New Work")
    (tables / "stock.csv").write_text(stock + "P0001,Tennessee,-5\n")
    text = "unique_id,ds,y\n" + "".join(f"P0001,2026-01-{day},1\n" for day in range(10, 20))
    (tables / "sales.csv").write_text(text.replace("01-15,1", "01-15,lots"))
    code, said = run("validate", "--products", tables, "--sales", tables / "sales.csv")
    assert code == 3
    for word in ("is not a stage of the network", "on_hand is below 0", "y is not a finite number"):
        assert word in said
    assert "The tables cannot be used as they are. The sales cannot be used as they are." in said
    assert "more" in said, "five examples are enough on the screen"
    rows = issues()
    assert sum("not a stage" in row["rule"] for row in rows) == 6
    assert {row["severity"] for row in rows} >= {"error", "skipped", "assumed"}


def test_a_bad_product_can_be_left_out_and_strictness_says_so(tables: Path) -> None:
    """Exit code 0 with --skip-bad, 4 where --strict is asked for, too."""
    products = (tables / "products.csv").read_text().splitlines()
    cells = products[1].split(",")
    cells[1] = "-1"
    (tables / "products.csv").write_text("\n".join([products[0], ",".join(cells), *products[2:]]))
    assert run("validate", "--products", tables)[0] == 3
    code, said = run("validate", "--products", tables, "--skip-bad")
    assert code == 0
    assert "5 of 6 products can be planned" in said
    assert run("validate", "--products", tables, "--skip-bad", "--strict")[0] == 4


def test_masked_stretches_are_not_let_pass_when_strict(tables: Path) -> None:
    """The shipped sales have two stock-outs, which can also be left in."""
    sales = ("--sales", DATA / "sales.parquet", "--strict")
    code, said = run("validate", *sales)
    assert code == 4
    assert "probably a stock-out" in said
    assert run("validate", *sales, "--keep-stockouts")[0] == 0


def test_a_mapping_is_used_where_its_column_belongs(tables: Path) -> None:
    """y is of the sales, on_hand is of the stock; a name that no table has is refused."""
    stock = (tables / "stock.csv").read_text().replace("on_hand", "Lager")
    (tables / "stock.csv").write_text(stock)
    (tables / "sales.csv").write_text("unique_id,ds,Menge\nP0001,2026-01-05,1\n")
    both = ("--products", tables, "--sales", tables / "sales.csv")
    code, said = run("validate", *both, "--map", "y=Menge", "--map", "on_hand=Lager")
    assert code == 0, said
    code, said = run("validate", *both, "--map", "yy=Menge")
    assert code == 2
    assert "no table has a column 'yy'" in said


def test_bad_options_are_refused(tables: Path) -> None:
    """With what was expected."""
    for words in (("--law", "cauchy"), ("--decimal", ";"), ("--dates", "never"), ("--map", "y")):
        code, said = run("validate", "--products", tables, *words)
        assert code == 2
        assert words[0] in said


def test_decimal_commas_and_days_can_be_asked_for(tables: Path) -> None:
    """1,500 and 01/02/2027 are read as the user says."""
    text = "unique_id;ds;y\nP0001;01/02/2026;1,500\n"
    (tables / "sales.csv").write_text(text)
    code, said = run("validate", "--sales", tables / "sales.csv")
    assert code == 3
    assert "--dates day-first" in said
    said = run("validate", "--sales", tables / "sales.csv", "--dates", "day-first")[1]
    assert "--decimal ," in said
    options = ("--dates", "month-first", "--decimal", ",")
    code, said = run("validate", "--sales", tables / "sales.csv", *options)
    assert code == 0
    assert "on 1 day from 2026-01-02 on" in said


def test_a_sample_folder_runs(tmp_path: Path) -> None:
    """Tables, network and sales; and it is said what comes next."""
    code, said = run("init", tmp_path / "trial", "--products", 4, "--days", 9)
    assert code == 0
    assert "planner plan --products" in said
    assert len(read_scenario(tmp_path / "trial").scenario.products) == 4
    assert len(read_sales(tmp_path / "trial" / "sales.parquet").sales.unique_id) == 4
    assert not [path for path in (tmp_path / "trial").iterdir() if path.name.startswith(".")]


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    """Neither files nor folders are written into."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for place in (tmp_path / "full", tmp_path / "full" / "mine.txt"):
        code, said = run("init", place)
        assert code == 2
        assert "is not an empty folder" in said
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_a_sample_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    """What fails half-way is taken away."""
    assert run("init", tmp_path / "none", "--products", 0)[0] == 2
    assert not list((tmp_path / "none").iterdir())


def test_a_folder_from_sales_holds_what_a_plan_needs(tmp_path: Path) -> None:
    """Products with costs from their prices, a chain with every key, and what was assumed."""
    sales = tmp_path / "umsatz.csv"
    sales.write_text(
        "Artikel,Tag,Stück,Preis\n"
        + "".join(f"A,2026-01-{day:02d},{day % 4},10\n" for day in range(1, 29))
        + "B,2026-01-28,1,\n",
        encoding="utf-8",
    )
    names = ("unique_id=Artikel", "ds=Tag", "y=Stück", "price=Preis")
    mapping = [word for name in names for word in ("--map", name)]
    code, said = run("init", tmp_path / "mine", "--sales", sales, *mapping)
    assert code == 0, said
    assert f"planner forecast --sales {tmp_path / 'mine' / 'sales.parquet'}" in said
    with (tmp_path / "mine" / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["unique_id"]: row for row in csv.DictReader(file)}
    assert float(rows["A"]["unit_cost"]) == pytest.approx(10 * COST_SHARE)
    assert float(rows["A"]["missed_sale_cost"]) == pytest.approx(6)
    assert (rows["B"]["missed_sale_cost"], rows["B"]["price"]) == ("100", "")
    chain = tomllib.loads((tmp_path / "mine" / "network.toml").read_text(encoding="utf-8"))
    assert network_from_table(chain).names[0] == "New York"
    readme = (tmp_path / "mine" / "README.txt").read_text(encoding="utf-8")
    assert "umsatz.csv" in readme
    assert "unit_cost is 60% of the price" in readme
    again = read_sales(tmp_path / "mine" / "sales.parquet").sales
    whole = again.units[:, 0]
    np.testing.assert_array_equal(whole, np.arange(1, 29) % 4)


def test_a_folder_from_sales_is_planned_once_it_has_a_forecast(tmp_path: Path) -> None:
    """products.csv and network.toml are read without a word of complaint."""
    run("init", tmp_path / "mine", "--sales", DATA / "sales.parquet")
    forecast = "".join(f"P0001,2027-01-{day:02d},2,1\n" for day in range(4, 14))
    (tmp_path / "mine" / "forecast.csv").write_text("unique_id,ds,mean,std\n" + forecast)
    code, said = run("validate", "--products", tmp_path / "mine")
    assert code == 0
    assert "1 of 1 product can be planned" in said
    assert {row["severity"] for row in issues()} <= {"assumed", "skipped"}


def test_the_commented_keys_of_the_chain_are_right_when_taken_up(tmp_path: Path) -> None:
    """Without their #, the lines describe a network."""
    run("init", tmp_path / "mine", "--sales", DATA / "sales.parquet")
    text = (tmp_path / "mine" / "network.toml").read_text(encoding="utf-8")
    keys = ("storage_capacity", "overflow_price", "supply_capacity", "order_days", "truck_")
    for key in keys:
        assert f"# {key}" in text
        text = text.replace(f"# {key}", key)
    network = network_from_table(tomllib.loads(text))
    assert np.isfinite(network.storage_capacity).all()
