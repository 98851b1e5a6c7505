"""Texts of the pages: glossary, terms and explanations."""
