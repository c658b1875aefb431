"""Looking at the suite that runs: `omnifil top`, and what `omnifil doctor` says about it."""
