"""One shard = one partition number of all input topics: order, state, commit, outcomes, turns."""
