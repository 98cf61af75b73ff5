"""What an outcome amounts to: KPIs, intervals, plots, storage."""
