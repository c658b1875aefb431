"""The whole suite on one machine, without a container engine: `omnifil up`."""
