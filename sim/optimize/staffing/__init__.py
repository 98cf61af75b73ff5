"""Staffing: how many, where and on which shift."""
