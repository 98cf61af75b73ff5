"""What happens: matters, drawn beforehand with every number they will need."""
