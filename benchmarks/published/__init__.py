"""Published results, computed again with the product's own networks, training and measurements."""
