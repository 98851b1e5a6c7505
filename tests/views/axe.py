"""Accessibility checks of axe-core."""

from importlib import resources

from playwright.sync_api import Page

_SOURCE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()


def serious(page: Page) -> list[str]:
    """Return the serious and the critical violations on a page, each with its first elements."""
    page.evaluate(_SOURCE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:3]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]
