"""A process in the place of a container, for rehearsals alone."""
