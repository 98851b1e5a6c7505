"""Tables with one column per network."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.views.widgets.numbers import MISSING


def network_table(columns: Mapping[str, Mapping[str, str]], corner: str = "", missing: str = MISSING) -> None:
    """Show a table with a column for each network and a row for each name, with formulas typeset.

    Args:
        columns: cells by label of the network and by name of the row.
        corner: heading of the column of names.
        missing: cell of a row that a network lacks.
    """
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    st.table(
        {corner: names} | {label: [column.get(name, missing) for name in names] for label, column in columns.items()}
    )
