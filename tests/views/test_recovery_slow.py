"""A page reloads by itself if its connection breaks while it loads."""

import tomllib

import pytest
from playwright.sync_api import Page

from tests.conftest import BRIEF, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.browser]

QUERY = "/?data.name=moons&data.size=80&model.width=6&training.steps=8&grid.points=5,3"

# the message with this number, and all that follow it on the same connection, are lost
BREAK = """
(() => {
  let received = 0;
  const breaking = (socket, listener) => (event) => {
    if (socket.readyState > WebSocket.OPEN) return;
    if (++received === %d && !sessionStorage.getItem("broken")) {
      sessionStorage.setItem("broken", "yes");
      socket.close();
    } else listener(event);
  };
  window.WebSocket = class extends WebSocket {
    set onmessage(listener) { super.onmessage = breaking(this, listener); }
    addEventListener(type, listener, options) {
      super.addEventListener(type, type === "message" ? breaking(this, listener) : listener, options);
    }
  };
})();
"""


@pytest.mark.parametrize("message", [19] if BRIEF else [13, 19, 22, 25])
def test_a_page_comes_back_after_its_connection_broke(page: Page, app_address: str, message: int) -> None:
    page.add_init_script(BREAK % message)
    page.goto(app_address + QUERY)
    page.wait_for_function("() => document.querySelectorAll('[data-testid=stMetric]').length === 4")
    assert page.evaluate("sessionStorage.getItem('broken')") == "yes"
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_page_that_is_disconnected_for_good_reloads(page: Page, app_address: str) -> None:
    page.goto(app_address + QUERY)
    page.wait_for_function("() => document.querySelectorAll('[data-testid=stMetric]').length === 4")
    page.evaluate("window.before = true")
    # what Streamlit shows after a message about one that the browser does not have
    page.evaluate("document.querySelector('[data-testid=stApp]').dataset.testConnectionState = 'DISCONNECTED_FOREVER'")
    page.wait_for_function("() => !window.before")
    page.wait_for_function("() => document.querySelectorAll('[data-testid=stMetric]').length === 4")


def test_the_browser_keeps_messages_longer_than_a_server_counts_on_them() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert config["global"]["maxCachedMessageAge"] >= 10
