"""Training runs: the training loop, its history, and published weights."""
