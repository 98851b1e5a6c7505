"""Workers: the connection to a cluster, and what runs on each worker."""
