"""The tables of faulty tests, a module per group of kinds; `tests.corpus.faulty` puts them together."""
