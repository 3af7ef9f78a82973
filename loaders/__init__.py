"""One folder per source: its card (source.toml), its loader and its committed data."""
