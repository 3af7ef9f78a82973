"""Territories of France and the regional authorities, councils and CESER that go with them."""
