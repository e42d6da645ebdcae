"""Declarations: drafted, sent, answered by every adult, and settled anew when somebody joins or leaves."""
