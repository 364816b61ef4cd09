"""A stand-in for the Anthropic Messages API that answers from a script, with every fault a client must survive.

It thinks nothing. Facts: docs.anthropic.com (Messages, streaming, errors).
"""
