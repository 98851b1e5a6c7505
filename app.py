"""The browser door: the list of pages, the experiment in the sidebar, and the page that was chosen."""

from pathlib import Path

import streamlit as st

from views import address, experiment, style
from views.desk import desk

VIEWS = Path(__file__).parent / "views"

desk()  # the workers start while the first page is built
page = st.navigation(
    [
        st.Page("views/surface.py", title="Surfaces", default=True),
        st.Page("views/analysis/page.py", title="Analysis", url_path="analysis"),
        st.Page("views/smoothness.py", title="Along training", url_path="along-training"),
        st.Page("views/stability.py", title="Learning rates", url_path="learning-rates"),
        st.Page("views/work_in_progress.py", title="Work", url_path="work"),
        st.Page("views/guide.py", title="Guide", url_path="guide"),
    ],
    position="top",
)
st.set_page_config(page_title=f"{page.title} · Normscape", page_icon=str(VIEWS / "icon.svg"), layout="wide")
style.apply()
wordmark = "dark" if st.context.theme.type == "dark" else "light"
st.logo(str(VIEWS / f"wordmark-{wordmark}.svg"), size="large")
asked, display = address.opened(page.url_path)
address.publish(experiment.sidebar(asked), display)
page.run()
