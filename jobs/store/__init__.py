"""The store: one folder of checksummed files, by the key of their job."""
