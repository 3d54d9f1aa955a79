"""Who is let in: credentials and signatures of a request are checked, refusals are answered in the API's own form.

What a key may do is in `access`.
"""

__all__ = ["guard"]
