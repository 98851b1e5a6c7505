"""The directive `citation`: CITATION.cff as a BibTeX entry, and the papers that it refers to."""

from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FILE = Path(__file__).parent.parent.parent.parent / "CITATION.cff"


class Citation(SphinxDirective):
    """Show how to cite the product and the papers."""

    def run(self) -> list[nodes.Node]:
        """Return the entry and the list."""
        self.env.note_dependency(FILE)
        known = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        fields = {
            "author": " and ".join(f"{{{author['name']}}}" for author in known["authors"]),
            "title": f"{known['title']}: {known['abstract'].rstrip('.')}",
            "year": str(known["date-released"])[:4],
            "version": known["version"],
        }
        entry = ["@software{normscape,", *(f"  {name:<7} = {{{value}}}," for name, value in fields.items()), "}"]
        papers = [f"- {_authors(one)} ({one['year']}). [{one['title']}]({one['url']})" for one in known["references"]]
        section = nodes.section()
        section.document = self.state.document
        lines = ["```bibtex", *entry, "```", "", *papers, ""]
        self.state.nested_parse(StringList(lines, source=str(FILE)), 0, section)
        return section.children


def _authors(paper: dict[str, list[dict[str, str]]]) -> str:
    names = [author["family-names"] for author in paper["authors"]]
    return " and ".join([", ".join(names[:-1]), names[-1]])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("citation", Citation)
