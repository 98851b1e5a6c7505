"""How it is used: pages, controls, addresses."""
