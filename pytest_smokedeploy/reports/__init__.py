"""Reports, made from the evidence alone: terminal, HTML, GitHub."""
