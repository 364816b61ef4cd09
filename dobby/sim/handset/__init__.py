"""The residents' telephones with Twilio in between: its REST API, its webhooks, and what each phone received.

Facts: twilio.com/docs (Messages resource, webhook security, error dictionary).
"""
