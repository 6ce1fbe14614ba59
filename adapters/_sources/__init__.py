"""Sources of digests: a module each, opened by `adapters.source`."""
