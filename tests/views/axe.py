"""axe-core, the checks of what people with disabilities meet."""

from importlib import resources

from playwright.sync_api import Page

_SOURCE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()


def serious(page: Page) -> list[str]:
    """Return the serious and the critical violations on a page, each with the first places where it is."""
    page.evaluate(_SOURCE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:3]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
