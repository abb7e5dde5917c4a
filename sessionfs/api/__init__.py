"""The verbs of sessionfs as functions, by what they do; `import sessionfs` names them all."""
