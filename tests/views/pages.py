"""A page by itself, without the app around it; or in the app, where links to other pages exist."""

from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT
from tests.views.test_page import SMALL, opened

SCRIPT = """
import runpy
runpy.run_path({path!r})
"""


def page_alone(folder: str, **query: str) -> AppTest:
    """Run the page of this folder of `views/` once, with the small experiment and what `query` changes of it."""
    app = AppTest.from_string(SCRIPT.format(path=str(ROOT / "views" / folder / "page.py")), default_timeout=60)
    for key, value in (SMALL | query).items():
        app.query_params[key] = value
    return app.run()


def page_of_app(folder: str, **query: str) -> AppTest:
    """Open the app with the small experiment and what `query` changes of it, and go to a page."""
    return opened(**query).switch_page(f"views/{folder}/page.py").run()
