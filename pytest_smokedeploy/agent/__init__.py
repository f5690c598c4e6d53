"""The Deploy Agent: the one that holds the key to the container engine (DESIGN 4)."""
