"""Container engines behind one protocol: Docker, and processes for rehearsals."""
