"""What goes wrong in a test without failing it: one file per fault, one report per test."""
