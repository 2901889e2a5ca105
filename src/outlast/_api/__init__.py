"""What users type: decorators, primitives, `App` and `Run`."""
