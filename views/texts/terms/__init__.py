"""Definitions of the terms on the pages, one module per theme of the glossary."""
