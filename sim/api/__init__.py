"""The way in from Python: what `import sim` offers, and the command line calls."""
