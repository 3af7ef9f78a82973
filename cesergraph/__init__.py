"""What French regional assemblies say and decide, as linked data."""

__version__ = "0.1.0"
