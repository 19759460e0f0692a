"""The pages of imports: of files, and of the sources they come from."""
