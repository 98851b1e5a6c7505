"""Links of docs/*.md as a reader of the site expects them.

Links to files outside docs/ lead to the pages that include these files, and links that have a file's name as their text
have the title of its page or section instead.
"""

import re

from sphinx.application import Sphinx

PAGES = {
    "../CHANGELOG.md": "project/changelog.md",
    "../CONTRIBUTING.md": "project/contributing.md",
    "../SECURITY.md": "project/security.md",
    "../views/analysis/published.md": "project/published.md",
}

NAMED = re.compile(r"\[[\w./-]+\.md\](?=\([\w./-]+\.md)")


def replace(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the links of a page."""
    for file, target in PAGES.items() if "/" not in page else ():
        source[0] = source[0].replace(f"]({file}", f"]({target}")
    source[0] = NAMED.sub("[]", source[0])


def setup(app: Sphinx) -> None:
    """Connect the replacement to the event of reading."""
    app.connect("source-read", replace)
