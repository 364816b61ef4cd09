"""The other ends of drivers that have no place in the simulated home: one file a make, each with its server."""
