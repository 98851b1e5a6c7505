"""Whether a page's formulas are typeset."""

import re
from itertools import chain

from streamlit.testing.v1 import AppTest

TYPESET = re.compile(r"\$\$.*?\$\$|\$.*?\$|`.*?`|\]\(.*?\)|<style>.*?</style>", re.DOTALL)
PLAIN = re.compile("[α-ωΔΣ‖√½²³∂∇ℓ′⟨⟩≥\u0302]|[λHd]_[a-z]|\\bd[12]\\b|\\bL\\b|\\\\[a-z]+|\\$")
"""Letters of formulas, and LaTeX or dollar signs outside of formulas."""


def left_plain(app: AppTest) -> list[str]:
    """Return the texts of a page with formulas, or letters of formulas, that are not typeset."""
    elements = chain(app.markdown, app.caption, app.subheader, app.info, app.warning)
    cells = (str(cell) for table in app.table for cell in [*table.value.to_numpy().flat, *table.value.columns])
    texts = chain(
        (one.value for one in elements), cells, (one.label for one in [*app.toggle, *app.button]), _helps(app)
    )
    return [text for text in texts if PLAIN.search(TYPESET.sub("", text))]


def _helps(app: AppTest) -> list[str]:
    kinds = ("toggle", "selectbox", "number_input", "text_input", "slider", "multiselect", "button")
    return [one.help or "" for kind in kinds for one in app.get(kind)]
