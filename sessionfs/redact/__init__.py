"""What is a secret, where it stands, and how it is taken out of a message.

`patterns` has the engine, `ruleset` the rules, `views` a text as a terminal shows it, `known` the
secrets of a session; `texts`, `values`, `records` and `messages` are what is done to a text, a JSON
value, a native record and a message, `lines` to native lines as they are read. Only `messages`
makes a `Redacted`, and only that can be written.
"""
