"""The mathematics of generated modules: small torch functions, tested here, whose source text is copied when used.

A function uses torch, math, warnings and other functions of the library, nothing else.
"""
