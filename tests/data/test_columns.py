"""Finding columns under other names, and forecasts given as prediction intervals."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import ConfigurationError, DataError
from data.issues import Severity


def rename(folder, header: str) -> None:
    folder.change("forecast.csv", "unique_id,ds,mean,std", header)


def test_a_mapped_column_is_read_wherever_it_is_found(folder):
    rename(folder, "SKU,ds,mean,std")
    folder.change("stock.csv", "unique_id", "SKU")
    reading = folder.read(columns={"unique_id": "SKU"})
    assert reading.scenario.stock.on_hand.sum() == 53


def test_capitals_and_spaces_in_a_header_do_not_matter(folder):
    rename(folder, "Unique ID,DS,Mean, std ")
    reading = folder.read()
    assert len(reading.scenario.products) == 3
    assert any(
        "'Unique ID' was read as 'unique_id'" in i.rule for i in reading.issues.of(Severity.MENDED)
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("unique_id,ds,Forecast,std", "'Forecast' is meant, add --map mean=Forecast"),
        ("unique_id,ds,mean,Std Dev", "'Std Dev' is meant, add --map 'std=Std Dev'"),
        ("SKU,ds,mean,std", "'SKU' is meant, add --map unique_id=SKU"),
        ("unique_id,Date,mean,std", "'Date' is meant, add --map ds=Date"),
        ("unique_id,dz,mean,std", "'dz' is meant, add --map ds=dz"),
        ("unique_id,ds,mean,zzz", "--map std=YOUR_COLUMN"),
    ],
)
def test_a_missing_column_is_named_with_the_nearest_and_the_option_to_use(folder, header, expected):
    rename(folder, header)
    with pytest.raises(DataError) as caught:
        folder.read()
    assert expected in str(caught.value)
    assert f"found columns {', '.join(header.split(','))}" in str(caught.value)


def test_the_option_that_is_printed_works(folder):
    rename(folder, "unique_id,ds,Forecast,std")
    assert folder.read(columns={"mean": "Forecast"}).scenario.forecast.mean[0, 0] == 10


def test_all_missing_columns_are_named(folder):
    rename(folder, "SKU,ds,Forecast,std")
    with pytest.raises(DataError, match=r"(?s)2 problems.*unique_id=SKU.*mean=Forecast"):
        folder.read()


def test_a_mapping_to_a_column_that_is_nowhere_is_refused(folder):
    with pytest.raises(DataError, match="--map lot_size=Lot names a column that no table has"):
        folder.read(columns={"lot_size": "Lot"})
    rename(folder, "unique_id,ds,Forecast,std")
    with pytest.raises(DataError, match="and so is 'Forcast' of --map mean=Forcast"):
        folder.read(columns={"mean": "Forcast"})


def test_a_mapping_of_a_name_that_no_table_has_is_a_bad_option(folder):
    with pytest.raises(ConfigurationError, match="--map mean=X may be meant"):
        folder.read(columns={"meen": "X"})


def test_the_table_of_products_is_not_taken_for_a_forecast(folder):
    folder.write("forecast.csv", (folder.path / "products.csv").read_text())
    with pytest.raises(DataError, match="this is the table of products"):
        folder.read()


def test_unknown_columns_are_left_out_and_named(folder):
    folder.change("products.csv", "holding_cost\n", "holding_cost,lot_sise,colour\n")
    for row in ("apples,10,1", "bread,100,1", "cheese,50,0.5"):
        folder.change("products.csv", row, f"{row},6,red")
    said = "\n".join(folder.read().assumed)
    assert "if 'lot_size' is meant, add --map lot_size=lot_sise" in said
    assert "columns not used: colour" in said


def intervals(folder, header: str, values: str) -> None:
    rows = "".join(f"apples,2027-01-{day:02d},{values}\n" for day in range(4, 12))
    folder.write("forecast.csv", f"unique_id,ds,{header}\n{rows}")


def test_a_prediction_interval_becomes_a_standard_deviation(folder):
    """An 80 % interval of a normal law is 2 x 1.2816 standard deviations wide."""
    intervals(
        folder,
        "AutoETS,AutoETS-lo-95,AutoETS-hi-95,AutoETS-lo-80,AutoETS-hi-80",
        "20,0,40,7.184,32.816",
    )
    reading = folder.read()
    np.testing.assert_allclose(reading.scenario.forecast.std, 10.0, rtol=1e-4)
    np.testing.assert_array_equal(reading.scenario.forecast.mean, 20.0)
    assert "mean is AutoETS, std is half the width of its 80 % interval" in "\n".join(
        reading.assumed
    )


def test_a_bound_that_was_cut_at_zero_does_not_narrow_the_forecast(folder):
    intervals(folder, "M,M-lo-80,M-hi-80", "5,0,17.816")
    np.testing.assert_allclose(folder.read().scenario.forecast.std, 10.0, rtol=1e-4)


def test_of_several_models_one_must_be_named(folder):
    intervals(folder, "A,A-lo-90,A-hi-90,B,B-lo-90,B-hi-90", "5,1,9,6,1,11")
    with pytest.raises(DataError, match=r"2 models found \(A, B\); choose one with --map mean=A"):
        folder.read()
    np.testing.assert_array_equal(folder.read(columns={"mean": "B"}).scenario.forecast.mean, 6.0)


def test_crossed_bounds_are_an_error_in_their_row(folder):
    intervals(folder, "A,A-lo-90,A-hi-90", "5,9,1")
    with pytest.raises(DataError, match="std is below 0"):
        folder.read()


def test_a_file_with_std_is_read_as_it_is(folder):
    intervals(folder, "mean,std,mean-lo-90,mean-hi-90", "5,2,1,9")
    np.testing.assert_array_equal(folder.read().scenario.forecast.std, 2.0)
