"""The file system: directories as trees, archives on disk, publishing that no crash can halve."""
