"""A term of the glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """The meaning of a term on these pages."""

    definition: str
    number: str = ""  # of docs/science.md; empty if that page uses the term without defining it
    sources: tuple[str, ...] = ()  # names in papers.PAPERS
    formula: str = ""  # KaTeX
