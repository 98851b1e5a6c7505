"""Results in, Plotly figures out; compared networks always share their ranges and colors (D4)."""
