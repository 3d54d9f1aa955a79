"""Who may come in: keys and their rights, the tokens' claims, quotas, and the store of keys.

How a request carries its credentials is in `http.auth`.
"""

__all__ = ["key", "key_item", "key_store", "quota"]
