"""Networks that are evaluated at many points fast: parameters in one buffer, merged layers, exact batch norm."""
