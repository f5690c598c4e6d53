"""The pytest plug-in: hooks and fixtures, and what they delegate to. The only room that imports pytest."""
