"""The SimPy engine; see `engine.Simulation`."""
