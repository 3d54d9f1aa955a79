"""The docs site: the pages of docs/ made ready, the generator run, its output checked."""
