"""The compiled engine: the model as event handlers on flat arrays, equal to SimPy's to the bit."""
