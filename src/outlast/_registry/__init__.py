"""Which workflows and steps exist: names, signatures, sources, versions."""
