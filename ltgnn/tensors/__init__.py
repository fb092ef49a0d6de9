"""Small tensor operations that several rooms share; torch only, no policy."""
