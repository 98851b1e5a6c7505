"""The jobs that answer a question of a page or a command, as pure functions of the compared networks."""
