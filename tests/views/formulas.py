"""Whether a page's formulas are typeset."""

import re
from itertools import chain

from streamlit.testing.v1 import AppTest

SET = re.compile(r"\$\$.*?\$\$|\$.*?\$|`.*?`|\]\(.*?\)|<style>.*?</style>", re.DOTALL)
PLAIN = re.compile("[α-ωΔΣ‖√½²³∂∇ℓ′⟨⟩\u0302]|[λHd]_[a-z]|\\bd[12]\\b|\\bL\\b")


def left_plain(app: AppTest) -> list[str]:
    """Return what a page says with formulas, or letters of them, that are not typeset."""
    elements = chain(app.markdown, app.caption, app.subheader, app.info, app.warning)
    names = (str(name) for table in app.table for name in [*table.value.iloc[:, 0], *table.value.columns])
    told = chain((one.value for one in elements), names, (one.label for one in app.toggle), _helps(app))
    return [text for text in told if PLAIN.search(SET.sub("", text))]


def _helps(app: AppTest) -> list[str]:
    kinds = ("toggle", "selectbox", "number_input", "text_input", "slider", "multiselect")
    return [one.help or "" for kind in kinds for one in app.get(kind)]
