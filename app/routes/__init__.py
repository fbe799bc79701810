"""The routes, a noun a file: what is asked, and which part answers. They decide nothing themselves.

Every refusal has the body {"refusal": …}; `app.errors` writes it.
"""
