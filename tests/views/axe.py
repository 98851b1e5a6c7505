"""Accessibility checks of axe-core."""

from importlib import resources

from playwright.sync_api import Page

_SOURCE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()


ATTEMPTS = 5


def serious(page: Page) -> list[str]:
    """Return the serious and the critical violations on a page, each with its first elements.

    Elements fade while a page is redrawn, which changes their contrast: what is gone at a later look does not count.
    """
    found: list[str] = []
    for _ in range(ATTEMPTS):
        page.evaluate(_SOURCE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found = [
            f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:3]}"
            for one in result["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        if not found:
            break
        page.wait_for_timeout(2000)
    return found
