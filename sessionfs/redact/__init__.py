"""What is a secret, where it stands, and how it is taken out of a message.

`patterns` has the engine, `ruleset` the rules, `views` a text as a terminal shows it, `known` the
secrets of a session, `texts`, `values` and `messages` what is done to a text, a JSON value and a
message. Only `messages` makes a `Redacted`, and only that can be written.
"""
