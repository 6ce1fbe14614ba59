"""What Paperwire costs, beside what the same work costs without it: `python -m benchmarks [--quick]`."""
