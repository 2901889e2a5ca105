"""A coding agent in a chat: it makes small web apps in a sandbox, and loses nothing when its server is killed."""
