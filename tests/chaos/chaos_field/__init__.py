"""The suite as the field of a play: raised in a shape, every link behind a proxy, and the faults that strike it."""
