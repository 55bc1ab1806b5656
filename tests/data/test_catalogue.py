"""Reading a folder of tables: what is planned, what is skipped, what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.catalogue import read_scenario
from data.errors import ConfigurationError, DataError
from data.issues import Severity, TableError


def refusal(folder, **options) -> str:
    """The message with which the folder is refused; its exit code is 3."""
    with pytest.raises(DataError) as caught:
        folder.read(**options)
    assert caught.value.exit_code == 3
    return str(caught.value)


def lines(reading, severity: Severity) -> str:
    return "\n".join(reading.issues.lines(severity))


def test_a_folder_of_tables_becomes_a_scenario(folder):
    reading = folder.read()
    scenario = reading.scenario
    assert scenario.products.unique_id.tolist() == ["apples", "bread", "cheese"]
    assert scenario.start == date(2027, 1, 4)
    assert scenario.forecast.mean.shape == (8, 3)
    np.testing.assert_array_equal(scenario.forecast.mean[0], [10, 20, 3])
    np.testing.assert_array_equal(scenario.forecast.std[7], [2.5, 5, 0.75])
    np.testing.assert_array_equal(scenario.products.cost_ratio, [10, 100, 100])
    np.testing.assert_array_equal(scenario.stock.on_hand, [[12, 30, 0], [0, 7, 0], [0, 0, 4]])
    assert reading.skipped == {}


def test_an_order_arrives_as_many_periods_after_the_start_as_days(folder):
    """Index 0 of the pipeline arrives in the first period, so an arrival on the second day is 1."""
    np.testing.assert_array_equal(folder.read().scenario.stock.pipeline[0, 0], [0, 10])


def test_what_was_read_is_listed_with_its_rows_and_hash(folder):
    sources = {source.table: source for source in folder.read().sources}
    assert {name: source.records for name, source in sources.items()} == {
        "forecast": 24,
        "products": 3,
        "stock": 4,
        "open_orders": 1,
    }
    assert str(sources["forecast"]) == f"{folder.forecast}: 24 rows"
    assert len(sources["stock"].sha256) == 64


def test_the_folder_may_be_named_instead_of_the_forecast(folder):
    assert len(read_scenario(folder.path).scenario.products) == 3


def test_a_table_given_by_its_path_goes_before_the_one_beside_the_forecast(folder, tmp_path):
    other = tmp_path / "monday.csv"
    other.write_text("unique_id,stage,on_hand\napples,0,99\n")
    assert folder.read(stock=other).scenario.stock.on_hand[0, 0] == 99


def test_of_two_files_of_one_name_the_csv_is_read_and_the_other_named(folder):
    folder.write("stock.parquet", b"PAR1")
    assert "stock.parquet lies beside it and was not read" in "\n".join(folder.read().assumed)


def test_without_the_other_tables_defaults_are_assumed_and_said(folder):
    for name in ("products.csv", "stock.csv", "open_orders.csv"):
        folder.remove(name)
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.products.cost_ratio, 100)
    np.testing.assert_array_equal(reading.scenario.products.lead_time, [[2] * 3, [3] * 3, [4] * 3])
    assert reading.scenario.stock.on_hand.sum() == 0
    said = "\n".join(reading.assumed)
    assert "missed_sale_cost 100 and holding_cost 1" in said
    assert "stock.csv: no such file; every stage is taken as empty" in said
    assert "New York <- Tennessee <- Los Angeles <- China" in said


def test_a_blank_cell_takes_the_default_and_is_counted(folder):
    folder.write(
        "products.csv",
        "unique_id,missed_sale_cost,holding_cost,lot_size,lead_time_0,lead_time_tennessee\n"
        "apples,10,1,6,,1\nbread,100,1,,5,\ncheese,50,0.5,,,\n",
    )
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.products.lot_size, [6, 1, 1])
    np.testing.assert_array_equal(reading.scenario.products.lead_time[:2], [[2, 5, 2], [1, 3, 3]])
    assert "products.csv: lot_size is blank for 2 of 3 products" in lines(reading, Severity.ASSUMED)


def test_products_come_in_the_order_of_their_table(folder):
    folder.write(
        "products.csv",
        "unique_id,missed_sale_cost,holding_cost\ncheese,50,0.5\napples,10,1\nbread,100,1\n",
    )
    scenario = folder.read().scenario
    assert scenario.products.unique_id.tolist() == ["cheese", "apples", "bread"]
    np.testing.assert_array_equal(scenario.forecast.mean[0], [3, 10, 20])
    np.testing.assert_array_equal(scenario.stock.on_hand[0], [0, 12, 30])


def test_waiting_customers_are_owed_and_others_are_not(folder):
    folder.write(
        "products.csv",
        "unique_id,missed_sale_cost,holding_cost,shortage\n"
        "apples,10,1,Backorder\nbread,100,1,lost\ncheese,50,0.5,\n",
    )
    folder.write("stock.csv", "unique_id,stage,on_hand,backorders\napples,0,0,4\nbread,0,0,3\n")
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.products.backordered, [True, False, False])
    np.testing.assert_array_equal(reading.scenario.stock.backorders, [4, 0, 0])
    assert "product bread, found 3" in lines(reading, Severity.ASSUMED)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("apples,2027-01-05,10.0,2.5", "apples,2027-01-05,10.0,-4", "std is below 0 (row 3,"),
        ("apples,2027-01-05,10.0", "apples,2027-01-05,nan", "mean is blank or NaN (row 3,"),
        ("apples,2027-01-05,10.0", "apples,2027-01-05,", "mean is blank or NaN (row 3,"),
        ("apples,2027-01-05,10.0", "apples,2027-01-05,inf", "mean is not a finite number (row 3,"),
        ("apples,2027-01-05,10.0", "apples,2027-01-05,ten", "found ten"),
        ("apples,2027-01-05,10.0", "apples,2027-01-05,2e9", "mean is above 1,000,000,000 (row 3,"),
        (
            "apples,2027-01-05",
            "apples,2027-01-04",
            "same unique_id and ds as an earlier one (row 3",
        ),
        (
            "apples,2027-01-05",
            "apples,05.01.2027",
            "ds is not a day (row 3, product apples, found 05",
        ),
        ("apples,2027-01-05", "apples,2027-02-30", "ds is not a day (row 3,"),
        ("apples,2027-01-05", "apples,2027-01-05 06:00", "without a time of day"),
        ("apples,2027-01-05", ",2027-01-05", "unique_id is blank"),
    ],
)
def test_a_bad_value_stops_the_plan_and_is_named_with_its_row(folder, old, new, expected):
    folder.change("forecast.csv", old, new)
    message = refusal(folder)
    assert message.startswith("forecast.csv: ")
    assert expected in message


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("products.csv", "bread,100,1", "bread,0,1", "missed_sale_cost is not above 0 (row 3"),
        ("products.csv", "bread,100", "apples,100", "same unique_id as an earlier one"),
        ("stock.csv", "bread,New York,30", "bread,New York,-1", "on_hand is below 0 (row 3"),
        ("stock.csv", "bread,Tennessee", "bread,0", "same unique_id and stage as an earlier one"),
        ("stock.csv", "bread,Tennessee", "bread,", "stage is blank"),
        ("open_orders.csv", "2027-01-05", "soon", "arrival is not a day (row 2"),
        ("open_orders.csv", ",10", ",1e99", "quantity is above 1,000,000,000"),
    ],
)
def test_every_table_is_checked(folder, name, old, new, expected):
    folder.change(name, old, new)
    assert expected in refusal(folder)


def test_columns_of_a_product_must_agree(folder):
    folder.write(
        "products.csv",
        "unique_id,missed_sale_cost,holding_cost,minimum_order,maximum_order,shortage,lead_time_0\n"
        "apples,10,1,5,4,lost,1.5\nbread,100,1,5,,maybe,400\ncheese,50,0.5,,,,\n",
    )
    message = refusal(folder)
    assert "minimum_order is above maximum_order (row 2, product apples" in message
    assert "shortage is not lost or backorder (row 3, product bread, found maybe)" in message
    assert "lead_time_0 is not a whole number (row 2, product apples, found 1.5)" in message
    assert "lead_time_0 is above 365 (row 3" in message


def test_all_problems_of_all_tables_are_named_at_once(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0", "apples,2027-01-05,-1")
    folder.change("products.csv", "holding_cost", "cost of holding")
    folder.write("stock.csv", b"")
    message = refusal(folder)
    assert message.startswith("3 problems in the tables:")
    for words in ("mean is below 0", "holding_cost (cost of", "stock.csv: the file is empty"):
        assert words in message


def test_five_examples_are_shown_and_the_rest_counted(folder):
    folder.write("forecast.csv", folder.forecast.read_text().replace(",20.0,", ",-20,"))
    message = refusal(folder)
    assert message.count("product bread") == 5
    assert "and 3 more" in message


def test_the_error_carries_all_issues(folder):
    folder.write("forecast.csv", folder.forecast.read_text().replace(",20.0,", ",-20,"))
    with pytest.raises(TableError) as caught:
        folder.read()
    assert caught.value.issues.count(Severity.ERROR) == 8


def test_skip_bad_leaves_out_the_product_and_gives_the_reason(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0,2.5", "apples,2027-01-05,10.0,-4")
    assert "add --skip-bad" in refusal(folder)
    reading = folder.read(skip_bad=True)
    assert reading.scenario.products.unique_id.tolist() == ["bread", "cheese"]
    np.testing.assert_array_equal(reading.scenario.stock.on_hand[0], [30, 0])
    assert "std is below 0 (row 3, product apples, found -4)" in reading.skipped["apples"]


def test_skip_bad_leaves_out_products_with_bad_stock(folder):
    folder.change("stock.csv", "apples,New York,12", "apples,New York,NaN")
    assert list(folder.read(skip_bad=True).skipped) == ["apples"]


def test_skip_bad_refuses_to_leave_out_more_than_half(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0", "apples,2027-01-05,-1")
    folder.change("products.csv", "bread,100", "bread,free")
    assert "2 of 3 products have bad values" in refusal(folder, skip_bad=True)


def test_skip_bad_refuses_a_row_of_stock_whose_product_is_not_known(folder):
    """Left out, it would be missed by a product that is planned."""
    folder.change("stock.csv", "bread,Tennessee,7", "bread,Tennessee,7,5")
    assert "a row does not have 3 cells" in refusal(folder, skip_bad=True)
    folder.change("stock.csv", "bread,Tennessee,7,5", ",Tennessee,7")
    assert "unique_id is blank" in refusal(folder, skip_bad=True)


def test_skip_bad_survives_a_broken_row_of_the_forecast(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0", "apples,2027-01-05,10,0")
    reading = folder.read(skip_bad=True)
    assert "does not cover all days" in reading.skipped["apples"]


def test_products_missing_from_one_table_are_skipped_by_name(folder):
    folder.change("products.csv", "cheese,50", "cherries,50")
    reading = folder.read()
    assert reading.scenario.products.unique_id.tolist() == ["apples", "bread"]
    assert "is not in products.csv (product cheese)" in reading.skipped["cheese"]
    assert "is not in forecast.csv (row 4, product cherries)" in lines(reading, Severity.SKIPPED)


def test_ids_that_lost_their_leading_zeros_are_recognised(folder):
    folder.write("forecast.csv", folder.forecast.read_text().replace("apples", "0012"))
    folder.change("products.csv", "apples", "12")
    assert "leading zeros only" in folder.read().skipped["0012"]


def test_without_a_common_product_the_plan_is_refused(folder):
    folder.write("products.csv", "unique_id,missed_sale_cost,holding_cost\nother,1,1\n")
    message = refusal(folder)
    assert "no product is left to plan" in message
    assert "product apples" in message


def test_rows_of_unknown_products_and_stages_are_left_out_and_named(folder):
    folder.write("stock.csv", "unique_id,stage,on_hand\napples,Tennesee,5\napples,0,2\nplums,0,4\n")
    reading = folder.read()
    assert reading.scenario.stock.on_hand.sum() == 2
    said = lines(reading, Severity.SKIPPED)
    assert "row 2, product apples, found Tennesee); if Tennessee is meant, correct it" in said
    assert "row 4, product plums" in said
    assert "stage Los Angeles has no row" in lines(reading, Severity.ASSUMED)


def test_a_table_without_a_single_known_stage_is_refused(folder):
    folder.write("stock.csv", "unique_id,stage,on_hand\napples,Shelf,5\n")
    assert "'Shelf' and all others are not in the network; expected New York" in refusal(folder)


@pytest.mark.parametrize(
    "stage", ["Los Angeles", "los angeles", "LOS_ANGELES", " Los Angeles ", "2"]
)
def test_a_stage_is_known_by_its_name_in_any_spelling_or_by_its_number(folder, stage):
    folder.write("stock.csv", f"unique_id,stage,on_hand\napples,{stage},5\n")
    assert folder.read().scenario.stock.on_hand[2, 0] == 5


def test_orders_that_are_late_arrive_first_and_far_ones_are_left_out(folder):
    folder.write(
        "open_orders.csv",
        "unique_id,stage,arrival,quantity\n"
        "bread,1,2026-12-30,3\nbread,1,2027-01-04,4\nbread,1,2027-01-20,5\nbread,1,2028-01-04,6\n",
    )
    reading = folder.read()
    pipeline = reading.scenario.stock.pipeline
    assert pipeline.shape == (3, 3, 17)
    assert (pipeline[1, 1, 0], pipeline[1, 1, 16], pipeline.sum()) == (7, 5, 12)
    assert "1 orders were due before the first day" in lines(reading, Severity.ASSUMED)
    assert "found 2028-01-04" in lines(reading, Severity.SKIPPED)


def test_a_product_that_lacks_a_day_is_skipped(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0,2.5\n", "")
    reading = folder.read()
    assert reading.scenario.horizon == 8
    assert "1 missing, the first on 2027-01-05" in reading.skipped["apples"]


def test_a_day_without_any_row_is_a_closed_day(folder):
    text = folder.forecast.read_text().splitlines(keepends=True)
    folder.write("forecast.csv", "".join(line for line in text if "2027-01-10" not in line))
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.forecast.mean[:, 0], [10] * 6 + [0, 10])
    assert reading.scenario.forecast.std[6].sum() == 0
    assert "no product has a row on 1 of 8 days" in "\n".join(reading.assumed)


def test_the_horizon_is_the_one_that_plans_the_most_product_days(folder):
    """Two products of three begin a day late: the day is dropped, not the products."""
    folder.change("forecast.csv", "apples,2027-01-04,10.0,2.5\n", "")
    folder.change("forecast.csv", "bread,2027-01-04,20.0,5.0\n", "")
    folder.change(
        "forecast.csv",
        "bread,2027-01-11,20.0,5.0\n",
        "bread,2027-01-11,20,5\nbread,2027-01-12,9,1\n",
    )
    reading = folder.read()
    assert (reading.scenario.start, reading.scenario.horizon) == (date(2027, 1, 5), 7)
    assert len(reading.scenario.products) == 3
    assert "2 rows lie outside the horizon" in "\n".join(reading.assumed)


def test_one_stray_product_does_not_shorten_the_horizon(folder):
    folder.write("forecast.csv", folder.forecast.read_text() + "stray,2207-01-01,1,1\n")
    reading = folder.read()
    assert reading.scenario.horizon == 8
    assert list(reading.skipped) == ["stray"]


def test_a_weekly_forecast_is_refused_with_the_way_to_daily_values(folder):
    rows = "".join(f"apples,2027-01-{day:02d},70,20\n" for day in (4, 11, 18, 25))
    folder.write("forecast.csv", "unique_id,ds,mean,std\n" + rows)
    assert "mostly 7 days apart; plans are daily" in refusal(folder)


def test_a_forecast_of_many_years_is_refused(folder):
    days = np.arange("2020-01-01", "2027-01-01", dtype="datetime64[D]")
    rows = "".join(f"apples,{day},1,1\n" for day in days)
    folder.write("forecast.csv", "unique_id,ds,mean,std\n" + rows)
    assert "2,557 days found, expected at most 1,500" in refusal(folder)


def test_a_network_beside_the_forecast_is_used(folder):
    folder.write("network.toml", '[[stage]]\nname = "Shop"\nlead_time = 1\n')
    folder.write("stock.csv", "unique_id,stage,on_hand\napples,Shop,5\n")
    folder.remove("open_orders.csv")
    scenario = folder.read().scenario
    assert scenario.network.names == ("Shop",)
    assert scenario.products.lead_time.tolist() == [[1, 1, 1]]


def test_a_network_that_is_no_toml_is_a_configuration_error(folder):
    folder.write("network.toml", "[[stage]\n")
    with pytest.raises(ConfigurationError, match=r"network\.toml: .*line 1"):
        folder.read()


def test_a_network_in_another_encoding_is_refused(folder):
    folder.write("network.toml", 'source = "Köln"\n'.encode("latin-1"))
    assert "network.toml: byte 0xf6 at position 11 (row 1) is not UTF-8" in refusal(folder)


def test_a_product_that_is_not_worth_buying_is_said_with_its_row(folder):
    """Bread's missed sale costs less than a night in Tennessee and one in Los Angeles and China."""
    folder.write(
        "network.toml",
        """source = "China"
        [[stage]]
        name = "New York"
        lead_time = 1
        [[stage]]
        name = "Tennessee"
        lead_time = 2
        holding_share = 0.7
        [[stage]]
        name = "Los Angeles"
        lead_time = 2
        holding_share = 0.5
        """,
    )
    assert "missed_sale_cost" not in lines(folder.read(), Severity.ASSUMED)
    folder.change("products.csv", "bread,100,1", "bread,1.1,1")
    reading = folder.read()
    said = [issue for issue in reading.issues if issue.column == "missed_sale_cost"]
    assert [(issue.file, issue.row, issue.product, issue.value) for issue in said] == [
        ("products.csv", 3, "bread", "1.1")
    ]
    assert said[0].sentence in reading.assumed
    assert "nothing more of the product is bought" in said[0].sentence
    assert reading.scenario.worth_buying.tolist() == [True, False, True]
    folder.change("products.csv", "holding_cost\n", "holding_cost,shortage\n")
    for row, shortage in (("apples,10,1", ""), ("bread,1.1,1", "backorder"), ("cheese,50,0.5", "")):
        folder.change("products.csv", row, f"{row},{shortage}")
    assert folder.read().scenario.worth_buying.all(), "its customers wait"


def test_where_costs_are_assumed_the_file_that_is_missing_is_named(folder):
    """A chain so dear to hold in that not even the default is enough."""
    folder.remove("products.csv")
    stage = '[[stage]]\nname = "{}"\nlead_time = 1\nholding_share = {}\n'
    folder.write(
        "network.toml",
        'source = "China"\n' + stage.format("New York", 1) + stage.format("Los Angeles", 101),
    )
    said = [issue for issue in folder.read().issues if issue.column == "missed_sale_cost"]
    assert [(issue.file, issue.row, issue.product) for issue in said] == [
        ("products.csv", None, name) for name in ("apples", "bread", "cheese")
    ]
