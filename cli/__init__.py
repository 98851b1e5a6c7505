"""The command line: the questions of the pages, answered in a terminal and in files."""
