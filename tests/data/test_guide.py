"""The documentation of the tables says what the readers do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from data.guide import tables_guide
from data.network import Stage, default_network
from data.product import Products
from data.tables import all_tables, products_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_document_is_in_step_with_the_definitions():
    """If not, `python -m data.guide > docs/tables.md` brings it there."""
    assert DOCUMENT.read_text(encoding="utf-8") == tables_guide()


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.name)
def test_required_columns_come_first_and_every_other_has_a_default(table):
    required = [column.required for column in table.columns]
    assert required == sorted(required, reverse=True)
    for column in table.columns:
        assert column.required or column.default is not None
        assert column.meaning
        assert bool(column.unit) == column.numeric


def test_every_property_of_a_product_can_be_given():
    given = {column.name for column in products_table(default_network()).columns}
    renamed = {"lead_time": "lead_time_0", "backordered": "shortage"}
    assert {renamed.get(field.name, field.name) for field in fields(Products)} <= given


def test_every_key_of_a_stage_is_described():
    for field in fields(Stage):
        assert f"| {field.name} |" in tables_guide()
