"""What sessionfs asks of git, by running it; everything works without git, only less well.

`running` starts git, `repository` asks where a repository is and what it hides.
"""
