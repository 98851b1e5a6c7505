"""The worker processes: the cluster, and what runs on each worker."""
