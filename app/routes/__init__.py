"""The routes, a noun a file: what is asked, and which part answers. They decide nothing themselves.

Every refusal has the body {"refusal": …}; `app.http.errors` writes it.
"""
