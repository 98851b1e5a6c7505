"""Texts of the pages: questions, glossary, papers and explanations."""
