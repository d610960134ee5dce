"""Files that are not run but type-checked, by `tests.test_typing`.

`right_*.py` is what users write: `assert_type` pins what a type checker makes of it. `wrong_*.py` is what a type
checker has to refuse: each refused line says so, and a line that is no longer refused is an error itself.
"""
