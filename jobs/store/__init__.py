"""The result store: one folder of checksummed files, keyed by job."""
