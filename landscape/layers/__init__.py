"""What single layers see: their inputs, outputs and back-propagated signals, and sums over patches of inputs."""
