"""Where weights come from, as modules: one file a family."""
