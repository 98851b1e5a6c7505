"""Training of networks, and published weights."""
