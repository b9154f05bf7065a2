"""The serving seam: who knows the versions, who moves the traffic, and one adapter per product."""
