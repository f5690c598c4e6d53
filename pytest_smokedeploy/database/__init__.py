"""Migration files, and what a database says of the migrations applied to it (PRE-5)."""
