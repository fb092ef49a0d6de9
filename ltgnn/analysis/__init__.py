"""How finished runs are compared: tables, tests, claims, Pareto fronts, reports."""
