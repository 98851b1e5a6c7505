"""How it looks: results in, plotly figures out. Compared networks always share their ranges and colours (D4)."""
