"""Where did training go? Trajectories through the weights."""
