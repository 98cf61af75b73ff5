"""The rules that both engines call."""
