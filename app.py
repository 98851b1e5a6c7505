"""The entry point of the app: the server, the list of pages, and the selected page."""

import sys
from pathlib import Path

# `streamlit run` puts this folder first on the path, where `import models` would find ours in place of the user's own.
# The path becomes a new list: an import or a lookup in another session's thread may be iterating over the old one.
HERE = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]

import streamlit as st  # noqa: E402 - the path comes first

from normscape.views.session import address, own_files, startup  # noqa: E402
from normscape.views.session.direct_pages import page_routes  # noqa: E402
from normscape.views.session.failure import failure_shown  # noqa: E402
from normscape.views.session.job_queue import job_queue, register_visitor  # noqa: E402
from normscape.views.widgets import kept_downloads, recovery, skeleton, style  # noqa: E402

VIEWS = HERE / "views"
# the folder and the path in the URL of every page; Streamlit would show a docstring
PAGES = {
    "Surfaces": ("surface", ""),
    "Guide": ("guide", "guide"),
    "Gallery": ("gallery", "gallery"),
    "Analysis": ("analysis", "analysis"),
    "Along training": ("smoothness", "along-training"),
    "Learning rates": ("stability", "learning-rates"),
    "Curvature": ("curvature", "curvature"),
    "Paths": ("paths", "paths"),
    "Files": ("files", "files"),
    "Jobs": ("jobs", "jobs"),
}


def show() -> None:
    """Show the selected page."""
    page = st.navigation(
        [
            st.Page(VIEWS / folder / "page.py", title=title, url_path=path or None, default=not path)
            for title, (folder, path) in PAGES.items()
        ],
        position="top",
    )
    st.set_page_config(
        page_title=f"{page.title} · Normscape",
        page_icon=str(VIEWS / "icon.svg"),
        layout="wide",
        initial_sidebar_state="expanded" if st.session_state.get("advanced-open") else "collapsed",
    )
    style.apply()
    skeleton.show(page.title)
    startup.finish_imports()  # while the skeleton is seen
    own_files.refresh()
    job_queue()  # the workers start while the first page is built
    register_visitor()
    recovery.install()
    kept_downloads.install()
    wordmark = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(str(VIEWS / f"wordmark-{wordmark}.svg"), size="large")
    with failure_shown():
        address.publish(*address.opened(page.url_path))
        page.run()


if __name__ == "__main__":  # the script of a visit
    show()
else:  # `streamlit run` has found the next line, and imports the server
    routes = page_routes({title: path for title, (_, path) in PAGES.items()})
    app = st.App(__file__, lifespan=startup.lifespan, routes=routes)
