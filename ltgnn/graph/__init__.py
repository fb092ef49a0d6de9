"""The user-item graph and its sparse kernels."""
