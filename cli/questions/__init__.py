"""The questions of the pages, one module each: which jobs answer them, and what their results say."""
