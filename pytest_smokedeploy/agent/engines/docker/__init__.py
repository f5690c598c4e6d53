"""The Docker engine, through its own API."""
