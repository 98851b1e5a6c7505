"""A page reloads by itself if its connection breaks while it loads."""

import pytest
from playwright.sync_api import Page

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


@pytest.mark.parametrize("message", [13, 19, 22, 25])
def test_a_page_comes_back_after_its_connection_broke(page: Page, app_address: str, message: int) -> None:
    page.add_init_script(BREAK % message)
    page.goto(app_address + QUERY)
    page.wait_for_function("() => document.querySelectorAll('[data-testid=stMetric]').length === 4")
    assert page.evaluate("sessionStorage.getItem('broken')") == "yes"
    assert page.locator("[data-testid=stException]").count() == 0
